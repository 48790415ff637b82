use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Rollback",
    meaning: "Production returns to the image before by the same workflow, started with that image's tag.",
    forms: &[
        Form {
            pattern: "[production] (rollback|rollbacks|roll-back) [procedure|process|strategy|plan|method|policy] [=|is|are|->|<be> done|<be> performed|<must> be] [by|to|via] <redeploy>",
            meaning,
        },
        Form {
            pattern: "(to|for) (roll-back|rollback|revert) [production] [->] <redeploy>",
            meaning,
        },
        Form {
            pattern: "(roll-back|rollback) [production] (by|via|with|->) <redeploy>",
            meaning,
        },
        Form {
            pattern: "[<each>] (release|deployment|deploy|production) (can|may|is|are|must) [be] (rolled back|reverted) by <redeploy> [<via> [same|regular|normal|usual] github [actions] workflow]",
            meaning,
        },
        Form {
            pattern: "<redeploy> to (roll-back|rollback)",
            meaning,
        },
    ],
    write,
    examples: &[
        "To roll back, redeploy the previous image tag via workflow_dispatch",
        "Rollback procedure: redeploy previous image tag via workflow_dispatch",
        "Rollbacks are done by redeploying the previous version",
        "Rollback: redeploy the last known good image",
        "A release can be rolled back by deploying the previous release with the regular GitHub workflow",
    ],
    near_misses: &[
        "Rollback: revert the commit on main",
        "To roll back, redeploy the previous image tag by hand in the console",
        "If smoke tests fail, redeploy the previous image",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let mut settings = vec![Setting::new(Key::RollbackMethod, Value::Given)];
    if let Some(span) = parts.span("dispatch") {
        settings.push(Setting::new(Key::RollbackTrigger, Value::Given).at(span));
    }
    Ok(Meaning::enforced(settings))
}

fn write(draft: &Draft) -> Vec<String> {
    if !draft.has(Key::RollbackMethod) {
        return Vec::new();
    }
    let via = if draft.has(Key::RollbackTrigger) {
        " via workflow_dispatch"
    } else {
        ""
    };
    vec![format!(
        "To roll back, redeploy the previous image tag{via}"
    )]
}
