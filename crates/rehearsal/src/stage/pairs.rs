//! Mappings of templates, such as `env` and `with`, evaluated.

use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::{Context, EvalError, Value};

/// Names and values in the order of the file; later ones win.
pub(super) fn evaluate(
    pairs: &wf::Pairs,
    context: &dyn Context,
) -> Result<Vec<(String, String)>, EvalError> {
    let mut found = Vec::new();
    if let Some(whole) = &pairs.whole {
        insert(&whole.eval(context)?, &mut found);
    }
    for (name, template) in pairs {
        found.push((name.value.clone(), template.eval_string(context)?));
    }
    for (key, template) in &pairs.computed {
        match key {
            wf::ComputedKey::Name(name) => {
                let name = name.eval_string(context)?;
                found.push((name, template.eval_string(context)?));
            }
            wf::ComputedKey::Insert(_) => insert(&template.eval(context)?, &mut found),
        }
    }
    Ok(found)
}

fn insert(value: &Value, found: &mut Vec<(String, String)>) {
    if let Value::Object(object) = value {
        found.extend(
            object
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_text())),
        );
    }
}
