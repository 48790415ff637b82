//! Environments and their protection.

use lockkeeper_names::EnvironmentName;
use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub};
use crate::hub::{BranchPolicy, Environment};

fn asked<'h>(hub: &'h Hub, call: &Call<'_>) -> Result<&'h Environment, Failure> {
    EnvironmentName::parse(call.name("environment"))
        .ok()
        .and_then(|name| hub.environment(&name))
        .ok_or_else(Failure::not_found)
}

pub(super) fn named(hub: &Hub, environment: &Environment) -> Value {
    let name = &environment.name;
    json!({
        "id": environment.id,
        "name": name.as_str(),
        "url": hub.api_url(&format!("/environments/{}", super::route::encode(name.as_str()))),
        "html_url": hub.html_url(&format!(
            "/deployments/activity_log?environments_filter={}",
            super::route::encode(name.as_str())
        )),
    })
}

pub(super) fn reviewers(hub: &Hub, environment: &Environment) -> Vec<Value> {
    let reviewers = environment.settings.reviewers.iter();
    reviewers
        .map(|who| json!({ "type": "User", "reviewer": hub.user(who) }))
        .collect()
}

fn shown(hub: &Hub, environment: &Environment) -> Value {
    let settings = &environment.settings;
    let mut rules: Vec<Value> = Vec::new();
    // Rule ids only have to differ.
    let rule_id = environment.id * 10;
    if settings.wait_timer > 0 {
        rules.push(
            json!({ "id": rule_id, "type": "wait_timer", "wait_timer": settings.wait_timer }),
        );
    }
    if !settings.reviewers.is_empty() {
        rules.push(json!({
            "id": rule_id + 1,
            "type": "required_reviewers",
            "prevent_self_review": settings.prevent_self_review,
            "reviewers": reviewers(hub, environment),
        }));
    }
    if settings.branch_policy != BranchPolicy::None {
        rules.push(json!({ "id": rule_id + 2, "type": "branch_policy" }));
    }
    let policy = match settings.branch_policy {
        BranchPolicy::None => Value::Null,
        BranchPolicy::ProtectedOnly => {
            json!({ "protected_branches": true, "custom_branch_policies": false })
        }
        BranchPolicy::Patterns(_) => {
            json!({ "protected_branches": false, "custom_branch_policies": true })
        }
    };
    let mut body = named(hub, environment);
    body["created_at"] = environment.created_at.rfc3339().into();
    body["updated_at"] = environment.updated_at.rfc3339().into();
    body["can_admins_bypass"] = settings.can_admins_bypass.into();
    body["protection_rules"] = rules.into();
    body["deployment_branch_policy"] = policy;
    body
}

pub(super) fn list(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let all: Vec<Value> = hub
        .environments()
        .into_iter()
        .map(|e| shown(hub, e))
        .collect();
    let total = all.len();
    let (page, headers) = call.page(all);
    Ok(Answer {
        status: 200,
        body: json!({ "total_count": total, "environments": page }),
        headers,
    })
}

pub(super) fn get(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    Answer::ok(shown(hub, asked(hub, call)?))
}

pub(super) fn branch_policies(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let environment = asked(hub, call)?;
    let policies: Vec<Value> = match &environment.settings.branch_policy {
        BranchPolicy::Patterns(patterns) => patterns
            .iter()
            .enumerate()
            .map(|(at, (name, kind))| {
                let id = environment.id * 100 + at as u64;
                json!({ "id": id, "name": name, "type": kind.as_str() })
            })
            .collect(),
        BranchPolicy::None | BranchPolicy::ProtectedOnly => Vec::new(),
    };
    let total = policies.len();
    let (page, headers) = call.page(policies);
    Ok(Answer {
        status: 200,
        body: json!({ "total_count": total, "branch_policies": page }),
        headers,
    })
}
