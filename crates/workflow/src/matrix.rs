//! The jobs that a matrix makes
//! (<https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations>).

use crate::expr::{Context, EvalError, Object, Value};
use crate::model::{ComputedKey, Matrix, Strategy};
use crate::place::Place;

/// The most jobs that GitHub makes of one matrix.
pub const MAX_JOBS: usize = 256;

/// Why a matrix cannot be expanded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MatrixError {
    /// An expression of the matrix has no value.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A list of the matrix has nothing in it.
    #[error("{place}: Matrix vector '{axis}' does not contain any values")]
    EmptyAxis {
        /// The name of the list.
        axis: String,
        /// Where it stands.
        place: Place,
    },
    /// What an expression gave is no matrix.
    #[error("{place}: the matrix is {found}, not a mapping of sequences")]
    WrongShape {
        /// What there is.
        found: &'static str,
        /// Where it stands.
        place: Place,
    },
    /// More jobs than GitHub allows.
    #[error("{place}: the matrix makes {jobs} jobs, more than {MAX_JOBS}")]
    TooMany {
        /// How many jobs there would be.
        jobs: usize,
        /// Where it stands.
        place: Place,
    },
}

/// The `matrix` context of each job, in GitHub's order. Without a matrix there is one, empty.
pub fn expand(strategy: Option<&Strategy>, ctx: &dyn Context) -> Result<Vec<Object>, MatrixError> {
    let Some(strategy) = strategy else {
        return Ok(vec![Object::new()]);
    };
    if let Some(whole) = &strategy.whole {
        let value = whole.eval(ctx)?;
        let matrix = value.get("matrix").cloned().unwrap_or_default();
        return combine(&matrix, &strategy.place);
    }
    match &strategy.matrix {
        None => Ok(vec![Object::new()]),
        Some(matrix) => combine(&evaluate(matrix, ctx)?, &matrix.place),
    }
}

fn evaluate(matrix: &Matrix, ctx: &dyn Context) -> Result<Value, EvalError> {
    if let Some(whole) = &matrix.whole {
        return whole.eval(ctx);
    }
    let mut object = Object::new();
    for (key, data) in &matrix.axes {
        object.insert(key.value.clone(), data.eval(ctx)?);
    }
    for (key, data) in &matrix.computed {
        match key {
            ComputedKey::Name(name) => object.insert(name.eval_string(ctx)?, data.eval(ctx)?),
            ComputedKey::Insert(_) => {
                if let Value::Object(inserted) = data.eval(ctx)? {
                    for (key, value) in inserted.iter() {
                        object.insert(key, value.clone());
                    }
                }
            }
        }
    }
    for (key, data) in [("include", &matrix.include), ("exclude", &matrix.exclude)] {
        if let Some(data) = data {
            object.insert(key, data.eval(ctx)?);
        }
    }
    Ok(object.into())
}

/// The same for a matrix that is evaluated already.
pub(crate) fn combine(matrix: &Value, place: &Place) -> Result<Vec<Object>, MatrixError> {
    let wrong = |value: &Value| MatrixError::WrongShape {
        found: match value {
            Value::Array(_) => "a sequence",
            Value::Object(_) => "a mapping",
            _ => "a single value",
        },
        place: place.clone(),
    };
    let Value::Object(matrix) = matrix else {
        return Err(wrong(matrix));
    };
    let mut jobs = vec![Object::new()];
    let mut axes = Vec::new();
    for (axis, values) in matrix.iter() {
        if axis.eq_ignore_ascii_case("include") || axis.eq_ignore_ascii_case("exclude") {
            continue;
        }
        let Value::Array(values) = values else {
            return Err(wrong(values));
        };
        if values.is_empty() {
            return Err(MatrixError::EmptyAxis {
                axis: axis.to_owned(),
                place: place.clone(),
            });
        }
        axes.push(axis);
        let count = jobs.len() * values.len();
        // Excludes may bring the number down, but only so far that the bound stays a bound.
        if count > MAX_JOBS * 64 {
            return Err(MatrixError::TooMany {
                jobs: count,
                place: place.clone(),
            });
        }
        let mut next = Vec::with_capacity(count);
        for job in &jobs {
            for value in values.iter() {
                let mut job = job.clone();
                job.insert(axis, value.clone());
                next.push(job);
            }
        }
        jobs = next;
    }
    if axes.is_empty() {
        jobs.clear();
    }
    for rule in rules(matrix, "exclude", place)? {
        jobs.retain(|job| {
            rule.is_empty()
                || !rule
                    .iter()
                    .all(|(k, v)| job.get(k).is_some_and(|j| fits(j, v)))
        });
    }
    let originals = jobs.clone();
    for rule in rules(matrix, "include", place)? {
        let mut added = false;
        for (job, original) in jobs.iter_mut().zip(&originals) {
            let agrees = rule
                .iter()
                .all(|(k, v)| original.get(k).is_none_or(|o| same(o, v)));
            if agrees {
                added = true;
                for (key, value) in rule.iter() {
                    job.insert(key, value.clone());
                }
            }
        }
        if !added {
            jobs.push((*rule).clone());
        }
    }
    if jobs.len() > MAX_JOBS {
        return Err(MatrixError::TooMany {
            jobs: jobs.len(),
            place: place.clone(),
        });
    }
    Ok(jobs)
}

fn rules(
    matrix: &Object,
    key: &str,
    place: &Place,
) -> Result<Vec<std::sync::Arc<Object>>, MatrixError> {
    let wrong = |found| MatrixError::WrongShape {
        found,
        place: place.clone(),
    };
    match matrix.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::Object(o) => Ok(o.clone()),
                _ => Err(wrong("not made of mappings")),
            })
            .collect(),
        Some(_) => Err(wrong("a single value")),
    }
}

/// Whether a value is what a rule asks for; a mapping in the rule may leave keys out.
fn fits(value: &Value, rule: &Value) -> bool {
    match (value, rule) {
        (Value::Object(value), Value::Object(rule)) => rule
            .iter()
            .all(|(k, r)| value.get(k).is_some_and(|v| fits(v, r))),
        _ => same(value, rule),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
        }
        _ => a.equals(b),
    }
}

/// What GitHub puts behind the name of a job of a matrix: ` (ubuntu-24.04, 22)`; empty without one.
pub fn name_suffix(combination: &Object) -> String {
    let mut leaves = Vec::new();
    for (_, value) in combination.iter() {
        collect(value, &mut leaves);
    }
    if leaves.is_empty() {
        String::new()
    } else {
        format!(" ({})", leaves.join(", "))
    }
}

fn collect(value: &Value, leaves: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|v| collect(v, leaves)),
        Value::Object(o) => o.iter().for_each(|(_, v)| collect(v, leaves)),
        value => {
            let text = value.to_text();
            if !text.is_empty() {
                leaves.push(text);
            }
        }
    }
}
