//! Reusable workflows and actions of the repository's own.

use lockkeeper_workflow as wf;

use super::{Site, StandIn, inside};
use crate::strangers::WORKFLOWS;

/// The workflow that a job calls: it takes what it is given.
pub(super) fn workflow(site: Site<'_>, wanted: &mut Vec<StandIn>) {
    let Some(call) = &site.job.call else { return };
    let uses = call.uses.value.as_str();
    let local = uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/"));
    let Some(path) = local
        .and_then(inside)
        .filter(|path| path.starts_with(WORKFLOWS))
    else {
        return;
    };
    let mut text = String::from("on:\n  workflow_call:\n");
    list(&mut text, "inputs", &call.with, "{ type: string }");
    if let wf::CallSecrets::Given(secrets) = &call.secrets {
        list(&mut text, "secrets", secrets, "{ required: false }");
    }
    text.push_str(
        "jobs:\n  stand-in:\n    runs-on: ubuntu-latest\n    steps:\n      - run: 'true'\n",
    );
    wanted.push(StandIn {
        path,
        executable: false,
        contents: text,
        what: "a workflow that succeeds stands in for it, without outputs".into(),
    });
}

fn list(text: &mut String, key: &str, pairs: &wf::Pairs, value: &str) {
    let names = pairs.iter().map(|(name, _)| name.value.as_str());
    let names: Vec<&str> = names
        .filter(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
        .collect();
    if names.is_empty() {
        return;
    }
    text.push_str(&format!("    {key}:\n"));
    for name in names {
        text.push_str(&format!("      {name}: {value}\n"));
    }
}

/// The action of a step: it does nothing.
pub(super) fn action(step: &wf::Step, wanted: &mut Vec<StandIn>) {
    let wf::StepKind::Uses { action, .. } = &step.kind else {
        return;
    };
    let (wf::ActionRef::Local(path) | wf::ActionRef::SelfRepository(path)) = &action.value else {
        return;
    };
    let Some(path) = inside(path.trim_start_matches('/')) else {
        return;
    };
    let path = match path.as_str() {
        "" => "action.yml".to_owned(),
        path => format!("{path}/action.yml"),
    };
    wanted.push(StandIn {
        path,
        executable: false,
        contents: "name: stand-in\ndescription: does nothing\nruns:\n  using: composite\n  steps:\n    - run: 'true'\n      shell: bash\n".into(),
        what: "an action that succeeds stands in for it, without outputs".into(),
    });
}
