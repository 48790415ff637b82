//! `--jq` and `--json`.

use std::sync::mpsc;
use std::time::Duration;

use jaq_json::Val;
use serde_json::{Map, Value};

use super::super::Desk;
use super::super::jq::{Happening, Layout, Surroundings, compile, json, values};

/// Programs can go deep.
const STACK: usize = 256 << 20;
/// A program that runs longer than this, in real time, runs for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// Filters `value`; an error is what gh prints.
pub(super) fn jq(desk: &Desk<'_>, filter: &str, value: &Value) -> Result<String, String> {
    let surroundings = Surroundings {
        env: desk.call.env.clone(),
        now: desk.world.now().millis() as f64 / 1000.0,
    };
    let (filter, input) = (filter.to_owned(), value.to_string());
    let (sender, receiver) = mpsc::channel();
    // On a thread of its own: whatever a step asks for must not take the controller with it.
    let worker = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let result = run(&surroundings, &filter, &input);
            // Nobody listens any more when it took too long.
            sender.send(result).ok();
        });
    match worker {
        Ok(_) => receiver
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| Err("jq: the expression does not come to an end".to_owned())),
        Err(error) => Err(format!("jq: {error}")),
    }
}

fn run(surroundings: &Surroundings, filter: &str, input: &str) -> Result<String, String> {
    let program = compile(filter, Vec::new())
        .map_err(|text| format!("failed to parse jq expression: {}", text.trim_end()))?;
    let (mut out, mut error) = (String::new(), None);
    let inputs = values(input.as_bytes());
    program.run(surroundings, inputs.into_iter(), false, |happening| {
        let text = match happening {
            Happening::Output(value) => shown(&value),
            Happening::Printed(_) => return true,
            Happening::Stopped(stop) => Err(stop.message()),
        };
        match text {
            Ok(text) => {
                out.push_str(&text);
                out.push('\n');
            }
            Err(text) => error = Some(text),
        }
        error.is_none()
    });
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
