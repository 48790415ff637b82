use std::time::Duration;

use lockkeeper_world::clock::START;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::*;
use lockkeeper_world::ids::JobId;
use lockkeeper_world::outage::{Ailment, Api, Outage};
use serde_json::{Value, json};

use crate::story::*;

fn call(
    story: &mut Story,
    job: JobId,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> RestReply {
    let token = story.hub.token_for(job);
    let path = format!("/repos/example/shop/{path}");
    let (now, log) = (story.now, &mut story.log);
    story.hub.rest(now, log, None, &token, method, &path, body)
}

fn get(story: &mut Story, job: JobId, path: &str) -> RestReply {
    call(story, job, "GET", path, None)
}

fn reader() -> Permissions {
    Permissions::all(Access::Read)
}

#[test]
fn a_verifier_can_read_how_an_environment_is_protected() {
    let mut settings = settings();
    let gate = settings.environments.get_mut(&env("production")).unwrap();
    gate.prevent_self_review = true;
    gate.can_admins_bypass = false;
    gate.wait_timer = 5;
    settings
        .environments
        .insert(env("staging"), EnvironmentSettings::default());
    let mut story = Story::with(spec(), settings);
    let (_, job) = story.running(reader());

    let production = get(&mut story, job, "environments/production").body;
    assert_eq!(production["can_admins_bypass"], false);
    assert_eq!(
        production["deployment_branch_policy"],
        json!({ "protected_branches": false, "custom_branch_policies": true })
    );
    let rules = production["protection_rules"].as_array().unwrap();
    let kinds: Vec<&Value> = rules.iter().map(|rule| &rule["type"]).collect();
    assert_eq!(kinds, ["wait_timer", "required_reviewers", "branch_policy"]);
    assert_eq!(rules[1]["prevent_self_review"], true);
    let first = &rules[1]["reviewers"][0];
    assert_eq!(first["type"], "User");
    assert_eq!(first["reviewer"]["login"], "carol");
    assert!(first["reviewer"]["id"].is_u64());

    let policies = "environments/production/deployment-branch-policies?per_page=100";
    let policies = get(&mut story, job, policies).body;
    assert_eq!(policies["total_count"], 1);
    assert_eq!(policies["branch_policies"][0]["name"], "main");
    assert_eq!(policies["branch_policies"][0]["type"], "branch");

    let staging = get(&mut story, job, "environments/staging").body;
    assert_eq!(staging["protection_rules"], json!([]));
    assert_eq!(staging["deployment_branch_policy"], Value::Null);
    assert_eq!(get(&mut story, job, "environments/prod").status, 404);
    assert!(story.hub.environment(&env("prod")).is_none(), "only looked");
    let all = get(&mut story, job, "environments").body;
    assert_eq!(all["total_count"], 2);
}

#[test]
fn a_job_sees_who_approved_its_run_and_supersedes_older_ones() {
    let mut story = Story::new();
    let older = story.run();
    let held = story.job(older, gated("deploy"));
    let (run, job) = story.running(Permissions::none().with("actions", Access::Write));

    let path = "actions/workflows/deploy.yml/runs?status=waiting&per_page=100";
    let waiting = get(&mut story, job, path).body;
    assert_eq!(waiting["total_count"], 1);
    assert_eq!(waiting["workflow_runs"][0]["id"], older.0);
    let one = get(&mut story, job, &format!("actions/runs/{older}")).body;
    assert_eq!(one["status"], "waiting");
    assert_eq!(one["conclusion"], Value::Null);
    assert_eq!(one["head_commit"]["id"], sha('a').as_str());

    let pending = format!("actions/runs/{older}/pending_deployments");
    let pending = get(&mut story, job, &pending).body;
    assert_eq!(pending[0]["environment"]["name"], "production");
    assert_eq!(pending[0]["current_user_can_approve"], false);

    let cancel = format!("actions/runs/{older}/cancel");
    assert_eq!(call(&mut story, job, "POST", &cancel, None).status, 202);
    assert_eq!(story.conclusion(held), Some(Conclusion::Cancelled));
    story.end_run(older, Conclusion::Cancelled);
    assert_eq!(call(&mut story, job, "POST", &cancel, None).status, 409);

    let approvals = format!("actions/runs/{run}/approvals");
    assert_eq!(get(&mut story, job, &approvals).body, json!([]));
    story.job(run, gated("deploy"));
    story.review(run, "carol", true).unwrap();
    let given = get(&mut story, job, &approvals).body;
    assert_eq!(given[0]["state"], "approved");
    assert_eq!(given[0]["user"]["login"], "carol");
    assert_eq!(given[0]["environments"][0]["name"], "production");
}

#[test]
fn a_token_does_what_its_permissions_say_while_its_job_runs() {
    let mut story = Story::new();
    let (run, weak) = story.running(Permissions::none());
    let (_, reader) = story.running(Permissions::none().with("actions", Access::Read));
    let run_path = format!("actions/runs/{run}");
    let cancel = format!("{run_path}/cancel");

    let refused = get(&mut story, weak, &run_path);
    assert_eq!(refused.status, 403);
    let message = "Resource not accessible by integration";
    assert_eq!(refused.body["message"], message);
    assert_eq!(get(&mut story, weak, "").status, 200, "metadata");
    assert_eq!(get(&mut story, reader, &run_path).status, 200);
    assert_eq!(call(&mut story, reader, "POST", &cancel, None).status, 403);
    assert!(story.hub.cancellations().is_empty());
    assert_eq!(get(&mut story, reader, "commits/main").status, 403);

    story.end(reader, Conclusion::Success);
    assert_eq!(get(&mut story, reader, &run_path).status, 401, "expired");
    let (now, log) = (story.now, &mut story.log);
    let path = "/repos/example/shop";
    let anonymous = story.hub.rest(now, log, None, "", "GET", path, None);
    assert_eq!(anonymous.status, 404, "private");
}

#[test]
fn a_public_repository_can_be_read_by_anyone_and_written_by_nobody_else() {
    let spec = RepositorySpec {
        visibility: Visibility::Public,
        ..spec()
    };
    let mut story = Story::with(spec, settings());
    let (run, weak) = story.running(Permissions::none());
    assert_eq!(get(&mut story, weak, "environments/production").status, 200);
    let cancel = format!("actions/runs/{run}/cancel");
    assert_eq!(call(&mut story, weak, "POST", &cancel, None).status, 403);
    let (now, log) = (story.now, &mut story.log);
    let path = format!("/repos/example/shop/{cancel}");
    let anonymous = story.hub.rest(now, log, None, "", "POST", &path, None);
    assert_eq!(anonymous.status, 401);
}

#[test]
fn what_is_not_modelled_is_missing_and_said_to_be() {
    let mut story = Story::new();
    let (_, job) = story.running(Permissions::all(Access::Write));
    for (method, path) in [
        ("GET", "actions/artifacts"),
        ("PUT", "environments/production"),
        ("GET", "branches/main/protection"),
        ("GET", "commits/main/pulls"),
        ("POST", "environments/production"),
    ] {
        let before = story.happened(|what| matches!(what, What::NotModelled { .. }));
        let reply = call(&mut story, job, method, path, None);
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.body["message"], "Not Found");
        let after = story.happened(|what| matches!(what, What::NotModelled { .. }));
        assert_eq!(after, before + 1, "{path}");
    }
    let (now, log) = (story.now, &mut story.log);
    let token = story.hub.token_for(job);
    let elsewhere = story
        .hub
        .rest(now, log, None, &token, "GET", "/repos/other/shop", None);
    assert_eq!(elsewhere.status, 404);
}

#[test]
fn lists_come_in_pages_that_link_to_each_other() {
    let mut story = Story::new();
    for _ in 0..4 {
        story.run();
    }
    let (newest, job) = story.running(reader());
    let first = get(&mut story, job, "actions/runs?per_page=2");
    assert_eq!(first.body["total_count"], 5);
    assert_eq!(first.body["workflow_runs"][0]["id"], newest.0);
    let link = &first.headers[0].1;
    assert!(link.contains("page=2&per_page=2>; rel=\"next\""), "{link}");
    assert!(link.contains("page=3&per_page=2>; rel=\"last\""), "{link}");
    let last = get(&mut story, job, "actions/runs?page=3&per_page=2");
    assert_eq!(last.body["workflow_runs"].as_array().unwrap().len(), 1);
    assert!(!last.headers[0].1.contains("next"));
    let beyond = get(&mut story, job, "actions/runs?page=99&per_page=2");
    assert_eq!(beyond.body["workflow_runs"], json!([]));
    // One page needs no links.
    assert!(get(&mut story, job, "actions/runs").headers.is_empty());
    let filtered = get(
        &mut story,
        job,
        "actions/runs?branch=main&event=push&status=queued",
    );
    assert_eq!(filtered.body["total_count"], 0);
}

#[test]
fn commits_branches_and_comparisons() {
    let mut story = Story::new();
    story.commit('b', 'a');
    story.commit('c', 'b');
    let feature = "feature/x".parse().unwrap();
    let (now, log) = (story.now, &mut story.log);
    let bob = login("bob");
    story.hub.push(now, log, &feature, &sha('c'), &bob).unwrap();
    let (_, job) = story.running(reader());

    let ahead = get(&mut story, job, "compare/main...feature/x").body;
    assert_eq!(ahead["status"], "ahead");
    assert_eq!(
        (&ahead["ahead_by"], &ahead["behind_by"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(
        ahead["html_url"],
        "https://github.com/example/shop/compare/main...feature/x"
    );
    assert_eq!(ahead["files"][0]["filename"], "src/b.ts");
    let behind = format!("compare/{}...{}", sha('c'), sha('a'));
    assert_eq!(get(&mut story, job, &behind).body["status"], "behind");
    assert_eq!(get(&mut story, job, "compare/main...nope").status, 404);

    let commit = get(&mut story, job, "commits/feature%2Fx").body;
    assert_eq!(commit["sha"], sha('c').as_str());
    assert_eq!(commit["parents"][0]["sha"], sha('b').as_str());
    assert_eq!(get(&mut story, job, "commits/ccccccc").status, 200);
    assert_eq!(get(&mut story, job, "commits/1234567").status, 422);
    let branch = get(&mut story, job, "branches/feature/x").body;
    assert_eq!(branch["commit"]["sha"], sha('c').as_str());
    assert_eq!(branch["protected"], false);
    let tip = get(&mut story, job, "git/ref/heads/main").body;
    assert_eq!(tip["object"]["sha"], sha('a').as_str());
    assert_eq!(get(&mut story, job, "git/ref/heads/nope").status, 404);
    let checks = get(&mut story, job, "commits/main/check-runs").body;
    assert_eq!(checks["check_runs"][0]["name"], "call");
    assert_eq!(checks["check_runs"][0]["status"], "in_progress");
}

#[test]
fn a_dispatch_is_checked_and_handed_to_the_runner() {
    let mut story = Story::new();
    let tag = DispatchInput {
        required: true,
        ..DispatchInput::default()
    };
    let mode = DispatchInput {
        default: Some("careful".to_owned()),
        options: vec!["careful".to_owned(), "quick".to_owned()],
        ..DispatchInput::default()
    };
    let inputs = [("image_tag".to_owned(), tag), ("mode".to_owned(), mode)];
    let facts = WorkflowFacts {
        name: "Deploy".to_owned(),
        dispatch: Some(inputs.into()),
    };
    let ci = WorkflowFacts {
        name: "CI".to_owned(),
        dispatch: None,
    };
    story
        .hub
        .set_workflows([(file("deploy.yml"), facts), (file("ci.yml"), ci)].into());
    let (_, job) = story.running(Permissions::none().with("actions", Access::Write));
    let dispatch = |story: &mut Story, workflow: &str, body: Value| {
        let path = format!("actions/workflows/{workflow}/dispatches");
        call(story, job, "POST", &path, Some(&body))
    };
    for (workflow, body, status) in [
        ("nope.yml", json!({ "ref": "main" }), 404),
        ("ci.yml", json!({ "ref": "main" }), 422),
        ("deploy.yml", json!({ "ref": "main" }), 422),
        ("deploy.yml", json!({ "inputs": { "image_tag": "x" } }), 422),
        (
            "deploy.yml",
            json!({ "ref": "nope", "inputs": { "image_tag": "x" } }),
            422,
        ),
        (
            "deploy.yml",
            json!({ "ref": "main", "inputs": { "image_tag": "x", "other": "y" } }),
            422,
        ),
        (
            "deploy.yml",
            json!({ "ref": "main", "inputs": { "image_tag": "x", "mode": "reckless" } }),
            422,
        ),
    ] {
        let reply = dispatch(&mut story, workflow, body.clone());
        assert_eq!(reply.status, status, "{workflow} {body}: {}", reply.body);
    }
    assert!(story.hub.take_dispatches().is_empty());

    let plain = json!({ "ref": "main", "inputs": { "image_tag": "x" } });
    let reply = dispatch(&mut story, "deploy.yml", plain);
    assert_eq!((reply.status, reply.body), (204, Value::Null));
    let detailed = json!({
        "ref": "refs/heads/main", "inputs": { "image_tag": "y", "mode": "quick" }, "return_run_details": true
    });
    let reply = dispatch(&mut story, "deploy.yml", detailed);
    assert_eq!(reply.status, 200);
    let asked = story.hub.take_dispatches();
    assert_eq!(asked[0].inputs["mode"], "careful");
    assert_eq!(asked[1].inputs["mode"], "quick");
    assert_eq!(reply.body["workflow_run_id"], asked[1].run.0);
    let promised = RunRequest {
        id: Some(asked[1].run),
        actor: asked[1].actor.clone(),
        inputs: asked[1].inputs.clone(),
        ..story.request()
    };
    assert_eq!(story.create(promised.clone()), asked[1].run);
    let twice = story.hub.create_run(story.now, &mut story.log, promised);
    assert!(twice.is_err());
}

#[test]
fn deployments_follow_their_jobs_and_anyone_with_the_scope_may_add_to_them() {
    let mut story = Story::new();
    let (run, api) = story.running(Permissions::all(Access::Write));
    let mut ids = Vec::new();
    for key in ["first", "second"] {
        let job = story.job(run, gated(key));
        story.review(run, "carol", true).unwrap();
        story.start(job);
        story.end(job, Conclusion::Success);
        let newest = get(&mut story, api, "deployments?environment=production").body;
        ids.push(newest[0]["id"].clone());
    }
    let state = |story: &mut Story, id: &Value| {
        let statuses = get(story, api, &format!("deployments/{id}/statuses")).body;
        statuses[0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(&mut story, &ids[0]), "inactive");
    assert_eq!(state(&mut story, &ids[1]), "success");

    let body = json!({ "ref": "main", "environment": "production" });
    let made = call(&mut story, api, "POST", "deployments", Some(&body));
    assert_eq!(made.status, 201);
    let path = format!("deployments/{}/statuses", made.body["id"]);
    let said = json!({ "state": "success", "description": "done" });
    let reply = call(&mut story, api, "POST", &path, Some(&said));
    assert_eq!(reply.status, 201);
    assert_eq!(state(&mut story, &ids[1]), "inactive");
    let elsewhere = json!({ "ref": "main", "environment": "preview" });
    call(&mut story, api, "POST", "deployments", Some(&elsewhere));
    let preview = story.hub.environment(&env("preview")).unwrap();
    assert!(preview.settings.reviewers.is_empty());
    let nonsense = json!({ "state": "great" });
    let reply = call(&mut story, api, "POST", &path, Some(&nonsense));
    assert_eq!(reply.status, 422);

    let silent = JobRequest {
        no_deployment: true,
        environment: Some(env("staging")),
        ..JobRequest::new("push", 9)
    };
    let job = story.job(run, silent);
    story.start(job);
    let staging = get(&mut story, api, "deployments?environment=staging").body;
    assert_eq!(staging, json!([]));
}

#[test]
fn rules_and_subjects_can_be_read() {
    let mut settings = settings();
    settings.rulesets = vec![Ruleset {
        name: "main".to_owned(),
        branches: vec!["~DEFAULT_BRANCH".to_owned()],
        enforcement: Enforcement::Active,
        pull_request: Some(PullRequestRule::default()),
        required_checks: vec!["CI gate".to_owned()],
        strict: true,
        non_fast_forward: true,
        bypass: Vec::new(),
    }];
    let mut story = Story::with(spec(), settings);
    let (_, job) = story.running(reader());
    let rules = get(&mut story, job, "rules/branches/main").body;
    let kinds: Vec<&Value> = rules
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["type"])
        .collect();
    let expected = ["non_fast_forward", "pull_request", "required_status_checks"];
    assert_eq!(kinds, expected);
    let checks = &rules[2]["parameters"]["required_status_checks"];
    assert_eq!(checks[0]["context"], "CI gate");
    assert_eq!(
        get(&mut story, job, "rules/branches/feature").body,
        json!([])
    );
    let subject = get(&mut story, job, "actions/oidc/customization/sub").body;
    assert_eq!(subject["use_immutable_subject"], false);
    assert_eq!(subject["sub_claim_prefix"], "repo:example/shop");
}

#[test]
fn a_token_is_nobodys_reviewer_and_can_rerun() {
    let mut story = Story::new();
    let (_, api) = story.running(Permissions::all(Access::Write));
    let other = story.run();
    let job = story.job(other, gated("deploy"));
    let path = format!("actions/runs/{other}/pending_deployments");
    let id = get(&mut story, api, &path).body[0]["environment"]["id"].clone();
    let body = json!({ "environment_ids": [id], "state": "approved", "comment": "me" });
    assert_eq!(
        call(&mut story, api, "POST", &path, Some(&body)).status,
        422
    );
    assert_eq!(story.state(job), "waiting");

    let rerun = format!("actions/runs/{other}/rerun");
    assert_eq!(call(&mut story, api, "POST", &rerun, None).status, 403);
    story.review(other, "carol", false).unwrap();
    story.end_run(other, Conclusion::Failure);
    assert_eq!(call(&mut story, api, "POST", &rerun, None).status, 201);
    assert_eq!(story.hub.run(other).unwrap().attempt, 2);
    let jobs = format!("actions/runs/{other}/jobs");
    assert_eq!(get(&mut story, api, &jobs).body["total_count"], 0);
    let all = get(&mut story, api, &format!("{jobs}?filter=all")).body;
    assert_eq!(all["jobs"][0]["conclusion"], "failure");
}

#[test]
fn outages_hit_their_operation_and_a_lost_answer_was_still_done() {
    let mut story = Story::new();
    let outage = |ailment, operation: &str| Outage {
        api: Api::GitHub,
        operation: Some(operation.to_owned()),
        ailment,
        from: START,
        until: START + Duration::from_secs(3600),
        count: Some(1),
    };
    let older = story.run();
    story.job(older, gated("deploy"));
    let (_, job) = story.running(Permissions::all(Access::Write));
    story
        .hub
        .outages
        .add(outage(Ailment::ServerError, "actions/get-workflow-run"));
    story
        .hub
        .outages
        .add(outage(Ailment::Throttled, "actions/cancel-workflow-run"));
    story
        .hub
        .outages
        .add(outage(Ailment::LostAnswer, "actions/cancel-workflow-run"));
    let path = format!("actions/runs/{older}");
    let cancel = format!("{path}/cancel");
    assert_eq!(get(&mut story, job, &path).status, 502);
    assert_eq!(get(&mut story, job, &path).status, 200);
    let throttled = call(&mut story, job, "POST", &cancel, None);
    assert_eq!(throttled.status, 429);
    assert!(
        throttled
            .headers
            .iter()
            .any(|(name, _)| name == "Retry-After")
    );
    assert!(!story.hub.run(older).unwrap().cancelled);
    let lost = call(&mut story, job, "POST", &cancel, None);
    assert_eq!(lost.ailment, Some(Ailment::LostAnswer));
    assert!(story.hub.run(older).unwrap().cancelled);
    let recorded = |what: &What| {
        matches!(
            what,
            What::RestCalled {
                ailment: Some(_),
                ..
            }
        )
    };
    assert_eq!(story.happened(recorded), 3);
}

#[test]
fn a_run_says_whether_its_head_comes_from_a_fork() {
    let mut story = Story::new();
    let (_, job) = story.running(reader());
    story.commit('b', 'a');
    let (now, log) = (story.now, &mut story.log);
    let stranger = login("mallory");
    let pull = story
        .hub
        .open_pull(now, log, &sha('b'), &main_branch(), &stranger, true)
        .unwrap();
    let run = story.create(RunRequest {
        pull: Some(pull),
        from_fork: true,
        trigger: "pull_request".to_owned(),
        ..story.request()
    });
    let shown = get(&mut story, job, &format!("actions/runs/{run}")).body;
    assert_eq!(shown["head_repository"]["full_name"], "mallory/shop");
    assert_eq!(shown["repository"]["full_name"], "example/shop");
    assert_eq!(shown["head_sha"], sha('b').as_str());
    assert_eq!(shown["pull_requests"][0]["number"], 1);
}

#[test]
fn hostile_paths_are_only_not_found() {
    let mut story = Story::new();
    let (_, job) = story.running(Permissions::all(Access::Write));
    for path in [
        "environments/%",
        "environments/%2",
        "environments/%ff",
        "environments/a%0ab",
        "environments/%22%3E",
        "actions/runs/99999999999999999999",
        "actions/runs/-1",
        "compare/...",
        "compare/main",
        "commits/",
        "branches/é",
        "actions/runs/1/jobs/../../..",
        "actions/workflows/..%2f..%2fx.yml/runs",
        "actions/runs?per_page=0&page=-1&status=%zz",
        "?page=18446744073709551615",
    ] {
        let reply = get(&mut story, job, path);
        assert!(reply.status == 200 || reply.status == 404 || reply.status == 422);
        if reply.status == 200 {
            assert!(path.contains('?'), "{path}");
        }
    }
    let page = "actions/runs?page=18446744073709551615&per_page=100";
    assert_eq!(get(&mut story, job, page).status, 200);
}
