//! Deployment records.

use lockkeeper_names::EnvironmentName;
use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub, bot};
use crate::hub::deployments::{Deployment, DeploymentStatus, Said};

const STATES: &[&str] = &[
    "error",
    "failure",
    "inactive",
    "in_progress",
    "queued",
    "pending",
    "success",
];

pub(super) fn shown(hub: &Hub, deployment: &Deployment) -> Value {
    let id = deployment.id;
    let updated = deployment
        .statuses
        .last()
        .map_or(deployment.created_at, |s| s.created_at);
    json!({
        "id": id,
        "sha": deployment.sha.as_str(),
        "ref": deployment.git_ref,
        "task": deployment.task,
        "payload": {},
        "original_environment": deployment.environment.as_str(),
        "environment": deployment.environment.as_str(),
        "description": deployment.description,
        "creator": hub.user(&deployment.creator),
        "created_at": deployment.created_at.rfc3339(),
        "updated_at": updated.rfc3339(),
        "url": hub.api_url(&format!("/deployments/{id}")),
        "statuses_url": hub.api_url(&format!("/deployments/{id}/statuses")),
        "repository_url": hub.api_url(""),
    })
}

fn status(hub: &Hub, deployment: &Deployment, status: &DeploymentStatus) -> Value {
    let url = hub.api_url(&format!("/deployments/{}", deployment.id));
    json!({
        "id": status.id,
        "state": status.state,
        "description": status.description,
        "environment": deployment.environment.as_str(),
        "environment_url": status.environment_url,
        "log_url": status.log_url,
        "target_url": status.log_url,
        "creator": hub.user(&status.creator),
        "created_at": status.created_at.rfc3339(),
        "updated_at": status.created_at.rfc3339(),
        "url": format!("{url}/statuses/{}", status.id),
        "deployment_url": url,
        "repository_url": hub.api_url(""),
    })
}

fn asked<'h>(hub: &'h Hub, call: &Call<'_>) -> Result<&'h Deployment, Failure> {
    let id = call
        .name("deployment")
        .parse()
        .map_err(|_| Failure::not_found())?;
    hub.deployments.get(id).ok_or_else(Failure::not_found)
}

pub(super) fn list(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let is = |name: &str, has: &str| {
        call.query
            .get(name)
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(has))
    };
    let all: Vec<Value> = hub
        .deployments
        .newest_first()
        .filter(|deployment| is("environment", deployment.environment.as_str()))
        .filter(|deployment| is("sha", deployment.sha.as_str()))
        .filter(|deployment| is("ref", &deployment.git_ref))
        .filter(|deployment| is("task", &deployment.task))
        .map(|deployment| shown(hub, deployment))
        .collect();
    let (page, headers) = call.page(all);
    Ok(Answer {
        status: 200,
        body: page.into(),
        headers,
    })
}

pub(super) fn get(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    Answer::ok(shown(hub, asked(hub, call)?))
}

pub(super) fn create(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let named = call.required("ref")?.to_owned();
    let Some(sha) = hub.resolve(&named).cloned() else {
        return Err(Failure::new(422, format!("No ref found for: {named}")));
    };
    let environment = call.text("environment").unwrap_or("production");
    let Ok(environment) = EnvironmentName::parse(environment) else {
        return Err(Failure::new(422, "Validation Failed"));
    };
    if let Some((run, job)) = call
        .job
        .and_then(|id| hub.job_and_run(id))
        .map(|(j, r)| (r.id, j.id))
    {
        hub.ensure_environment(call.now, call.log, &environment, run, job);
    }
    let id = hub.deployments.create(Deployment {
        id: 0,
        environment,
        git_ref: named,
        sha,
        task: call.text("task").unwrap_or("deploy").to_owned(),
        description: call.text("description").unwrap_or("").to_owned(),
        creator: bot(),
        created_at: call.now,
        job: None,
        statuses: Vec::new(),
    });
    match hub.deployments.get(id) {
        Some(created) => Ok(Answer::new(201, shown(hub, created))),
        None => Err(Failure::not_found()),
    }
}

pub(super) fn statuses(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let deployment = asked(hub, call)?;
    let newest_first = deployment.statuses.iter().rev();
    let all: Vec<Value> = newest_first
        .map(|said| status(hub, deployment, said))
        .collect();
    let (page, headers) = call.page(all);
    Ok(Answer {
        status: 200,
        body: page.into(),
        headers,
    })
}

pub(super) fn create_status(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let id = asked(hub, call)?.id;
    let state = call.required("state")?;
    if !STATES.contains(&state) {
        return Err(Failure::new(422, "Validation Failed"));
    }
    let description = call.text("description").unwrap_or("");
    if description.chars().count() > 140 {
        return Err(Failure::new(
            422,
            "description is too long (maximum is 140 characters)",
        ));
    }
    let said = Said {
        state: state.to_owned(),
        description: description.to_owned(),
        environment_url: call.text("environment_url").unwrap_or("").to_owned(),
        log_url: call.text("log_url").unwrap_or("").to_owned(),
        auto_inactive: call
            .body
            .get("auto_inactive")
            .and_then(Value::as_bool)
            .unwrap_or(true),
    };
    hub.deployments.say(call.now, id, bot(), said);
    let created = hub
        .deployments
        .get(id)
        .and_then(|d| Some((d, d.statuses.last()?)));
    match created {
        Some((deployment, said)) => Ok(Answer::new(201, status(hub, deployment, said))),
        None => Err(Failure::not_found()),
    }
}
