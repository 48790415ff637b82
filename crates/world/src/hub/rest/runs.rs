//! Workflow runs and their jobs.

use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub, bot, repository};
use crate::hub::runs::conclusion_text;
use crate::hub::{Commit, Job, Run, RunFilter, RunStatus};

/// A commit as runs carry it, which is not as commits are shown.
fn head_commit(commit: &Commit) -> Value {
    json!({
        "id": commit.sha.as_str(),
        "message": commit.message,
        "author": { "name": commit.author.as_str() },
        "committer": { "name": commit.author.as_str() },
    })
}

pub(super) fn shown(hub: &Hub, run: &Run) -> Value {
    let id = run.id;
    let api = |tail: &str| hub.api_url(&format!("/actions/runs/{id}{tail}"));
    let commit = hub.commit(&run.head_sha);
    let title = match (&run.title, run.trigger.as_str()) {
        (Some(title), _) => title.as_str(),
        (None, "workflow_dispatch" | "schedule") => &run.name,
        (None, _) => commit.map_or("", |commit| commit.message.lines().next().unwrap_or("")),
    };
    let fork = run
        .pull
        .and_then(|pull| hub.pull(pull))
        .filter(|pull| pull.fork);
    let head_repository = match fork {
        Some(pull) => json!({
            "name": hub.spec.name(),
            "full_name": format!("{}/{}", pull.author, hub.spec.name()),
            "owner": hub.user(&pull.author),
            "fork": true,
        }),
        None => repository::summary(hub),
    };
    let pulls: Vec<Value> = run
        .pull
        .iter()
        .map(|pull| json!({ "number": pull.0 }))
        .collect();
    json!({
        "id": id.0,
        "name": run.name,
        "display_title": title,
        "path": format!(".github/workflows/{}", run.workflow),
        "workflow_id": hub.workflow_id(&run.workflow),
        "run_number": run.number,
        "run_attempt": run.attempt,
        "event": run.trigger,
        "status": run.status.as_str(),
        "conclusion": run.conclusion.map(conclusion_text),
        "head_branch": hub.head_branch(run),
        "head_sha": run.head_sha.as_str(),
        "head_commit": commit.map(head_commit),
        "actor": hub.user(&run.actor),
        "triggering_actor": hub.user(&run.triggering_actor),
        "pull_requests": pulls,
        "created_at": run.created_at.rfc3339(),
        "updated_at": run.updated_at.rfc3339(),
        "run_started_at": run.started_at.rfc3339(),
        "url": api(""),
        "html_url": hub.html_url(&format!("/actions/runs/{id}")),
        "jobs_url": api("/jobs"),
        "logs_url": api("/logs"),
        "cancel_url": api("/cancel"),
        "rerun_url": api("/rerun"),
        "artifacts_url": api("/artifacts"),
        "workflow_url": hub.api_url(&format!("/actions/workflows/{}", run.workflow)),
        "repository": repository::summary(hub),
        "head_repository": head_repository,
    })
}

fn filtered(hub: &mut Hub, call: &mut Call<'_>, filter: RunFilter) -> Result<Answer, Failure> {
    for name in ["created", "check_suite_id"] {
        if call.query.contains_key(name) {
            call.not_modelled(format!(
                "GitHub API {}: filter {name} is ignored",
                call.path
            ));
        }
    }
    let asked = |name: &str| {
        call.query
            .get(name)
            .filter(|text| !text.is_empty())
            .cloned()
    };
    let filter = RunFilter {
        status: asked("status"),
        branch: asked("branch"),
        event: asked("event"),
        actor: asked("actor"),
        head_sha: asked("head_sha"),
        ..filter
    };
    let all = hub.runs(&filter);
    let total = all.len();
    let (page, headers) = call.page(all);
    let page: Vec<Value> = page.into_iter().map(|run| shown(hub, run)).collect();
    Ok(Answer {
        status: 200,
        body: json!({ "total_count": total, "workflow_runs": page }),
        headers,
    })
}

pub(super) fn list(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    filtered(hub, call, RunFilter::default())
}

pub(super) fn list_of_workflow(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let workflow = hub
        .workflow_named(call.name("workflow"))
        .ok_or_else(Failure::not_found)?;
    let filter = RunFilter {
        workflow: Some(workflow),
        ..RunFilter::default()
    };
    filtered(hub, call, filter)
}

pub(super) fn get(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let run = call.run(hub)?;
    Answer::ok(shown(hub, run))
}

fn job(hub: &Hub, run: &Run, job: &Job) -> Value {
    let id = job.id;
    json!({
        "id": id.0,
        "run_id": run.id.0,
        "run_url": hub.api_url(&format!("/actions/runs/{}", run.id)),
        "run_attempt": job.attempt,
        "workflow_name": run.name,
        "head_branch": hub.head_branch(run),
        "head_sha": run.head_sha.as_str(),
        "name": job.name,
        "status": job.state.as_str(),
        "conclusion": job.conclusion().map(conclusion_text),
        "created_at": job.created_at.rfc3339(),
        "started_at": job.started_at.unwrap_or(job.created_at).rfc3339(),
        "completed_at": job.completed_at.map(|at| at.rfc3339()),
        "url": hub.api_url(&format!("/actions/jobs/{id}")),
        "html_url": hub.html_url(&format!("/actions/runs/{}/job/{id}", run.id)),
        "labels": job.runs_on,
        "check_run_url": hub.api_url(&format!("/check-runs/{id}")),
    })
}

pub(super) fn jobs(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let run = call.run(hub)?;
    let every_attempt = call
        .query
        .get("filter")
        .is_some_and(|filter| filter == "all");
    let wanted = if every_attempt {
        run.jobs.clone()
    } else {
        hub.jobs_of(run.id)
    };
    let all: Vec<Value> = wanted
        .iter()
        .filter_map(|id| hub.job(*id))
        .map(|record| job(hub, run, record))
        .collect();
    let total = all.len();
    let (page, headers) = call.page(all);
    Ok(Answer {
        status: 200,
        body: json!({ "total_count": total, "jobs": page }),
        headers,
    })
}

fn stop(hub: &mut Hub, call: &mut Call<'_>, forced: bool) -> Result<Answer, Failure> {
    let run = call.run(hub)?;
    if run.status == RunStatus::Completed {
        return Err(Failure::new(
            409,
            "Cannot cancel a workflow run that is completed.",
        ));
    }
    let id = run.id;
    hub.stop_run(
        call.now,
        call.log,
        id,
        bot().as_str(),
        "asked for by the API",
        forced,
    );
    Ok(Answer::new(202, json!({})))
}

pub(super) fn cancel(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    stop(hub, call, false)
}

pub(super) fn force_cancel(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    stop(hub, call, true)
}

pub(super) fn rerun(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let id = call.run(hub)?.id;
    hub.rerun_by(call.now, call.log, id, &bot())
        .map_err(|refused| Failure::new(403, refused.why))?;
    Ok(Answer::new(201, json!({})))
}
