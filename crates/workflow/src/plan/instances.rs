//! The instances that a matrix makes of a job.

use crate::expr::{EvalError, Object, Value};
use crate::matrix;
use crate::model::{Job, Strategy};
use crate::partial::{Known, Members, Scope, Text};
use crate::plan::MatrixPlan;
use crate::template::Template;

pub(super) type Combinations = (Vec<Option<Object>>, Option<MatrixPlan>);

/// The combinations of a matrix; a single `None` stands for those of one that is not known.
pub(super) fn combinations(
    strategy: Option<&Strategy>,
    contexts: &Members,
) -> Result<Combinations, String> {
    let Some(strategy) = strategy else {
        return Ok((vec![Some(Object::new())], None));
    };
    let scope = Scope::new(contexts);
    let known = evaluate(strategy, &scope).map_err(|error| error.to_string())?;
    let (matrix, fail_fast, max_parallel) = known;
    let mut plan = MatrixPlan {
        fail_fast,
        max_parallel,
        unknown: Vec::new(),
        place: strategy.place.clone(),
    };
    let Some(matrix) = matrix else {
        return Ok((vec![Some(Object::new())], None));
    };
    let Some(value) = matrix.value() else {
        plan.unknown = matrix.missing();
        return Ok((vec![None], Some(plan)));
    };
    let place = strategy
        .matrix
        .as_ref()
        .map_or(&strategy.place, |matrix| &matrix.place);
    let found = matrix::combine(&value, place).map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err(format!("{place}: the matrix makes no job"));
    }
    Ok((found.into_iter().map(Some).collect(), Some(plan)))
}

type Evaluated = (Option<Known>, Option<bool>, Option<Text>);

fn evaluate(strategy: &Strategy, scope: &Scope<'_>) -> Result<Evaluated, EvalError> {
    if let Some(whole) = &strategy.whole {
        let known = scope.template(whole)?;
        return Ok(match known.value() {
            Some(value) => {
                let matrix = value.get("matrix").cloned();
                let fail_fast = value
                    .get("fail-fast")
                    .map_or(Some(true), |v| Some(v.is_truthy()));
                let parallel = value.get("max-parallel").map(|v| plain(&v.to_text()));
                (matrix.map(Known::Value), fail_fast, parallel)
            }
            None => (Some(known), None, None),
        });
    }
    let fail_fast = match &strategy.fail_fast {
        Some(template) => flag(template, scope)?,
        None => Some(true),
    };
    let parallel = strategy.max_parallel.as_ref();
    let parallel = parallel.map(|template| scope.text(template)).transpose()?;
    let Some(matrix) = &strategy.matrix else {
        return Ok((None, fail_fast, parallel));
    };
    if let Some(whole) = &matrix.whole {
        return Ok((Some(scope.template(whole)?), fail_fast, parallel));
    }
    let mut members = Members::closed();
    for (axis, data) in &matrix.axes {
        members.set(&axis.value, scope.data(data)?);
    }
    for (key, data) in [("include", &matrix.include), ("exclude", &matrix.exclude)] {
        if let Some(data) = data {
            members.set(key, scope.data(data)?);
        }
    }
    Ok((Some(Known::Object(members)), fail_fast, parallel))
}

/// The `strategy` context.
pub(super) fn strategy(matrix: Option<&MatrixPlan>, index: usize, total: usize) -> Known {
    let number = |n: usize| Known::Value(Value::Number(n as f64));
    let known = matrix.is_none_or(|matrix| matrix.unknown.is_empty());
    let count = |n| if known { number(n) } else { Known::unknown() };
    let fail_fast = matrix.map_or(Some(true), |matrix| matrix.fail_fast);
    let parallel = match matrix.and_then(|matrix| matrix.max_parallel.as_ref()) {
        None => count(total),
        Some(text) => match text.known() {
            Some(text) => Known::Value(Value::Number(Value::from(text).to_number())),
            None => Known::unknown(),
        },
    };
    Known::Object(
        Members::closed()
            .with(
                "fail-fast",
                fail_fast.map_or_else(Known::unknown, Known::from),
            )
            .with("job-index", count(index))
            .with("job-total", count(total))
            .with("max-parallel", parallel),
    )
}

/// The name of an instance. GitHub adds the values of the matrix unless the name reads them itself.
pub(super) fn instance_name(
    job: &Job,
    combination: Option<&Object>,
    scope: &Scope<'_>,
) -> Result<Text, EvalError> {
    let own = job.name.as_ref().map(|name| scope.text(name)).transpose()?;
    let own = own.filter(|name| !name.shown.is_empty());
    let references = job
        .name
        .as_ref()
        .map(Template::references)
        .unwrap_or_default();
    let reads_matrix = own.is_some() && references.iter().any(|r| r.context == "matrix");
    let mut name = own.unwrap_or_else(|| plain(&job.id.value));
    if !reads_matrix {
        match combination {
            Some(combination) => name.shown.push_str(&matrix::name_suffix(combination)),
            None => {
                name.shown.push_str(" (${{ matrix }})");
                name.unknown.push("matrix".to_owned());
            }
        }
    }
    Ok(name)
}

pub(super) fn plain(text: &str) -> Text {
    Text {
        shown: text.to_owned(),
        unknown: Vec::new(),
    }
}

pub(super) fn join(before: &Text, mut after: Text) -> Text {
    after.shown.insert_str(0, &before.shown);
    for read in &before.unknown {
        if !after.unknown.contains(read) {
            after.unknown.push(read.clone());
        }
    }
    after
}

/// `true`, `false`, or `None` if it is not known.
pub(super) fn flag(template: &Template, scope: &Scope<'_>) -> Result<Option<bool>, EvalError> {
    Ok(scope.template(template)?.value().map(|value| match value {
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        value => value.is_truthy(),
    }))
}
