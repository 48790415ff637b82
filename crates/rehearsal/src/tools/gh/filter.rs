//! `--jq` and `--json`.

use jaq_json::Val;
use serde_json::{Map, Value};

use super::super::Desk;
use super::super::jq::{Happening, Layout, Surroundings, compile, json, values};

/// Filters `value`; an error is what gh prints.
pub(super) fn jq(desk: &Desk<'_>, filter: &str, value: &Value) -> Result<String, String> {
    let program = compile(filter, Vec::new())
        .map_err(|text| format!("failed to parse jq expression: {}", text.trim_end()))?;
    let surroundings = Surroundings {
        env: desk.call.env.clone(),
        now: desk.world.now().millis() as f64 / 1000.0,
    };
    let (mut out, mut error) = (String::new(), None);
    let inputs = values(value.to_string().as_bytes());
    program.run(
        &surroundings,
        inputs.into_iter(),
        false,
        |happening| match happening {
            Happening::Output(value) => match shown(&value) {
                Ok(text) => {
                    out.push_str(&text);
                    out.push('\n');
                    true
                }
                Err(text) => {
                    error = Some(text);
                    false
                }
            },
            Happening::Printed(_) => true,
            Happening::Stopped(stop) => {
                error = Some(stop.message());
                false
            }
        },
    );
    match error {
        None => Ok(out),
        Some(error) => Err(format!("jq: {error}")),
    }
}

/// Scalars as they are (fractions with two digits), the rest as JSON on one line.
fn shown(value: &Val) -> Result<String, String> {
    let text = json(value, &Layout::COMPACT)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(match value {
        Val::Null => String::new(),
        Val::TStr(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Val::Num(_) => match text.parse::<f64>() {
            Ok(number) if number.fract() != 0.0 => format!("{number:.2}"),
            _ => text,
        },
        _ => text,
    })
}

/// The fields that `--json` asks for; an error names one that there is not.
pub(super) fn pick(fields: &str, known: &[(&str, Value)]) -> Result<Value, String> {
    let mut picked = Map::new();
    for field in fields.split(',').map(str::trim) {
        let Some((name, value)) = known.iter().find(|(name, _)| *name == field) else {
            let names: Vec<String> = known.iter().map(|(name, _)| format!("  {name}")).collect();
            return Err(format!(
                "Unknown JSON field: \"{field}\"\nAvailable fields:\n{}\n",
                names.join("\n")
            ));
        };
        picked.insert((*name).to_owned(), value.clone());
    }
    picked.sort_keys();
    Ok(Value::Object(picked))
}
