//! Writes what GitHub's own packages say of the workflow language: `crates/workflow/data/`.
//!
//! The sources are `@actions/workflow-parser` (the schemas of workflows and actions),
//! `@actions/expressions` (the functions) and `@actions/languageservice` (members of contexts,
//! payloads of events, labels of runners), in their newest versions. Descriptions are left out.
//! Where GitHub does other than its packages say is not written here but in `differences.json`
//! beside the tables, by hand and with the reason.

mod package;
mod schema;
mod webhooks;

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::process::Failure;
use crate::{Outcome, tree};
use package::Package;

const PARSER: &str = "@actions/workflow-parser";
const EXPRESSIONS: &str = "@actions/expressions";
const SERVICE: &str = "@actions/languageservice";

/// How many differences a warning lists.
const SHOWN: usize = 20;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Compare with the newest packages and warn, write nothing, and fail never
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let folder = tree::root().join("crates/workflow/data");
    let (language, webhooks, licence) = match read() {
        Ok(tables) => tables,
        Err(failure) if arguments.check => {
            println!(
                "warning: the tables of the workflow language were not compared, GitHub's packages \
                 cannot be read: {failure}"
            );
            return Ok(Outcome::Well);
        }
        Err(failure) => return Err(failure),
    };
    let files = [
        ("language.json", lines(&language, 2)),
        ("webhooks.json", lines(&webhooks, 1)),
        ("LICENSE-actions", licence),
    ];
    if arguments.check {
        check(&folder, &language, &webhooks)?;
        return Ok(Outcome::Well);
    }
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    for (name, text) in files {
        let path = folder.join(name);
        let fresh = folder.join(format!("{name}.new"));
        fs::write(&fresh, text).map_err(Failure::file(&fresh))?;
        fs::rename(&fresh, &path).map_err(Failure::file(&path))?;
    }
    for package in language["packages"].as_array().into_iter().flatten() {
        println!("{}", said(package));
    }
    Ok(Outcome::Well)
}

/// Both tables and the licence of what they are made from.
fn read() -> Result<(Value, Value, String), Failure> {
    let scratch = tempfile::tempdir().map_err(Failure::file(Path::new("a temporary directory")))?;
    let fetch = |name| Package::fetch(name, scratch.path());
    let (parser, expressions, service) = (fetch(PARSER)?, fetch(EXPRESSIONS)?, fetch(SERVICE)?);
    let packages = [&parser, &expressions, &service].map(Package::described);

    let workflow = schema::Schema::read(&parser.json("dist/workflow-v1.0.min.json")?)?;
    let action = schema::Schema::read(&parser.json("dist/action-v1.0.min.json")?)?;
    let descriptions = service.json("dist/context-providers/descriptions.min.json")?;
    let labels = service.text("dist/value-providers/default.js")?;
    let language = json!({
        "packages": packages,
        "places": { "workflow": workflow.places(), "action": action.places() },
        "keys": { "workflow": workflow.keys(), "action": action.keys() },
        "values": { "workflow": workflow.values(), "action": action.values() },
        "events": workflow.events()?,
        "permissions": workflow.permissions()?,
        "functions": functions(&expressions)?,
        "contexts": contexts(&descriptions),
        "runner_labels": strings_of_array(&labels, "DEFAULT_RUNNER_LABELS")?,
    });
    let events = "dist/context-providers/events";
    let webhooks = webhooks::table(
        &service.json(&format!("{events}/webhooks.min.json"))?,
        &service.json(&format!("{events}/objects.min.json"))?,
        &[
            (
                "schedule",
                service.json(&format!("{events}/schedule.min.json"))?,
            ),
            (
                "workflow_call",
                service.json(&format!("{events}/workflow_call.min.json"))?,
            ),
        ],
    )?;
    let webhooks = json!({
        "package": service.described(),
        "shapes": webhooks.shapes,
        "events": webhooks.events,
    });
    let licence = format!(
        "language.json and webhooks.json are made from {PARSER}, {EXPRESSIONS} and\n{SERVICE} \
         (https://github.com/actions/languageservices), under this licence:\n\n{}",
        service.text("LICENSE")?.trim_start()
    );
    Ok((language, webhooks, licence))
}

/// Members of contexts, by the names of the contexts; empty where a workflow decides them.
fn contexts(descriptions: &Value) -> Value {
    let names = descriptions["root"].as_object().into_iter().flatten();
    let members = |context: &str| -> Vec<Value> {
        let known = descriptions[context].as_object().into_iter().flatten();
        known.map(|(name, _)| name.as_str().into()).collect()
    };
    let contexts: Map<String, Value> = names
        .map(|(name, _)| (name.clone(), members(name).into()))
        .collect();
    contexts.into()
}

/// The functions of every expression with how many arguments they take.
fn functions(package: &Package) -> Result<Value, Failure> {
    let mut found = Map::new();
    for (file, text) in package.texts("dist/funcs", ".js")? {
        let field = |name: &str| -> Option<String> {
            let rest = &text[text.find(&format!("    {name}: "))? + name.len() + 6..];
            let end = rest.find([',', '\n', ' '])?;
            Some(rest[..end].trim_matches('"').to_owned())
        };
        let Some(name) = field("name") else { continue };
        let number = |field: Option<String>| match field.as_deref() {
            Some("Number.MAX_SAFE_INTEGER") => Ok(Value::Null),
            Some(digits) if digits.parse::<u32>().is_ok() => Ok(json!(digits.parse::<u32>().ok())),
            other => Err(Failure::Setup(format!(
                "{file}: {name} takes {other:?} arguments"
            ))),
        };
        let limits = [number(field("minArgs"))?, number(field("maxArgs"))?];
        found.insert(name, limits.to_vec().into());
    }
    if found.is_empty() {
        return Err(Failure::Setup("no functions were found".to_owned()));
    }
    found.sort_keys();
    Ok(found.into())
}

/// The strings of `export const NAME = [ … ]`.
fn strings_of_array(text: &str, name: &str) -> Result<Value, Failure> {
    let missing = || Failure::Setup(format!("{name} was not found"));
    let start = text
        .find(&format!("export const {name} = ["))
        .ok_or_else(missing)?;
    let body = &text[start..];
    let body = &body[body.find('[').ok_or_else(missing)?..];
    let body = &body[..body.find(']').ok_or_else(missing)? + 1];
    serde_json::from_str(body).map_err(|error| Failure::Setup(format!("{name}: {error}")))
}

/// Says what the newest packages would change.
fn check(folder: &Path, language: &Value, webhooks: &Value) -> Result<(), Failure> {
    let mut changes = Vec::new();
    for (name, fresh) in [("language.json", language), ("webhooks.json", webhooks)] {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
        let kept: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::Setup(format!("{}: {error}", path.display())))?;
        if name == "language.json" {
            let sides = [&kept, fresh].map(|table| {
                let packages = table["packages"].as_array().into_iter().flatten();
                packages.map(said).collect::<Vec<_>>()
            });
            if sides[0] == sides[1] {
                println!(
                    "the tables are from the newest packages: {}",
                    sides[0].join(", ")
                );
            } else {
                println!(
                    "warning: the tables of the workflow language are from {}; the newest are {}",
                    sides[0].join(", "),
                    sides[1].join(", ")
                );
            }
        }
        compare(name.trim_end_matches(".json"), &kept, fresh, &mut changes);
    }
    changes.retain(|change| !change.contains(".package"));
    for change in changes.iter().take(SHOWN) {
        println!("warning: {change}");
    }
    if changes.len() > SHOWN {
        println!("warning: {} more differences", changes.len() - SHOWN);
    }
    if !changes.is_empty() {
        println!("warning: `cargo xtask language-tables` writes the tables anew");
    }
    Ok(())
}

fn compare(path: &str, kept: &Value, fresh: &Value, changes: &mut Vec<String>) {
    match (kept, fresh) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                match b.get(key) {
                    Some(other) => compare(&format!("{path}.{key}"), value, other, changes),
                    None => changes.push(format!("{path}.{key} is gone")),
                }
            }
            for key in b.keys().filter(|key| !a.contains_key(*key)) {
                changes.push(format!("{path}.{key} is new"));
            }
        }
        (Value::Array(a), Value::Array(b)) if a != b => {
            for value in a.iter().filter(|value| !b.contains(value)) {
                changes.push(format!("{path} has no {value} any more"));
            }
            for value in b.iter().filter(|value| !a.contains(value)) {
                changes.push(format!("{path} has {value} now"));
            }
        }
        (a, b) if a != b => changes.push(format!("{path} is {b}, not {a}")),
        _ => {}
    }
}

fn said(package: &Value) -> String {
    let part = |key: &str| package[key].as_str().unwrap_or("?").to_owned();
    format!(
        "{} {} ({})",
        part("name"),
        part("version"),
        part("published")
    )
}

/// JSON with one line for each entry of the first levels, so that a change can be read.
fn lines(value: &Value, levels: usize) -> String {
    let mut out = String::new();
    write(value, levels + 1, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, levels: usize, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent + 1);
    let (open, close, count) = match value {
        Value::Object(entries) => ('{', '}', entries.len()),
        Value::Array(items) => ('[', ']', items.len()),
        _ => (' ', ' ', 0),
    };
    let plain = match value {
        Value::Array(items) => items.iter().all(|i| !i.is_object() && !i.is_string()),
        _ => false,
    };
    let short = matches!(value, Value::Array(_)) && value.to_string().len() < 100;
    if levels == 0 || count == 0 || plain || short {
        out.push_str(&value.to_string());
        return;
    }
    out.push(open);
    out.push('\n');
    let mut first = true;
    let mut entry = |key: Option<&str>, value: &Value, out: &mut String| {
        if !std::mem::take(&mut first) {
            out.push_str(",\n");
        }
        out.push_str(&margin);
        if let Some(key) = key {
            out.push_str(&format!("{}: ", Value::from(key)));
        }
        write(value, levels - 1, indent + 1, out);
    };
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                entry(Some(key), value, out);
            }
        }
        Value::Array(items) => {
            for value in items {
                entry(None, value, out);
            }
        }
        _ => {}
    }
    out.push('\n');
    out.push_str(&margin[1..]);
    out.push(close);
}
