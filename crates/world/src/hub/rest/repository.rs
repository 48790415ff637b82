//! The repository itself, its branches and refs.

use lockkeeper_names::{BranchName, CommitSha};
use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub, Visibility, commits};

pub(super) fn get(hub: &mut Hub, _call: &mut Call<'_>) -> Result<Answer, Failure> {
    Answer::ok(summary(hub))
}

pub(super) fn summary(hub: &Hub) -> Value {
    let spec = &hub.spec;
    json!({
        "id": spec.repository_id,
        "name": spec.name(),
        "full_name": spec.slug.as_str(),
        "private": spec.visibility != Visibility::Public,
        "visibility": spec.visibility.as_str(),
        "owner": hub.user(&spec.owner_login()),
        "default_branch": spec.default_branch.as_str(),
        "fork": false,
        "archived": false,
        "disabled": false,
        "url": hub.api_url(""),
        "html_url": hub.html_url(""),
        "clone_url": hub.html_url(".git"),
    })
}

fn shown(hub: &Hub, branch: &BranchName) -> Option<Value> {
    let tip = hub.head(branch)?;
    Some(json!({
        "name": branch.as_str(),
        "commit": commits::shown(hub, tip),
        "protected": hub.is_protected(branch),
        "_links": {
            "self": hub.api_url(&format!("/branches/{branch}")),
            "html": hub.html_url(&format!("/tree/{branch}")),
        },
    }))
}

pub(super) fn branch(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let named = call.name("branch");
    let branch = BranchName::parse(named)
        .ok()
        .filter(|branch| hub.head(branch).is_some());
    if branch.is_none() && named.contains("/protection") {
        return Err(Failure::not_modelled());
    }
    match branch.and_then(|branch| shown(hub, &branch)) {
        Some(body) => Answer::ok(body),
        None => Err(Failure::new(404, "Branch not found")),
    }
}

pub(super) fn branches(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let short = |(branch, tip): (&BranchName, &CommitSha)| {
        json!({
            "name": branch.as_str(),
            "commit": { "sha": tip.as_str(), "url": hub.api_url(&format!("/commits/{tip}")) },
            "protected": hub.is_protected(branch),
        })
    };
    let all: Vec<Value> = hub.branches().iter().map(short).collect();
    let (page, headers) = call.page(all);
    Ok(Answer {
        status: 200,
        body: page.into(),
        headers,
    })
}

pub(super) fn git_ref(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let named = call.name("ref");
    let named = named.strip_prefix("refs/").unwrap_or(named);
    let branch = named
        .strip_prefix("heads/")
        .and_then(|branch| BranchName::parse(branch).ok());
    let Some(tip) = branch.as_ref().and_then(|branch| hub.head(branch)) else {
        return Err(Failure::not_found());
    };
    Answer::ok(json!({
        "ref": format!("refs/{named}"),
        "url": hub.api_url(&format!("/git/refs/{named}")),
        "object": {
            "type": "commit",
            "sha": tip.as_str(),
            "url": hub.api_url(&format!("/git/commits/{tip}")),
        },
    }))
}
