//! Tables of triggers and events, and what comes of them.

use lockkeeper_workflow::{
    Changes, Event, Trigger, Workflow, load, skips_workflows, trigger, waits_for_approval,
};

fn workflow(on: &str) -> Workflow {
    let text = format!("name: W\non:\n{on}\njobs: {{ a: {{ runs-on: x }} }}\n");
    load("w.yml", &text).unwrap_or_else(|problems| panic!("{on}: {problems:?}"))
}

/// `starts`, `not 4:9 why`, or `unknown 4:9 why`.
fn outcome(on: &str, event: &Event) -> String {
    let at = |place: Option<&lockkeeper_workflow::Place>| {
        place.map_or("-".to_owned(), |place| {
            format!("{}:{}", place.line, place.column)
        })
    };
    match trigger(&workflow(on), event) {
        Trigger::Starts => "starts".to_owned(),
        Trigger::Not(why) => format!("not {} {why}", at(why.place())),
        Trigger::Unknown(untold) => format!("unknown {} {untold}", at(Some(untold.place()))),
    }
}

fn push(git_ref: &str) -> Event {
    Event::new("push", git_ref)
}

fn pull(base: &str) -> Event {
    Event::new("pull_request", &format!("refs/heads/{base}")).activity("opened")
}

#[test]
fn branches_and_tags() {
    let both = "  push:\n    branches: [main, 'release/**', '!release/old/**']\n    tags-ignore: ['*-rc*']";
    let tags = "  push:\n    tags: ['v*']";
    let ignored = "  push:\n    branches-ignore: ['wip/**', '!wip/keep']";
    let table = [
        (both, "refs/heads/main", "starts"),
        (both, "refs/heads/release/1/x", "starts"),
        (
            both,
            "refs/heads/release/old/1",
            "not 4:36 the branch `release/old/1` does not pass `branches`: `!release/old/**` matches it",
        ),
        (
            both,
            "refs/heads/topic",
            "not 4:16 the branch `topic` does not pass `branches`: no pattern matches it",
        ),
        (both, "refs/tags/v1", "starts"),
        (
            both,
            "refs/tags/v1-rc1",
            "not 5:19 the tag `v1-rc1` does not pass `tags-ignore`: `*-rc*` matches it",
        ),
        (tags, "refs/tags/v1", "starts"),
        (
            tags,
            "refs/heads/v1",
            "not 4:12 the branch `v1` does not pass `tags`: a filter for branches is missing beside it",
        ),
        (ignored, "refs/heads/main", "starts"),
        (ignored, "refs/heads/wip/keep", "starts"),
        (
            ignored,
            "refs/heads/wip/x",
            "not 4:23 the branch `wip/x` does not pass `branches-ignore`: `wip/**` matches it",
        ),
        (
            ignored,
            "refs/tags/v1",
            "not 4:23 the tag `v1` does not pass `branches-ignore`: a filter for tags is missing beside it",
        ),
        ("  push:", "refs/tags/v1", "starts"),
    ];
    for (on, git_ref, expected) in table {
        assert_eq!(outcome(on, &push(git_ref)), expected, "{on} {git_ref}");
    }
}

#[test]
fn paths() {
    let include = "  push:\n    branches: [main]\n    paths: ['src/**', '!src/**.md']";
    let ignore = "  pull_request:\n    paths-ignore: ['docs/**']";
    let main = || push("refs/heads/main");
    let unseen = (0..300)
        .map(|n| format!("other/{n}"))
        .chain(["src/a.rs".to_owned()]);
    let unsettled = Event {
        changes: Changes::Unknown,
        ..main()
    };
    let table = [
        (include, main().changed(["README.md", "src/a.rs"]), "starts"),
        (
            include,
            main().changed(["src/a.md"]),
            "not 5:13 no changed file passes `paths`",
        ),
        (
            include,
            main().changed(Vec::<String>::new()),
            "not 5:13 no changed file passes `paths`",
        ),
        // Only the first 300 files are looked at.
        (
            include,
            main().changed(unseen),
            "not 5:13 no changed file passes `paths`",
        ),
        // More than 1,000 commits: no difference is made.
        (include, main(), "starts"),
        (
            include,
            unsettled.clone(),
            "unknown 5:13 which files changed is not known, and `paths` filters by them",
        ),
        (
            include,
            Event {
                git_ref: "refs/heads/x".into(),
                ..unsettled
            },
            "not 4:16 the branch `x` does not pass `branches`: no pattern matches it",
        ),
        (
            ignore,
            pull("main").changed(["docs/a.md"]),
            "not 4:20 no changed file passes `paths-ignore`",
        ),
        (ignore, pull("main").changed(["docs/a.md", "a"]), "starts"),
        // Tags are not filtered by paths.
        (
            "  push:\n    tags: ['**']\n    paths: [src]",
            push("refs/tags/v1").changed(["x"]),
            "starts",
        ),
    ];
    for (on, event, expected) in table {
        assert_eq!(
            outcome(on, &event),
            expected,
            "{on} {:?}",
            event.changes.seen().map(<[_]>::len)
        );
    }
}

#[test]
fn activity_types() {
    let listed = "  pull_request:\n    types: [labeled, closed]\n    branches: [main]";
    let table = [
        ("  pull_request:", pull("main"), "starts"),
        (
            "  pull_request:",
            pull("main").activity("synchronize"),
            "starts",
        ),
        (
            "  pull_request:",
            pull("main").activity("labeled"),
            "not 3:3 the activity type `labeled` is not among those listed",
        ),
        (listed, pull("main").activity("labeled"), "starts"),
        (
            listed,
            pull("main"),
            "not 4:13 the activity type `opened` is not among those listed",
        ),
        (
            listed,
            Event {
                activity: None,
                ..pull("main")
            },
            "unknown 4:13 the activity type is not known, and `types` lists some",
        ),
        (
            listed,
            pull("topic").activity("labeled"),
            "not 5:16 the branch `topic` does not pass `branches`: no pattern matches it",
        ),
        (
            "  issues:",
            Event::new("issues", "").activity("pinned"),
            "starts",
        ),
        (
            "  release: {types: [published]}",
            Event::new("release", "refs/tags/v1").activity("created"),
            "not 3:21 the activity type `created` is not among those listed",
        ),
        (
            "  push:",
            pull("main"),
            "not - the workflow does not listen to `pull_request`",
        ),
    ];
    for (on, event, expected) in table {
        assert_eq!(outcome(on, &event), expected, "{on}");
    }
}

#[test]
fn runs_of_other_workflows() {
    let on = "  workflow_run:\n    workflows: [CI]\n    types: [completed]\n    branches: [main]";
    let run = |branch: &str, of: &str| Event {
        workflow: Some(of.to_owned()),
        ..Event::new("workflow_run", &format!("refs/heads/{branch}")).activity("completed")
    };
    let table = [
        (run("main", "CI"), "starts"),
        (
            run("main", "Lint"),
            "not 4:17 the workflow `Lint` is not among those listed",
        ),
        (
            run("x", "CI"),
            "not 6:16 the branch `x` does not pass `branches`: no pattern matches it",
        ),
        (
            run("main", "CI").activity("requested"),
            "not 5:13 the activity type `requested` is not among those listed",
        ),
        (
            Event {
                workflow: None,
                ..run("main", "CI")
            },
            "unknown 4:17 the workflow that ran is not known, and `workflows` lists some",
        ),
    ];
    for (event, expected) in table {
        assert_eq!(outcome(on, &event), expected);
    }
}

#[test]
fn what_lets_no_workflow_start() {
    let on = "  push:\n  pull_request:\n  pull_request_target:\n  schedule: [{cron: '0 1 * * *'}]\n  workflow_dispatch:\n  repository_dispatch:";
    let main = || push("refs/heads/main");
    let skip = "not - the message of the head commit asks for it: `[skip ci]`";
    let token = "not - what is done with GITHUB_TOKEN starts no workflow, dispatches excepted";
    let elsewhere =
        "not 3:3 the file is not on the default branch, where GitHub looks for `schedule`";
    let by_token = |event: Event| Event {
        by_token: true,
        ..event
    };
    let table = [
        (main().message("fix: a [skip ci]"), skip),
        (pull("main").message("[skip ci]"), skip),
        (
            Event {
                name: "pull_request_target".into(),
                ..pull("main").message("[skip ci]")
            },
            "starts",
        ),
        (by_token(main()), token),
        (by_token(pull("main").activity("reopened")), "starts"),
        (
            by_token(Event::new("repository_dispatch", "refs/heads/main").activity("x")),
            "starts",
        ),
        (
            by_token(Event::new("workflow_dispatch", "refs/heads/main")),
            "starts",
        ),
        (
            Event {
                has_conflict: true,
                ..pull("main")
            },
            "not - the pull request has a merge conflict",
        ),
        (
            Event {
                has_conflict: true,
                name: "pull_request_target".into(),
                ..pull("main")
            },
            "starts",
        ),
        (
            Event {
                default_branch: Some("main".into()),
                ..Event::new("schedule", "refs/heads/x")
            },
            elsewhere,
        ),
        (
            Event {
                file_on_default_branch: Some(false),
                ..Event::new("schedule", "refs/heads/main")
            },
            elsewhere,
        ),
        (
            Event {
                file_on_default_branch: Some(false),
                ..main()
            },
            "starts",
        ),
    ];
    for (event, expected) in table {
        assert_eq!(outcome(on, &event), expected, "{event:?}");
    }
    assert!(
        waits_for_approval(&by_token(pull("main"))),
        "a person lets it run"
    );
    assert!(!waits_for_approval(&pull("main")));
}

#[test]
fn dispatches_with_inputs_that_github_refuses() {
    let on = "  workflow_dispatch:\n    inputs:\n      tag: {required: true}\n      size: {type: choice, options: [s, l]}\n      dry: {type: boolean}";
    let dispatch = |inputs: &[(&str, &str)]| Event {
        inputs: Some(
            inputs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        ),
        ..Event::new("workflow_dispatch", "refs/heads/main")
    };
    let table: [(&[(&str, &str)], &str); 6] = [
        (&[("tag", "v1")], "starts"),
        (&[("TAG", "v1"), ("size", "l"), ("dry", "true")], "starts"),
        (&[], "not 5:7 the input `tag` is required"),
        (
            &[("tag", "v1"), ("size", "m")],
            "not 6:7 the input `size` cannot be `m`",
        ),
        (
            &[("tag", "v1"), ("dry", "yes")],
            "not 7:7 the input `dry` cannot be `yes`",
        ),
        (
            &[("tag", "v1"), ("x", "1")],
            "not 3:3 the input `x` is not declared",
        ),
    ];
    for (inputs, expected) in table {
        assert_eq!(outcome(on, &dispatch(inputs)), expected, "{inputs:?}");
    }
}

#[test]
fn commit_messages_that_skip() {
    let skipping = [
        "[skip ci]",
        "a [ci skip] b",
        "a\n\nb [no ci]",
        "x [skip actions]",
        "[actions skip]",
        "title\n\nbody\n\n\nskip-checks: true",
        "title\n\n\nSigned-off-by: a <a@b>\nskip-checks:true\n",
    ];
    for message in skipping {
        assert!(skips_workflows(message).is_some(), "{message:?}");
    }
    let running = [
        "skip ci",
        "[skip-ci]",
        "",
        "title\n\nskip-checks: true",
        "title\nskip-checks: true",
        "t\n\n\nskip-checks: false",
        "t\n\n\nskip-checks: true\nSigned-off-by: a",
    ];
    for message in running {
        assert_eq!(skips_workflows(message), None, "{message:?}");
    }
}
