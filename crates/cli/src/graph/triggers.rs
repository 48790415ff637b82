//! What starts a workflow, in words.

use lockkeeper_workflow::{Filter, Filters, Spanned, Workflow};

/// One line for each event under `on`.
pub(super) fn lines(workflow: &Workflow) -> Vec<String> {
    let on = &workflow.on;
    let mut lines = Vec::new();
    let based = [
        ("push", &on.push),
        ("pull_request", &on.pull_request),
        ("pull_request_target", &on.pull_request_target),
        ("merge_group", &on.merge_group),
    ];
    for (name, filters) in based {
        if let Some(filters) = filters {
            lines.push(with(name, filtered(filters)));
        }
    }
    if let Some(dispatch) = &on.workflow_dispatch {
        let inputs = dispatch
            .inputs
            .iter()
            .map(|(name, input)| match input.required {
                true => format!("{name} (required)"),
                false => name.clone(),
            });
        lines.push(with(
            "workflow_dispatch",
            listed("inputs", inputs.collect()),
        ));
    }
    if let Some(call) = &on.workflow_call {
        let inputs = call
            .inputs
            .iter()
            .map(|(name, input)| match input.required {
                true => format!("{name} (required)"),
                false => name.clone(),
            });
        lines.push(with("workflow_call", listed("inputs", inputs.collect())));
    }
    if let Some(run) = &on.workflow_run {
        let mut parts = listed("of", values(&run.workflows));
        parts.extend(listed("types", values(&run.types)));
        parts.extend(filter("branches", run.branches.as_ref()));
        lines.push(with("workflow_run", parts));
    }
    for entry in &on.schedule {
        let zone = entry
            .timezone
            .as_ref()
            .map(|zone| format!(" {}", zone.value));
        let zone = zone.unwrap_or_default();
        lines.push(format!("schedule: {}{zone}", entry.cron.value));
    }
    for other in &on.other {
        lines.push(with(
            &other.name.value,
            listed("types", values(&other.types)),
        ));
    }
    lines
}

fn with(name: &str, parts: Vec<String>) -> String {
    if parts.is_empty() {
        name.to_owned()
    } else {
        format!("{name}: {}", parts.join("; "))
    }
}

fn filtered(filters: &Filters) -> Vec<String> {
    let mut parts = listed("types", values(&filters.types));
    parts.extend(filter("branches", filters.branches.as_ref()));
    parts.extend(filter("tags", filters.tags.as_ref()));
    parts.extend(filter("paths", filters.paths.as_ref()));
    parts
}

fn filter(key: &str, filter: Option<&Filter>) -> Vec<String> {
    match filter {
        None => Vec::new(),
        Some(Filter::Include(patterns)) => listed(key, values(patterns)),
        Some(Filter::Ignore(patterns)) => listed(&format!("{key}-ignore"), values(patterns)),
    }
}

fn listed(key: &str, values: Vec<String>) -> Vec<String> {
    match values.is_empty() {
        true => Vec::new(),
        false => vec![format!("{key} {}", values.join(", "))],
    }
}

fn values(all: &[Spanned<String>]) -> Vec<String> {
    all.iter().map(|one| one.value.clone()).collect()
}
