use lockkeeper_names::CommitSha;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::*;
use lockkeeper_world::ids::PullNumber;

use crate::story::*;

fn rules(checks: &[&str]) -> Ruleset {
    Ruleset {
        name: "main".to_owned(),
        branches: vec!["~DEFAULT_BRANCH".to_owned()],
        enforcement: Enforcement::Active,
        pull_request: Some(PullRequestRule::default()),
        required_checks: checks.iter().map(|check| (*check).to_owned()).collect(),
        strict: false,
        non_fast_forward: true,
        bypass: Vec::new(),
    }
}

fn ruled(ruleset: Ruleset) -> Story {
    let mut settings = settings();
    settings.rulesets = vec![ruleset];
    Story::with(spec(), settings)
}

fn open(story: &mut Story, digit: char, parent: char) -> PullNumber {
    let head = story.commit(digit, parent);
    let (now, log) = (story.now, &mut story.log);
    story
        .hub
        .open_pull(now, log, &head, &main_branch(), &login("bob"), false)
        .unwrap()
}

fn merge(story: &mut Story, pull: PullNumber, as_sha: char) -> Result<CommitSha, Refused> {
    let (now, log) = (story.now, &mut story.log);
    story
        .hub
        .merge_pull(now, log, pull, &login("bob"), &sha(as_sha))
}

fn ci(story: &mut Story, pull: PullNumber, check: &str, conclusion: Option<Conclusion>) {
    let record = story.hub.pull(pull).unwrap().clone();
    let mut request = story.request();
    request.workflow = file("ci.yml");
    request.trigger = "pull_request".to_owned();
    request.git_ref = record.merge_ref();
    request.pull = Some(pull);
    // GitHub runs a trial merge; the check still belongs to the head.
    request.sha = sha('f');
    let run = story.create(request);
    let job = JobRequest::new(check, 8);
    if conclusion == Some(Conclusion::Skipped) {
        let (now, log) = (story.now, &mut story.log);
        story.hub.skip_job(now, log, run, job).unwrap();
        return;
    }
    let job = story.job(run, job);
    if let Some(conclusion) = conclusion {
        story.start(job);
        story.end(job, conclusion);
    }
}

#[test]
fn without_a_ruleset_anything_merges() {
    let mut story = Story::new();
    let pull = open(&mut story, 'b', 'a');
    ci(&mut story, pull, "gate", Some(Conclusion::Failure));
    assert_eq!(merge(&mut story, pull, 'c'), Ok(sha('c')));
    assert_eq!(story.hub.head(&main_branch()), Some(&sha('c')));
    assert!(story.hub.is_ancestor(&sha('b'), &sha('c')));
    assert_eq!(
        story.hub.commit(&sha('c')).unwrap().files_changed,
        ["src/b.ts"]
    );
    assert!(merge(&mut story, pull, 'd').is_err(), "merged already");
}

#[test]
fn a_required_check_must_have_passed_and_a_skipped_one_has() {
    for (conclusion, merges) in [
        (Some(Conclusion::Success), true),
        (Some(Conclusion::Skipped), true),
        (Some(Conclusion::Failure), false),
        (Some(Conclusion::Cancelled), false),
        (Some(Conclusion::TimedOut), false),
        (None, false),
    ] {
        let mut story = ruled(rules(&["gate"]));
        let pull = open(&mut story, 'b', 'a');
        let missing = merge(&mut story, pull, 'c').unwrap_err();
        assert!(missing.why.contains("is expected"), "{missing}");
        ci(&mut story, pull, "gate", conclusion);
        assert_eq!(
            merge(&mut story, pull, 'c').is_ok(),
            merges,
            "{conclusion:?}"
        );
        let refusals = story.happened(|what| matches!(what, What::MergeRefused { .. }));
        assert_eq!(refusals, if merges { 1 } else { 2 });
    }
}

#[test]
fn a_check_belongs_to_the_head_it_ran_on() {
    let mut story = ruled(rules(&["gate"]));
    let pull = open(&mut story, 'b', 'a');
    ci(&mut story, pull, "gate", Some(Conclusion::Success));
    story.commit('c', 'b');
    let (now, log) = (story.now, &mut story.log);
    story
        .hub
        .update_pull(now, log, pull, &sha('c'), &login("bob"))
        .unwrap();
    assert!(merge(&mut story, pull, 'd').is_err());
    ci(&mut story, pull, "gate", Some(Conclusion::Success));
    merge(&mut story, pull, 'd').unwrap();
}

#[test]
fn a_pull_request_rule_refuses_direct_pushes_of_everyone_but_who_is_exempt() {
    let mut story = ruled(Ruleset {
        bypass: vec![login("carol")],
        ..rules(&[])
    });
    let head = story.commit('b', 'a');
    let push = |story: &mut Story, who: &str| {
        let (now, log) = (story.now, &mut story.log);
        let head = head.clone();
        story.hub.push(now, log, &main_branch(), &head, &login(who))
    };
    for who in ["bob", "ann", "example"] {
        let refused = push(&mut story, who).unwrap_err();
        assert!(refused.why.contains("pull request"), "{refused}");
    }
    assert!(push(&mut story, "dave").is_err(), "may only read");
    push(&mut story, "carol").unwrap();
    assert_eq!(story.hub.head(&main_branch()), Some(&head));
}

#[test]
fn an_inactive_ruleset_binds_nobody() {
    let mut story = ruled(Ruleset {
        enforcement: Enforcement::Disabled,
        ..rules(&["gate"])
    });
    let pull = open(&mut story, 'b', 'a');
    merge(&mut story, pull, 'c').unwrap();
}

#[test]
fn strict_checks_want_the_base_inside_the_head() {
    let mut story = ruled(Ruleset {
        strict: true,
        ..rules(&[])
    });
    let first = open(&mut story, 'b', 'a');
    let second = open(&mut story, 'c', 'a');
    merge(&mut story, first, 'd').unwrap();
    let refused = merge(&mut story, second, 'e').unwrap_err();
    assert!(refused.why.contains("up to date"), "{refused}");
}

#[test]
fn required_approvals_come_from_others_and_fall_with_a_new_push() {
    let mut story = ruled(Ruleset {
        pull_request: Some(PullRequestRule {
            required_approving_review_count: 1,
        }),
        ..rules(&[])
    });
    let pull = open(&mut story, 'b', 'a');
    let approve = |story: &mut Story, who: &str| {
        let (now, log) = (story.now, &mut story.log);
        story.hub.approve_pull(now, log, pull, &login(who))
    };
    assert!(approve(&mut story, "bob").is_err(), "its author");
    assert!(approve(&mut story, "dave").is_err(), "may only read");
    approve(&mut story, "carol").unwrap();
    story.commit('c', 'b');
    let (now, log) = (story.now, &mut story.log);
    story
        .hub
        .update_pull(now, log, pull, &sha('c'), &login("bob"))
        .unwrap();
    assert!(merge(&mut story, pull, 'd').is_err(), "dismissed");
    approve(&mut story, "carol").unwrap();
    merge(&mut story, pull, 'd').unwrap();
}

#[test]
fn history_is_rewritten_only_with_force_and_never_on_a_protected_branch() {
    let mut story = Story::new();
    story.commit('b', 'a');
    story.commit('c', 'a');
    let bob = login("bob");
    let main = main_branch();
    let (now, log) = (story.now, &mut story.log);
    story.hub.push(now, log, &main, &sha('b'), &bob).unwrap();
    assert!(story.hub.push(now, log, &main, &sha('c'), &bob).is_err());
    assert!(story.hub.push(now, log, &main, &sha('9'), &bob).is_err());
    story
        .hub
        .force_push(now, log, &main, &sha('c'), &bob)
        .unwrap();
    let only_history = Ruleset {
        pull_request: None,
        ..rules(&[])
    };
    story
        .hub
        .set_rulesets(now, log, &login("ann"), vec![only_history])
        .unwrap();
    assert!(
        story
            .hub
            .force_push(now, log, &main, &sha('b'), &bob)
            .is_err()
    );
}

#[test]
fn commits_compare_as_on_github() {
    let mut story = Story::new();
    story.commit('b', 'a');
    story.commit('c', 'b');
    story.commit('d', 'a');
    let compare = |base, head| {
        let found = story.hub.compare(&sha(base), &sha(head)).unwrap();
        (found.status(), found.ahead.len(), found.behind.len())
    };
    assert_eq!(compare('a', 'c'), ("ahead", 2, 0));
    assert_eq!(compare('c', 'a'), ("behind", 0, 2));
    assert_eq!(compare('c', 'c'), ("identical", 0, 0));
    assert_eq!(compare('c', 'd'), ("diverged", 1, 2));
    let diverged = story.hub.compare(&sha('c'), &sha('d')).unwrap();
    assert_eq!(diverged.merge_base, Some(sha('a')));
    let ahead = story.hub.compare(&sha('a'), &sha('c')).unwrap().ahead;
    assert_eq!(ahead, [sha('b'), sha('c')], "oldest first");
}
