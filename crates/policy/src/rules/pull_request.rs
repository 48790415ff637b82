use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Pull requests",
    meaning: "Changes reach the production branch only through pull requests.",
    forms: &[
        // Direct pushes are forbidden.
        Form {
            pattern: "[git] direct [git] <pushes> [(to|on|into) <branch>] [<be>] <prohibited>",
            meaning: required,
        },
        Form {
            pattern: "(<pushes> directly|directly <pushes>) (to|on|into) <branch> [<be>] <prohibited>",
            meaning: required,
        },
        Form {
            pattern: "<pushes> (to|on|into) <branch> directly [<be>] <prohibited>",
            meaning: required,
        },
        Form {
            pattern: "no direct [git] <pushes> (to|on|into) <branch>",
            meaning: required,
        },
        Form {
            pattern: "no direct [git] <pushes>",
            meaning: required,
        },
        Form {
            pattern: "no (pushing|committing|pushes|commits) [directly] (to|on|into) <branch> [directly]",
            meaning: required,
        },
        Form {
            pattern: "[(you|we)] (never|do not|must not|must never|may not|can not|should never|should not) (directly push|directly commit|push|commit) [directly] (to|on|into) <branch> [directly]",
            meaning: required,
        },
        Form {
            pattern: "(nobody|no one|no-one) [may|can|should|must|ever] (push|pushes|commit|commits|directly pushes|directly commits) [directly] (to|on|into) <branch> [directly]",
            meaning: required,
        },
        // Pull requests are the way.
        Form {
            pattern: "<pr> [<be>] <required> [for [<each>] [change|changes|merge|merges|commit|commits|code]] [(to|into|on) <branch>]",
            meaning: required,
        },
        Form {
            pattern: "[<each>] (change|changes|commit|commits|code|code changes|work|merge|merges) [(to|into|on|for) <branch>] (require|requires|need|needs|<must> require) <pr>",
            meaning: required,
        },
        Form {
            pattern: "[<each>] (change|changes|commit|commits|code|code change|code changes|work) [(to|into|on|for) <branch>] [<must>] (go|goes|come|comes|land|lands|reach <branch>|reaches <branch>|get in|<be> made|<be> merged|be merged) [only] (through|via|by|in|with|as) <pr> [only]",
            meaning: required,
        },
        Form {
            pattern: "merge (to|into) <branch> [only] (through|via|by|with) <pr> [only]",
            meaning: required,
        },
        Form {
            pattern: "use <pr> for [<each>] (change|changes) [(to|into|on) <branch>]",
            meaning: required,
        },
        Form {
            pattern: "<branch> [only] accepts [only] [changes (through|via|by|from)] <pr> [only]",
            meaning: required,
        },
        // Neither.
        Form {
            pattern: "<pr> (is|are) (not <required>|optional)",
            meaning: optional,
        },
        Form {
            pattern: "direct <pushes> [(to|on|into) <branch>] (is|are) (allowed|permitted)",
            meaning: optional,
        },
    ],
    write,
    examples: &[
        "Pull requests are required",
        "Direct push to main is prohibited",
        "PRs required",
        "Nobody pushes to main directly",
        "No direct commits to `main`",
        "Never push directly to main",
        "Every change goes through a pull request",
        "All code reaches main through PRs",
        "Changes to main require a pull request",
        "❌ Direct push to `main`",
        "Pull requests are not required",
        "Direct pushes to main are allowed",
    ],
    near_misses: &[
        "Direct pushes to main are not prohibited",
        "PRs are preferred",
        "Do not push to main after 5 pm",
        "Nobody pushes to main directly except maintainers",
    ],
};

fn required(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    set(parts, true)
}

fn optional(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    set(parts, false)
}

fn set(parts: &Parts<'_>, required: bool) -> Result<Meaning, Refusal> {
    let branch = parts.branch()?.map(|(branch, _)| branch);
    Ok(Meaning::enforced(vec![
        Setting::new(Key::PullRequest, Value::Flag(required)).on(branch),
    ]))
}

fn write(draft: &Draft) -> Vec<String> {
    let sentence = match draft.flag(Key::PullRequest) {
        Some(true) => "Pull requests are required",
        Some(false) => "Pull requests are not required",
        None => return Vec::new(),
    };
    vec![sentence.to_owned()]
}
