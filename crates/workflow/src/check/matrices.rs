//! `strategy`
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idstrategymatrix>).

use std::collections::BTreeMap;

use super::{Check, Report, Subject};
use crate::expr::Value;
use crate::matrix::MAX_JOBS;
use crate::model::{Matrix, Strategy};
use crate::place::Place;
use crate::suggest;
use crate::template::{Data, Template};

const DUPLICATE: &str = "matrix-duplicate";
const EXCLUDE: &str = "matrix-exclude";
const MAX_PARALLEL: &str = "max-parallel";

pub(super) const CHECK: Check = Check {
    kinds: &[DUPLICATE, EXCLUDE, MAX_PARALLEL],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for job in subject.workflow.jobs.values() {
        let Some(strategy) = &job.strategy else {
            continue;
        };
        max_parallel(strategy, report);
        if let Some(matrix) = &strategy.matrix {
            duplicates(matrix, report);
            excluded(matrix, report);
        }
    }
}

fn max_parallel(strategy: &Strategy, report: &mut Report) {
    let Some(template) = &strategy.max_parallel else {
        return;
    };
    if let Some(Value::Number(number)) = template.literal()
        && (*number < 1.0 || number.fract() != 0.0)
    {
        report.error(
            MAX_PARALLEL,
            template.place(),
            format!("{number} jobs cannot run at once: a whole number from 1 on is wanted"),
            None,
        );
    }
}

fn duplicates(matrix: &Matrix, report: &mut Report) {
    for (axis, row) in &matrix.axes {
        let Data::Sequence(items, _) = row else {
            continue;
        };
        let mut seen: BTreeMap<String, &Place> = BTreeMap::new();
        for item in items.iter().filter(|i| is_literal(i)) {
            let place = item.place();
            let first = *seen.entry(print(item)).or_insert(place);
            if first != place {
                report.warning(
                    DUPLICATE,
                    place,
                    format!(
                        "{} stands in line {} of `{}` already: the same jobs run twice",
                        print(item),
                        first.line,
                        axis.value
                    ),
                    Some("leave one of them out".to_owned()),
                );
            }
        }
    }
}

/// The values that jobs may have for each axis, those of `include` too; `None` for an axis of which
/// some value is computed.
type Values<'w> = BTreeMap<String, Option<Vec<&'w Data>>>;

fn values(matrix: &Matrix) -> Option<Values<'_>> {
    let mut values = Values::new();
    for (axis, row) in &matrix.axes {
        let items = match row {
            Data::Sequence(items, _) => Some(items.iter().collect()),
            _ => None,
        };
        values.insert(axis.value.to_ascii_lowercase(), items);
    }
    match &matrix.include {
        None => {}
        Some(Data::Sequence(items, _)) => {
            for item in items {
                let Data::Mapping(entries, _) = item else {
                    return None;
                };
                for (axis, value) in entries {
                    let known = values.entry(axis.value.to_ascii_lowercase());
                    if let Some(known) = known.or_insert_with(|| Some(Vec::new())) {
                        known.push(value);
                    }
                }
            }
        }
        Some(_) => return None,
    }
    Some(values)
}

fn excluded(matrix: &Matrix, report: &mut Report) {
    let (Some(Data::Sequence(items, _)), Some(values)) = (&matrix.exclude, values(matrix)) else {
        return;
    };
    // A matrix of more jobs is refused anyway, and comparing takes time.
    let largest = values.values().flatten().map(Vec::len).max().unwrap_or(0);
    if largest > MAX_JOBS || items.len() > 4 * MAX_JOBS {
        return;
    }
    for item in items {
        let Data::Mapping(entries, _) = item else {
            continue;
        };
        for (axis, value) in entries {
            match values.get(&axis.value.to_ascii_lowercase()) {
                None => {
                    let known = values.keys().map(String::as_str);
                    report.warning(
                        EXCLUDE,
                        &axis.place,
                        format!(
                            "the matrix has no `{}`, so this excludes nothing",
                            axis.value
                        ),
                        suggest::did_you_mean(&axis.value, known),
                    );
                }
                Some(Some(known)) if !known.iter().any(|k| matches(value, k)) => {
                    let shown: Vec<String> = known.iter().take(8).map(|k| print(k)).collect();
                    report.warning(
                        EXCLUDE,
                        value.place(),
                        format!(
                            "no job has {} for `{}`, so this excludes nothing",
                            print(value),
                            axis.value
                        ),
                        Some(format!("there are {}", shown.join(", "))),
                    );
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether a value under `exclude` excludes a value: of a mapping, part is enough. What is computed
/// may match.
fn matches(filter: &Data, value: &Data) -> bool {
    match (filter, value) {
        (Data::Scalar(a), Data::Scalar(b)) => {
            is_computed(a) || is_computed(b) || a.source() == b.source()
        }
        (Data::Scalar(a), _) => is_computed(a),
        (_, Data::Scalar(b)) => is_computed(b),
        (Data::Sequence(a, _), Data::Sequence(b, _)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| matches(a, b))
        }
        (Data::Mapping(a, _), Data::Mapping(b, _)) => a.iter().all(|(name, a)| {
            let same = b.iter().find(|(other, _)| other.value == name.value);
            same.is_some_and(|(_, b)| matches(a, b))
        }),
        _ => false,
    }
}

fn is_computed(template: &Template) -> bool {
    template.expressions().next().is_some()
}

fn is_literal(data: &Data) -> bool {
    data.templates().into_iter().all(|t| !is_computed(t))
}

/// The value in YAML's flow style.
fn print(data: &Data) -> String {
    match data {
        Data::Scalar(template) => match template.literal() {
            Some(Value::String(_)) | None => format!("'{}'", template.source()),
            Some(other) => other.to_text(),
        },
        Data::Sequence(items, _) => {
            let items: Vec<String> = items.iter().map(print).collect();
            format!("[{}]", items.join(", "))
        }
        Data::Mapping(entries, _) => {
            let mut entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{}: {}", name.value, print(value)))
                .collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
