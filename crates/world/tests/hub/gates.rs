use std::time::Duration;

use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::*;

use crate::story::*;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_gated_job_waits_for_one_of_its_reviewers() {
    let mut story = Story::new();
    let run = story.run();
    let job = story.job(run, gated("deploy"));
    story.pass(DAY);
    assert_eq!(story.state(job), "waiting");
    assert_eq!(story.status(run), RunStatus::Waiting);
    assert!(story.hub.startable().is_empty());

    assert!(story.review(run, "ann", true).is_err(), "not listed");
    assert!(story.review(run, "dave", true).is_err(), "not listed");
    assert_eq!(story.state(job), "waiting");

    story.review(run, "carol", true).unwrap();
    story.start(job);
    story.end(job, Conclusion::Success);
    assert!(story.review(run, "carol", true).is_err(), "nothing waits");
    assert_eq!(story.hub.approvals(run)[0].reviewer, login("carol"));
}

#[test]
fn every_gated_job_asks_again_but_legs_that_wait_together_share_one_answer() {
    let mut story = Story::new();
    let run = story.run();
    let legs = [
        story.job(run, gated("leg (a)")),
        story.job(run, gated("leg (b)")),
    ];
    assert_eq!(story.hub.pending_deployments(run)[0].jobs, legs);
    story.review(run, "carol", true).unwrap();
    assert_eq!(legs.map(|leg| story.state(leg)), ["queued", "queued"]);

    let later = story.job(run, gated("rollback"));
    assert_eq!(story.state(later), "waiting");
    let asked = story.happened(|what| matches!(what, What::JobWaiting { .. }));
    assert_eq!(asked, 3);
}

#[test]
fn a_rejection_fails_the_job_and_leaves_the_others() {
    let mut story = Story::new();
    let run = story.run();
    let (gated, free) = (
        story.job(run, gated("deploy")),
        story.job(run, JobRequest::new("lint", 3)),
    );
    story.review(run, "bob", false).unwrap();
    assert_eq!(story.conclusion(gated), Some(Conclusion::Failure));
    assert_eq!(story.hub.completions(), [gated]);
    assert_eq!(story.state(free), "queued");
    assert!(!story.hub.approvals(run)[0].approved);
}

#[test]
fn whoever_started_the_run_may_not_review_it_where_self_review_is_prevented() {
    let mut settings = settings();
    let gate = settings.environments.get_mut(&env("production")).unwrap();
    gate.prevent_self_review = true;
    let mut story = Story::with(spec(), settings);
    let run = story.run();
    story.job(run, gated("deploy"));
    let refused = story.review(run, "bob", true).unwrap_err();
    assert!(refused.why.contains("started run"), "{refused}");
    story.review(run, "Carol", true).unwrap();

    let mut lax = Story::new();
    let run = lax.run();
    lax.job(run, gated("deploy"));
    lax.review(run, "bob", true).unwrap();
}

#[test]
fn a_missing_environment_is_created_without_protection() {
    let mut story = Story::new();
    let run = story.run();
    let job = story.job(
        run,
        JobRequest {
            environment: Some(env("prodution")),
            ..JobRequest::new("deploy", 10)
        },
    );
    story.start(job);
    let made = story.hub.environment(&env("Prodution")).unwrap();
    assert_eq!(made.settings, EnvironmentSettings::default());
    let unprotected = |what: &What| {
        matches!(
            what,
            What::JobQueued {
                unprotected: true,
                ..
            }
        )
    };
    assert_eq!(story.happened(unprotected), 1);
    assert_eq!(
        story.happened(|what| matches!(what, What::EnvironmentCreated { .. })),
        1
    );
}

#[test]
fn environments_compare_without_regard_to_case() {
    let mut story = Story::new();
    let run = story.run();
    let job = story.job(
        run,
        JobRequest {
            environment: Some(env("PRODUCTION")),
            ..JobRequest::new("deploy", 10)
        },
    );
    assert_eq!(story.state(job), "waiting");
    assert_eq!(story.hub.environments().len(), 1);
    let named = story.hub.job(job).unwrap().environment.clone();
    assert_eq!(named, Some(env("production")));
}

#[test]
fn a_ref_outside_the_branch_policy_fails_the_job_before_anyone_is_asked() {
    let mut story = Story::new();
    let feature = "feature".parse().unwrap();
    story.commit('b', 'a');
    let (now, log) = (story.now, &mut story.log);
    story
        .hub
        .push(now, log, &feature, &sha('b'), &login("bob"))
        .unwrap();
    let mut request = story.request();
    request.git_ref = "refs/heads/feature".to_owned();
    let run = story.create(request);
    let job = story.job(run, gated("deploy"));
    assert_eq!(story.conclusion(job), Some(Conclusion::Failure));
    assert_eq!(story.hub.completions(), [job]);
    assert!(
        story
            .refusals()
            .iter()
            .any(|why| why.contains("not allowed to deploy to production"))
    );
}

#[test]
fn protected_branches_only_lets_every_branch_pass_while_none_is_protected() {
    let mut settings = settings();
    let gate = settings.environments.get_mut(&env("production")).unwrap();
    gate.branch_policy = BranchPolicy::ProtectedOnly;
    let mut story = Story::with(spec(), settings);
    let mut feature = story.request();
    feature.git_ref = "refs/heads/feature".to_owned();

    let run = story.create(feature.clone());
    let job = story.job(run, gated("deploy"));
    assert_eq!(story.state(job), "waiting");

    let rules = Ruleset {
        name: "main".to_owned(),
        branches: vec!["~DEFAULT_BRANCH".to_owned()],
        enforcement: Enforcement::Active,
        pull_request: None,
        required_checks: Vec::new(),
        strict: false,
        non_fast_forward: true,
        bypass: Vec::new(),
    };
    let (now, log) = (story.now, &mut story.log);
    story
        .hub
        .set_rulesets(now, log, &login("ann"), vec![rules])
        .unwrap();
    let run = story.create(feature);
    let job = story.job(run, gated("deploy"));
    assert_eq!(story.conclusion(job), Some(Conclusion::Failure));
    let run = story.run();
    let job = story.job(run, gated("deploy"));
    assert_eq!(story.state(job), "waiting");
}

#[test]
fn a_wait_timer_runs_beside_the_review() {
    let mut settings = settings();
    let gate = settings.environments.get_mut(&env("production")).unwrap();
    gate.wait_timer = 30;
    let mut story = Story::with(spec(), settings);
    let run = story.run();
    let job = story.job(run, gated("deploy"));
    story.review(run, "carol", true).unwrap();
    story.pass(Duration::from_secs(29 * 60));
    assert_eq!(story.state(job), "waiting");
    story.pass(Duration::from_secs(60));
    assert_eq!(story.state(job), "queued");

    let late = story.run();
    let job = story.job(late, gated("deploy"));
    story.pass(Duration::from_secs(31 * 60));
    assert_eq!(story.state(job), "waiting");
    story.review(late, "carol", true).unwrap();
    assert_eq!(story.state(job), "queued");
}

#[test]
fn a_job_that_nobody_reviews_fails_after_thirty_days() {
    let mut story = Story::new();
    let run = story.run();
    let job = story.job(run, gated("deploy"));
    story.pass(DAY * 30 - Duration::from_secs(1));
    assert_eq!(story.state(job), "waiting");
    story.pass(Duration::from_secs(1));
    assert_eq!(story.conclusion(job), Some(Conclusion::Failure));
    assert!(
        story
            .refusals()
            .contains("nobody reviewed it within 30 days")
    );
}

#[test]
fn an_admin_may_bypass_unless_the_environment_forbids_it() {
    let mut story = Story::new();
    let run = story.run();
    let job = story.job(run, gated("deploy"));
    let production = env("production");
    let bypass = |story: &mut Story, who: &str| {
        let (now, log) = (story.now, &mut story.log);
        story
            .hub
            .bypass(now, log, run, &production, &login(who), "")
    };
    assert!(bypass(&mut story, "bob").is_err(), "not an admin");
    let settings = EnvironmentSettings {
        can_admins_bypass: false,
        ..crate::story::production()
    };
    let (now, log) = (story.now, &mut story.log);
    story
        .hub
        .set_environment(now, log, &login("ann"), env("production"), settings)
        .unwrap();
    assert!(bypass(&mut story, "ann").is_err(), "forbidden");
    let (now, log) = (story.now, &mut story.log);
    let lax = crate::story::production();
    story
        .hub
        .set_environment(now, log, &login("ann"), env("production"), lax)
        .unwrap();
    bypass(&mut story, "ann").unwrap();
    assert_eq!(story.state(job), "queued");
    assert_eq!(story.happened(|w| matches!(w, What::Reviewed { .. })), 0);
    assert_eq!(
        story.happened(|w| matches!(w, What::GateBypassed { .. })),
        1
    );
}

#[test]
fn deleting_an_environment_fails_who_waits_and_leaves_the_next_unprotected() {
    let mut settings = settings();
    let secret = "DEPLOY_KEY".parse().unwrap();
    settings.secrets.environments = [(env("production"), [secret].into())].into();
    let mut story = Story::with(spec(), settings);
    let run = story.run();
    let job = story.job(run, gated("deploy"));
    assert!(story.hub.secret_names(job).is_empty(), "the gate is shut");

    let production = env("production");
    let (now, log) = (story.now, &mut story.log);
    let hub = &mut story.hub;
    assert!(
        hub.delete_environment(now, log, &login("bob"), &production)
            .is_err()
    );
    hub.delete_environment(now, log, &login("ann"), &production)
        .unwrap();
    assert_eq!(story.conclusion(job), Some(Conclusion::Failure));

    let next = story.job(run, gated("again"));
    story.start(next);
    assert!(story.hub.secret_names(next).is_empty(), "they are gone");
}

#[test]
fn secrets_of_an_environment_come_after_its_gate_and_never_to_a_fork() {
    let mut settings = settings();
    settings.secrets.repository = ["TOKEN".parse().unwrap()].into();
    settings.secrets.environments =
        [(env("production"), ["DEPLOY_KEY".parse().unwrap()].into())].into();
    let mut story = Story::with(spec(), settings);
    let run = story.run();
    let job = story.job(run, gated("deploy"));
    assert_eq!(story.hub.secret_names(job).len(), 1);
    story.review(run, "carol", true).unwrap();
    assert_eq!(story.hub.secret_names(job).len(), 2);

    let mut request = story.request();
    request.from_fork = true;
    let run = story.create(request);
    let job = story.job(run, JobRequest::new("test", 3));
    assert!(story.hub.secret_names(job).is_empty());
}
