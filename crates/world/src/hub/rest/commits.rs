//! Commits and comparisons.

use lockkeeper_names::CommitSha;
use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub};

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
    let mut names: Vec<&str> = commits
        .filter_map(|sha| hub.commit(sha))
        .flat_map(|commit| commit.files_changed.iter().map(String::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .iter()
        .map(|name| json!({ "filename": name, "status": "modified" }))
        .collect()
}

pub(super) fn get(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let named = call.name("ref");
    let Some(sha) = hub.resolve(named).cloned() else {
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
