use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Approval",
    meaning: "A required reviewer of the GitHub environment approves each deployment before it starts.",
    forms: &[
        Form {
            pattern: "<env-deploy> [<must>] (require|requires|requiring|need|needs|have|has|wait for|waits for|wait on|waits on) <approval> [<from>] [<github-gate>] [<before-it>]",
            meaning: required,
        },
        Form {
            pattern: "<env-deploy> [<must>] (require|requires|need|needs) <approval> <from> [<github-gate>]",
            meaning: required,
        },
        Form {
            pattern: "<env-deploy> (require|requires|need|needs|have|has) <github-gate>",
            meaning: required,
        },
        Form {
            pattern: "<env-deploy> (<must> be|is|are) [manually] approved [<from>] [<github-gate>] [<before-it>]",
            meaning: required,
        },
        Form {
            pattern: "<env-deploy> (<must> be|is|are) (gated|protected|guarded) [by|with|behind|on] <approval> [<from>] [<github-gate>]",
            meaning: required,
        },
        Form {
            pattern: "<env-deploy> (require|requires|need|needs) [a|one] <person> to approve [it|them]",
            meaning: required,
        },
        Form {
            pattern: "[a|one] <person> <must> approve [<each>] <env-deploy> [<github-gate>] [<before-it>]",
            meaning: required,
        },
        Form {
            pattern: "<approval> [from #who(<person>)] [<be>] <required> (for|before|to) <env-deploy> [<github-gate>]",
            meaning: required,
        },
        Form {
            pattern: "<env> [<deploy>] [only] [after] <approval> [[is] <required>|only] [<github-gate>]",
            meaning: required,
        },
        Form {
            pattern: "<env> [<deploy>] [only] <approval> <from>",
            meaning: required,
        },
        Form {
            pattern: "<env> <approval> (yes|true|manual|on|enabled)",
            meaning: required,
        },
        Form {
            pattern: "(never|do not|nobody may|no one may) (deploy|deploys|release) [to] <env> without <approval> [<from>]",
            meaning: required,
        },
        Form {
            pattern: "no <env-deploy> without <approval> [<from>]",
            meaning: required,
        },
        Form {
            pattern: "(nobody|no one) (deploys|releases) to <env> without <approval> [<from>]",
            meaning: required,
        },
        Form {
            pattern: "<env-deploy> (never|must not|must never) (happen|happens|run|runs|start|starts|proceed|proceeds|deploy|deploys) without <approval> [<from>]",
            meaning: required,
        },
        Form {
            pattern: "<env-deploy> [<must>] (require|requires|need|needs) (#many(two|2|three|3|at least two|at least 2) approvals|#many(two|2|three|3) [different] <person>)",
            meaning: required,
        },
        Form {
            pattern: "(require|requires) <approval> (for|before) <env-deploy> [<github-gate>]",
            meaning: required,
        },
        // It goes without.
        Form {
            pattern: "<env-deploy> (do|does) not (require|need) [any] <approval>",
            meaning: not_required,
        },
        Form {
            pattern: "<env-deploy> (require|requires|need|needs|has|have) no <approval>",
            meaning: not_required,
        },
        Form {
            pattern: "no <approval> [(is|are|)] [<required>] (for|before|on) <env-deploy>",
            meaning: not_required,
        },
        Form {
            pattern: "<approval> (is|are) not <required> (for|before) <env-deploy>",
            meaning: not_required,
        },
        Form {
            pattern: "<env> <approval> (none|no|false|off|[is] not <required>)",
            meaning: not_required,
        },
        Form {
            pattern: "<env> no <approval> [<required>]",
            meaning: not_required,
        },
        Form {
            pattern: "<env-deploy> [<deploys>] without <approval>",
            meaning: not_required,
        },
    ],
    write,
    examples: &[
        "Production deploys require manual approval",
        "Production deploys require manual approval (GitHub Environment with required reviewers)",
        "Deploying to production requires manual approval",
        "A reviewer must approve every production deployment",
        "Production: manual approval required",
        "Production requires human approval before deployment",
        "Never deploy to production without approval",
        "Manual approval is required before deploying to production",
        "Production deploys must be approved by @acme/platform",
        "Production deploys require two approvals",
        "Production deploys do not require manual approval",
        "No approval is needed for staging",
    ],
    near_misses: &[
        "Production deploys may require manual approval",
        "Production deploys require manual approval after 5 pm",
        "Production deploys require approval or a green build",
        "Only production deploys require manual approval",
        "Nobody approves production deployments",
    ],
};

fn required(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let settings = settings(parts, true)?;
    if parts.has("many") {
        return Ok(Meaning::partial(
            settings,
            "GitHub lets one required reviewer's approval suffice; nothing enforces more",
        ));
    }
    if parts.has("who") || parts.has("login") {
        return Ok(Meaning::partial(
            settings,
            "the approval is enforced; who may give it is what the environment's required reviewers say",
        ));
    }
    Ok(Meaning::enforced(settings))
}

fn not_required(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    Ok(Meaning::enforced(settings(parts, false)?))
}

fn settings(parts: &Parts<'_>, required: bool) -> Result<Vec<Setting>, Refusal> {
    let env = parts.environment()?;
    Ok(vec![Setting::new(
        Key::Approval(env),
        Value::Flag(required),
    )])
}

fn write(draft: &Draft) -> Vec<String> {
    Env::ALL
        .into_iter()
        .filter_map(|env| {
            let needs = if draft.flag(Key::Approval(env))? {
                "require"
            } else {
                "do not require"
            };
            Some(format!(
                "{} deploys {needs} manual approval",
                env.capitalised()
            ))
        })
        .collect()
}
