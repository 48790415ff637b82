//! What the generated roles and lifecycle rules are for: each part is taken away, or widened, and the
//! rehearsal says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

const TEMPLATE: &str = "infra/deployment.yml";

/// A rehearsal uses every processor: one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// The places of a statement's actions and resources.
type Places = (Vec<u64>, Vec<u64>);

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if name != "node_modules" && name != "dist" && name != "coverage" {
                copy(&entry.path(), &to.join(name));
            }
        } else {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn lockkeeper(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn generated() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node-api");
    copy(&example, directory.path());
    assert!(lockkeeper(directory.path(), &["generate"]).status.success());
    directory
}

/// The generated pipeline with another template, rehearsed: the evidence against each promise that
/// is broken, and those that are kept.
fn rehearsed(
    edit: impl FnOnce(String) -> String,
    stories: &[&str],
) -> (BTreeMap<String, Vec<Value>>, Vec<String>) {
    let directory = generated();
    let path = directory.path().join(TEMPLATE);
    let before = std::fs::read_to_string(&path).unwrap();
    let after = edit(before.clone());
    assert_ne!(before, after, "nothing was edited");
    std::fs::write(&path, after).unwrap();
    let mut arguments = vec!["rehearse", "--format", "json"];
    for story in stories {
        arguments.extend(["--scenario", story]);
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let output = lockkeeper(directory.path(), &arguments);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (mut broken, mut kept) = (BTreeMap::new(), Vec::new());
    for promise in report["promises"].as_array().unwrap() {
        let id = promise["id"].as_str().unwrap().to_owned();
        match promise["verdict"].as_str() {
            Some("broken") => {
                broken.insert(id, promise["evidence"].as_array().unwrap().clone());
            }
            Some("kept") => kept.push(id),
            _ => {}
        }
    }
    (broken, kept)
}

fn says(evidence: &[Value], parts: &[&str]) -> bool {
    evidence.iter().any(|one| {
        let message = one["message"].as_str().unwrap();
        parts.iter().all(|part| message.contains(part))
    })
}

/// The part of the template that makes a resource, and what surrounds it.
fn resource<'a>(template: &'a str, id: &str) -> (&'a str, &'a str, &'a str) {
    let begin = template.find(&format!("\n  {id}:\n")).unwrap() + 1;
    let body = &template[begin..];
    let end = body
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .find(|at| {
            let next = &body[*at..];
            next.starts_with("  ") && !next.starts_with("   ")
                || next.starts_with(|c: char| c.is_ascii_alphabetic())
        })
        .unwrap_or(body.len());
    (&template[..begin], &body[..end], &body[end..])
}

fn within(template: String, id: &str, from: &str, to: &str) -> String {
    let (before, body, after) = resource(&template, id);
    assert!(body.contains(from), "{id} has no {from}");
    format!("{before}{}{after}", body.replacen(from, to, 1))
}

/// In a rehearsal of all stories every statement, every action and every resource of the generated
/// policies was at some time the only one that allowed what was asked for: without it the call is
/// refused.
#[test]
fn without_any_statement_a_call_would_be_refused() {
    let directory = generated();
    let elsewhere = tempfile::tempdir().unwrap();
    let events = elsewhere.path().join("events.jsonl");
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let output = lockkeeper(
        directory.path(),
        &["rehearse", "--events", events.to_str().unwrap()],
    );
    drop(turn);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let mut needed: BTreeMap<(String, u64, u64), Places> = BTreeMap::new();
    let mut granted: BTreeMap<String, Value> = BTreeMap::new();
    for line in std::fs::read_to_string(&events).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let role = || event["role"].as_str().unwrap().to_owned();
        match event["event"].as_str() {
            Some("role-known") => {
                granted.insert(role(), event["policies"].clone());
            }
            Some("access-judged") => {
                let [grant] = &event["grants"].as_array().unwrap()[..] else {
                    continue;
                };
                let number = |member: &str| grant[member].as_u64().unwrap();
                let key = (role(), number("policy"), number("statement"));
                let (actions, resources) = needed.entry(key).or_default();
                for (member, into) in [("actions", actions), ("resources", resources)] {
                    let [only] = &grant[member].as_array().unwrap()[..] else {
                        continue;
                    };
                    into.push(only.as_u64().unwrap());
                }
            }
            _ => {}
        }
    }
    assert_eq!(granted.len(), 3, "{:?}", granted.keys());
    for (role, policies) in &granted {
        for (policy, document) in policies.as_array().unwrap().iter().enumerate() {
            for (at, statement) in document["Statement"].as_array().unwrap().iter().enumerate() {
                let key = (role.clone(), policy as u64, at as u64);
                let (actions, resources) = needed
                    .get(&key)
                    .unwrap_or_else(|| panic!("{role} can do without {statement}"));
                for (member, used) in [("Action", actions), ("Resource", resources)] {
                    for place in 0..statement[member].as_array().map_or(1, Vec::len) {
                        assert!(
                            used.contains(&(place as u64)),
                            "{role} can do without {member} {place} of {statement}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_missing_permission_is_named_with_the_step_that_needs_it() {
    let edit = |template| {
        within(
            template,
            "StagingRole",
            "                  - ecs:UpdateService\n",
            "",
        )
    };
    let (broken, _) = rehearsed(edit, &["merge-to-staging"]);
    let evidence = &broken["permissions-suffice"];
    assert!(
        says(
            evidence,
            &[
                "bookmarks-api-deploy-staging is refused ecs:UpdateService on arn:aws:ecs:",
                "because no identity-based policy allows the ecs:UpdateService action"
            ]
        ),
        "{evidence:?}"
    );
    assert_eq!(evidence[0]["file"], "deploy-staging.yml");
}

#[test]
fn what_cannot_be_resolved_is_not_taken_as_allowed() {
    let edit = |template: String| {
        let unknown = "Ref: SomethingElse\n";
        within(
            template,
            "StagingRole",
            "Ref: StagingTaskRoleArns\n",
            unknown,
        )
    };
    let (broken, _) = rehearsed(edit, &["merge-to-staging"]);
    let evidence = &broken["permissions-suffice"];
    assert!(
        says(evidence, &["is refused iam:PassRole on"]),
        "{evidence:?}"
    );
}

/// One environment's role may change the other's service.
#[test]
fn a_role_that_reaches_everything_is_not_isolated() {
    let edit = |template: String| {
        let (_, body, _) = resource(&template, "StagingRole");
        let begin = body.find("- ecs:UpdateService").unwrap();
        let from = &body[begin..];
        let line = from.find("                  - Fn::Sub").unwrap();
        let end = line + from[line..].find('\n').unwrap() + 1;
        let narrow = &from[..end];
        let wide = format!("{}                  - '*'\n", &from[..line]);
        within(template.clone(), "StagingRole", narrow, &wide)
    };
    let (broken, _) = rehearsed(edit, &["production-approved"]);
    assert_eq!(broken.keys().collect::<Vec<_>>(), ["permissions-isolated"]);
    let evidence = &broken["permissions-isolated"];
    assert!(
        says(
            evidence,
            &[
                "environment:staging may take on the role bookmarks-api-deploy-staging",
                "production is within its reach"
            ]
        ),
        "{evidence:?}"
    );
}

/// Whoever can run a workflow in the repository becomes whoever may deploy to production.
#[test]
fn a_role_that_trusts_too_many_is_not_isolated() {
    let edit = |template: String| {
        let (before, body, after) = resource(&template, "ProductionRole");
        let begin = body.find("              StringEquals:\n").unwrap();
        let end = body.find("      Policies:").unwrap();
        let loose = "              StringLike:\n                token.actions.githubusercontent.com:sub:\n                  Fn::Sub: repo:${Owner}*\n";
        format!("{before}{}{loose}{}{after}", &body[..begin], &body[end..])
    };
    let (broken, _) = rehearsed(edit, &["production-approved"]);
    assert_eq!(broken.keys().collect::<Vec<_>>(), ["permissions-isolated"]);
    let evidence = &broken["permissions-isolated"];
    for who in [
        "environment:staging may take on the role bookmarks-api-deploy-production",
        "a pull request's job may take on the role bookmarks-api-deploy-production",
        "a job of any branch may take on the role bookmarks-api-deploy-production",
        "a job of another repository of the owner may take on",
    ] {
        assert!(says(evidence, &[who]), "{who}: {evidence:?}");
    }
    assert!(!says(evidence, &["a stranger's repository"]));
}

#[test]
fn a_permission_that_nothing_uses_is_reported() {
    let edit = |template| {
        let more = "                  - ecr:PutImage\n                  - ecr:BatchDeleteImage\n";
        within(
            template,
            "ProductionRole",
            "                  - ecr:PutImage\n",
            more,
        )
    };
    let (broken, kept) = rehearsed(edit, &[]);
    assert_eq!(broken.keys().collect::<Vec<_>>(), ["permissions-used"]);
    let evidence = &broken["permissions-used"];
    assert!(
        says(
            evidence,
            &["bookmarks-api-deploy-production never uses ecr:BatchDeleteImage on arn:aws:ecr:"]
        ),
        "{evidence:?}"
    );
    assert!(kept.contains(&"permissions-suffice".to_owned()));
}

#[test]
fn a_registry_that_keeps_one_image_loses_the_one_before() {
    let edit =
        |template: String| template.replacen("\"countNumber\": 100", "\"countNumber\": 1", 1);
    let (broken, _) = rehearsed(edit, &["weeks-of-merges"]);
    let evidence = &broken["previous-image-kept"];
    assert!(
        says(
            evidence,
            &[
                "rule 1 of the lifecycle policy of bookmarks lets go",
                "which production served before the one that it serves"
            ]
        ),
        "{evidence:?}"
    );
    assert_eq!(evidence[0]["file"], "deploy-production.yml");
    assert!(broken.contains_key("rollback-restores"));
}
