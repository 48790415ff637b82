//! What `github.event` has in it depends on the events that a workflow names.

use lockkeeper_workflow::check::Repository;
use lockkeeper_workflow::{check, load};

/// What is said about `github.event` in a step that reads `expression`.
fn told(on: &str, expression: &str) -> Vec<String> {
    let text = format!(
        "on: {on}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: ./x\n        \
         env:\n          X: ${{{{ {expression} }}}}\n"
    );
    let workflow = load("ci.yml", &text).expect("legal");
    check(&workflow, &Repository::unknown())
        .into_iter()
        .filter(|f| f.kind == "event-without-member")
        .map(|f| {
            let hint = f.suggestion.map_or_else(String::new, |s| format!(" ({s})"));
            format!("{} {}{hint}", f.place.column - 18, f.message)
        })
        .collect()
}

#[test]
fn what_some_event_brings_is_there() {
    for (on, expression) in [
        ("push", "github.event.head_commit.author.email"),
        ("push", "toJSON(github.event.commits.*.author.name)"),
        ("push", "github.event.commits[0].id"),
        ("push", "github.event.repository.owner.login"),
        ("pull_request", "github.event.pull_request.head.repo.fork"),
        ("pull_request_target", "github.event.number"),
        ("[push, pull_request]", "github.event.pull_request.title"),
        ("pull_request", "toJSON(github.event.*.body)"),
        (
            "{workflow_run: {workflows: [CI]}}",
            "github.event.workflow_run.head_branch",
        ),
        (
            "{repository_dispatch: {types: [go]}}",
            "github.event.client_payload.any.thing",
        ),
        ("workflow_dispatch", "github.event.inputs.any"),
        ("{schedule: [{cron: '1 1 * * *'}]}", "github.event.schedule"),
        // Whoever calls a workflow brings the event, and that of a merge group is not known.
        ("workflow_call", "github.event.whatever"),
        ("[push, merge_group]", "github.event.merge_group.base_ref"),
        // Written for more events than this workflow has.
        ("push", "github.event.pull_request.number || github.run_id"),
        (
            "push",
            "github.event_name == 'issues' && github.event.issue.number",
        ),
        ("push", "GITHUB.EVENT.HEAD_COMMIT.ID"),
    ] {
        assert_eq!(
            told(on, expression),
            Vec::<String>::new(),
            "{on}: {expression}"
        );
    }
}

#[test]
fn what_no_event_brings_is_told() {
    for (on, expression, wanted) in [
        (
            "push",
            "format('{0}', github.event.pull_request.number)",
            "14 `github.event.pull_request` is never there: it does not come with `push`",
        ),
        (
            "[push, workflow_dispatch]",
            "github.event.head_comit.id",
            "0 `github.event.head_comit` is never there: it does not come with `push` or \
             `workflow_dispatch` (did you mean `head_commit`?)",
        ),
        (
            "pull_request",
            "github.event.pull_request.merged_att || github.sha",
            "0 `github.event.pull_request.merged_att` is never there: it does not come with \
             `pull_request` (did you mean `merged_at`?)",
        ),
        (
            "push",
            "github['event']['release'].tag_name",
            "0 `github.event.release` is never there: it does not come with `push`",
        ),
    ] {
        assert_eq!(told(on, expression), [wanted], "{on}: {expression}");
    }
}
