//! Commits and comparisons.

use lockkeeper_names::CommitSha;
use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub};
use crate::hub::runs::conclusion_text;

pub(super) fn shown(hub: &Hub, sha: &CommitSha) -> Value {
    let Some(commit) = hub.commit(sha) else {
        return Value::Null;
    };
    let url = hub.api_url(&format!("/commits/{sha}"));
    let parents: Vec<Value> = commit
        .parents
        .iter()
        .map(|parent| {
            json!({
                "sha": parent.as_str(),
                "url": hub.api_url(&format!("/commits/{parent}")),
                "html_url": hub.html_url(&format!("/commit/{parent}")),
            })
        })
        .collect();
    json!({
        "sha": sha.as_str(),
        "url": url,
        "html_url": hub.html_url(&format!("/commit/{sha}")),
        "commit": {
            "message": commit.message,
            "author": { "name": commit.author.as_str() },
            "committer": { "name": commit.author.as_str() },
            "url": hub.api_url(&format!("/git/commits/{sha}")),
        },
        "author": hub.user(&commit.author),
        "committer": hub.user(&commit.author),
        "parents": parents,
    })
}

fn files<'h>(hub: &'h Hub, commits: impl Iterator<Item = &'h CommitSha>) -> Vec<Value> {
    let shown = |name: String| json!({ "filename": name, "status": "modified" });
    hub.files_of(commits).into_iter().map(shown).collect()
}

/// Parts of a commit that are resources of their own.
const BELOW: &[&str] = &[
    "/comments",
    "/pulls",
    "/status",
    "/statuses",
    "/check-suites",
];

pub(super) fn get(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let named = call.name("ref");
    let Some(sha) = hub.resolve(named).cloned() else {
        if BELOW.iter().any(|part| named.ends_with(part)) {
            return Err(Failure::not_modelled());
        }
        return Err(Failure::new(
            422,
            format!("No commit found for SHA: {named}"),
        ));
    };
    let mut body = shown(hub, &sha);
    body["files"] = files(hub, std::iter::once(&sha)).into();
    Answer::ok(body)
}

pub(super) fn compare(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let Some((base, head)) = call.name("basehead").split_once("...") else {
        return Err(Failure::not_found());
    };
    let (Some(base_sha), Some(head_sha)) = (hub.resolve(base), hub.resolve(head)) else {
        return Err(Failure::not_found());
    };
    let Some(comparison) = hub.compare(base_sha, head_sha) else {
        return Err(Failure::not_found());
    };
    let Some(merge_base) = comparison.merge_base.clone() else {
        return Err(Failure::new(
            404,
            format!("No common ancestor between {base} and {head}."),
        ));
    };
    let ahead = comparison.ahead.len();
    let changed = files(hub, comparison.ahead.iter());
    let base_commit = shown(hub, base_sha);
    let all: Vec<Value> = comparison.ahead.iter().map(|sha| shown(hub, sha)).collect();
    let (commits, headers) = call.page(all);
    Ok(Answer {
        status: 200,
        body: json!({
            "url": hub.api_url(&format!("/compare/{base}...{head}")),
            "html_url": hub.html_url(&format!("/compare/{base}...{head}")),
            "base_commit": base_commit,
            "merge_base_commit": shown(hub, &merge_base),
            "status": comparison.status(),
            "ahead_by": ahead,
            "behind_by": comparison.behind.len(),
            "total_commits": ahead,
            "commits": commits,
            "files": changed,
        }),
        headers,
    })
}

/// Check runs: every job is one.
pub(super) fn check_runs(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let named = call.name("ref");
    let Some(sha) = hub.resolve(named).cloned() else {
        return Err(Failure::new(
            422,
            format!("No commit found for SHA: {named}"),
        ));
    };
    let wanted = call.query.get("check_name");
    let all: Vec<Value> = hub
        .checks(&sha)
        .iter()
        .filter(|(context, _)| wanted.is_none_or(|name| name == *context))
        .filter_map(|(context, check)| {
            let job = hub.job(check.job)?;
            Some(json!({
                "id": job.id.0,
                "name": context,
                "head_sha": sha.as_str(),
                "status": job.state.as_str(),
                "conclusion": check.conclusion.map(conclusion_text),
                "started_at": job.started_at.unwrap_or(job.created_at).rfc3339(),
                "completed_at": job.completed_at.map(|at| at.rfc3339()),
                "url": hub.api_url(&format!("/check-runs/{}", job.id)),
                "html_url": hub.html_url(&format!("/actions/runs/{}/job/{}", job.run, job.id)),
                "app": { "id": super::rules::ACTIONS_APP, "slug": "github-actions" },
            }))
        })
        .collect();
    let total = all.len();
    let (page, headers) = call.page(all);
    Ok(Answer {
        status: 200,
        body: json!({ "total_count": total, "check_runs": page }),
        headers,
    })
}
