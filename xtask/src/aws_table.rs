//! Writes what the modelled `aws` knows of AWS's APIs: `crates/rehearsal/data/aws-*.json`.
//!
//! The source is botocore from PyPI, at one version, so that a change of the tables is a change
//! of [`VERSION`]. Documentation, examples and endpoints are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::process::{Failure, output, step, text};
use crate::{Outcome, tree};

/// The botocore release of the same days as the AWS CLI on GitHub's `ubuntu-24.04` image.
const VERSION: &str = "1.44.8";

/// The services that the world answers for, with the names that the tables go by.
const SERVICES: &[&str] = &["ecr", "ecs", "elbv2", "sts"];

/// Commands of AWS CLI version 2 that are no services of botocore, or are named unlike them.
const OTHER_COMMANDS: &[&str] = &[
    "cli-dev",
    "configservice",
    "configure",
    "ddb",
    "deploy",
    "help",
    "history",
    "login",
    "logout",
    "s3api",
    "sso",
];

/// botocore's names that the command line renames.
const RENAMED: &[&str] = &["codedeploy", "config", "sdb", "importexport"];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where an unpacked botocore of the right version lies already
    #[arg(long)]
    botocore: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let scratch = tempfile::tempdir().map_err(Failure::file(Path::new("a temporary directory")))?;
    let package = match &arguments.botocore {
        Some(given) => given.clone(),
        None => {
            step(
                Command::new("python3")
                    .args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
                    .arg(scratch.path())
                    .arg(format!("botocore=={VERSION}")),
            )?;
            scratch.path().join("botocore")
        }
    };
    let data = package.join("data");
    let target = tree::root().join("crates/rehearsal/data");
    for service in SERVICES {
        let table = table(&data.join(service))?;
        write(&target.join(format!("aws-{service}.json")), &table)?;
    }
    write(&target.join("aws-commands.json"), &commands(&data)?)?;
    Ok(Outcome::Well)
}

fn commands(data: &Path) -> Result<Value, Failure> {
    let mut names: BTreeSet<String> = OTHER_COMMANDS.iter().map(|n| (*n).to_owned()).collect();
    for entry in fs::read_dir(data).map_err(Failure::file(data))? {
        let entry = entry.map_err(Failure::file(data))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !RENAMED.contains(&name.as_str()) {
            names.insert(name);
        }
    }
    Ok(json!({ "source": format!("botocore {VERSION}"), "commands": names }))
}

/// One service's table, from the newest version of its API.
fn table(service: &Path) -> Result<Value, Failure> {
    let mut versions: Vec<PathBuf> = fs::read_dir(service)
        .map_err(Failure::file(service))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    versions.sort();
    let api = versions
        .pop()
        .ok_or_else(|| Failure::Setup(format!("{} holds no API version", service.display())))?;
    let model = read(&api.join("service-2.json.gz"))?;
    let shapes = model["shapes"].as_object().cloned().unwrap_or_default();
    let mut operations = Map::new();
    let mut used = BTreeSet::new();
    for (name, operation) in model["operations"].as_object().into_iter().flatten() {
        let mut entry = Map::new();
        for side in ["input", "output"] {
            if let Some(shape) = operation[side]["shape"].as_str() {
                reach(shape, &shapes, &mut used);
                entry.insert(side.to_owned(), shape.into());
            }
        }
        if operation["authtype"] == "none" {
            entry.insert("unsigned".to_owned(), true.into());
        }
        operations.insert(name.clone(), entry.into());
    }
    let shapes: BTreeMap<&String, Value> = shapes
        .iter()
        .filter(|(name, _)| used.contains(*name))
        .map(|(name, shape)| (name, compact(shape)))
        .collect();
    let optional = |file: &str, key: &str| -> Result<Value, Failure> {
        let path = api.join(file);
        if !path.exists() {
            return Ok(json!({}));
        }
        Ok(read(&path)?[key].clone())
    };
    Ok(json!({
        "source": format!("botocore {VERSION}"),
        "endpoint_prefix": model["metadata"]["endpointPrefix"],
        "operations": operations,
        "shapes": shapes,
        "waiters": waiters(optional("waiters-2.json", "waiters")?),
        "paginators": optional("paginators-1.json", "pagination")?,
    }))
}

fn waiters(mut waiters: Value) -> Value {
    for waiter in waiters
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        if let Some(waiter) = waiter.as_object_mut() {
            waiter.remove("description");
        }
    }
    waiters
}

fn reach(name: &str, shapes: &Map<String, Value>, used: &mut BTreeSet<String>) {
    if !used.insert(name.to_owned()) {
        return;
    }
    let Some(shape) = shapes.get(name) else {
        return;
    };
    let members = shape["members"]
        .as_object()
        .into_iter()
        .flat_map(Map::values);
    for part in members.chain([&shape["member"], &shape["key"], &shape["value"]]) {
        if let Some(inner) = part["shape"].as_str() {
            reach(inner, shapes, used);
        }
    }
}

/// What is kept of a shape: its type, its parts, and what a client checks.
fn compact(shape: &Value) -> Value {
    let mut kept = Map::new();
    kept.insert("type".to_owned(), shape["type"].clone());
    if let Some(members) = shape["members"].as_object() {
        let mut parts = Map::new();
        let mut tokens = Vec::new();
        for (name, member) in members {
            parts.insert(name.clone(), member["shape"].clone());
            if member["idempotencyToken"] == true {
                tokens.push(Value::from(name.as_str()));
            }
        }
        kept.insert("members".to_owned(), parts.into());
        if !tokens.is_empty() {
            kept.insert("tokens".to_owned(), tokens.into());
        }
    }
    for part in ["member", "key", "value"] {
        if let Some(inner) = shape[part].get("shape") {
            kept.insert(part.to_owned(), inner.clone());
        }
    }
    for check in ["required", "min", "union", "document"] {
        match shape.get(check) {
            Some(Value::Array(list)) if list.is_empty() => {}
            Some(value) => {
                kept.insert(check.to_owned(), value.clone());
            }
            None => {}
        }
    }
    kept.into()
}

fn read(path: &Path) -> Result<Value, Failure> {
    let bytes = if path.extension().is_some_and(|ext| ext == "gz") {
        let unpacked = output(Command::new("gzip").arg("-dc").arg(path))?;
        if !unpacked.status.success() {
            return Err(Failure::Setup(text(&unpacked)));
        }
        unpacked.stdout
    } else {
        fs::read(path).map_err(Failure::file(path))?
    };
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::Setup(format!("{}: {error}", path.display())))
}

/// One line an operation or shape, so that a change can be read.
fn write(path: &Path, table: &Value) -> Result<(), Failure> {
    let mut out = String::from("{\n");
    let fields: Vec<_> = table.as_object().into_iter().flatten().collect();
    for (at, (name, value)) in fields.iter().enumerate() {
        let comma = if at + 1 < fields.len() { "," } else { "" };
        let name = Value::from(name.as_str());
        match value.as_object().filter(|entries| !entries.is_empty()) {
            Some(entries) => {
                let lines: Vec<String> = entries
                    .iter()
                    .map(|(key, entry)| format!("  {}: {entry}", Value::from(key.as_str())))
                    .collect();
                out.push_str(&format!(" {name}: {{\n{}\n }}{comma}\n", lines.join(",\n")));
            }
            None => out.push_str(&format!(" {name}: {value}{comma}\n")),
        }
    }
    out.push_str("}\n");
    let fresh = path.with_extension("json.new");
    fs::write(&fresh, out).map_err(Failure::file(&fresh))?;
    fs::rename(&fresh, path).map_err(Failure::file(path))
}
