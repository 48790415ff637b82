//! `aws-actions/amazon-ecs-render-task-definition`: a task definition file with another image.

use std::path::{Path, PathBuf};

use lockkeeper_world::event::What;
use serde_json::Value;

use super::{Bench, Model, Progress};

struct Render;

pub(super) fn start() -> Box<dyn Model> {
    Box::new(Render)
}

impl Model for Render {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        let family = bench.input("task-definition-family").map(str::to_owned);
        if let (None, Some(family), None) =
            (bench.input("task-definition"), &family, bench.exit_code)
        {
            let read = "aws ecs describe-task-definition --task-definition \"$FAMILY\" --query taskDefinition > \"$TO\"";
            let to = bench.inside.join(described(bench)).display().to_string();
            return Progress::Run {
                argv: ["bash", "-euo", "pipefail", "-c", read]
                    .map(str::to_owned)
                    .to_vec(),
                env: vec![("FAMILY".into(), family.clone()), ("TO".into(), to)],
            };
        }
        if bench.exit_code.is_some_and(|code| code != 0) {
            let said = bench.printed.lines().last().unwrap_or_default();
            return Progress::Failed(format!("Failed to describe task definition in ECS: {said}"));
        }
        match render(bench) {
            Ok(()) => Progress::Done,
            Err(message) => Progress::Failed(message),
        }
    }
}

/// Where a task definition that ECS was asked for is kept.
fn described(bench: &Bench<'_>) -> String {
    format!("temp/task-definition-of-family-{}.json", bench.caller.step)
}

fn render(bench: &mut Bench<'_>) -> Result<(), String> {
    let wanted = |name: &str| {
        bench
            .input(name)
            .map(str::to_owned)
            .ok_or_else(|| format!("Input required and not supplied: {name}"))
    };
    let (container, image) = (wanted("container-name")?, wanted("image")?);
    let what = What::ContainerNamed {
        container: container.clone(),
        family: bench.input("task-definition-family").map(str::to_owned),
    };
    let now = bench.world.now();
    bench.world.log.push(now, Some(bench.caller), what);
    let (path, file) = match bench.input("task-definition") {
        Some(file) => (in_workspace(bench, file), file.to_owned()),
        None if bench.exit_code.is_some() => {
            (PathBuf::from(described(bench)), "the family's".to_owned())
        }
        None => {
            return Err(
                "Either task definition, task definition arn or family must be provided".into(),
            );
        }
    };
    let text = bench
        .files
        .read_to_string(&path)
        .map_err(|_| format!("Task definition file does not exist: {file}"))?;
    let mut definition =
        serde_json::from_str::<Value>(&text).map_err(|error| format!("{file}: {error}"))?;
    let containers = definition["containerDefinitions"].as_array_mut().ok_or("Invalid task definition format: containerDefinitions section is not present or is not an array")?;
    let found = containers
        .iter_mut()
        .find(|one| one["name"] == container.as_str());
    found.ok_or(
        "Invalid task definition: Could not find container definition with matching name",
    )?["image"] = Value::String(image);
    let name = format!("temp/task-definition-{}.json", bench.caller.step);
    let text = serde_json::to_string_pretty(&definition).map_err(|error| error.to_string())?;
    bench.files.remove_file(&name).ok();
    bench
        .files
        .write(&name, text)
        .map_err(|error| error.to_string())?;
    let shown = bench.inside.join(&name).display().to_string();
    bench
        .effects
        .outputs
        .insert("task-definition".into(), shown);
    for input in [
        "environment-variables",
        "secrets",
        "log-configuration-log-driver",
        "env-files",
        "task-definition-arn",
        "task-definition-revision",
    ] {
        if bench.input(input).is_some() {
            bench.not_modelled(format!(
                "the input `{input}` of amazon-ecs-render-task-definition: ignored"
            ));
        }
    }
    Ok(())
}

/// A file of an input: relative to the workspace, or absolute on the machine.
pub(super) fn in_workspace(bench: &Bench<'_>, file: &str) -> PathBuf {
    match Path::new(file).strip_prefix(bench.inside) {
        Ok(rest) => rest.to_owned(),
        Err(_) => bench.workspace.join(file),
    }
}
