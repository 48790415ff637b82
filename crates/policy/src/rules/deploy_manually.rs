use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::Trigger;
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Deployment by a person",
    meaning: "Nothing is deployed to the environment until a person starts it, through workflow_dispatch.",
    forms: &[
        Form {
            pattern: "<env-deploy> [<deploys>|<be> triggered|<be> started|<be> done|happens|happen|<be>] [only] <by-hand> [only]",
            meaning,
        },
        Form {
            pattern: "<env-deploy> <be> manually (deployed|released|triggered|started) [only]",
            meaning,
        },
        Form {
            pattern: "<env-deploy> <must> be manual",
            meaning,
        },
        Form {
            pattern: "[only] (deploy|deploys|release) to <env> [only] <by-hand> [only]",
            meaning,
        },
        Form {
            pattern: "[only] manual (deploy|deploys|deployment|deployments|release|releases) to <env>",
            meaning,
        },
        Form {
            pattern: "(never|do not) (deploy|release) [to] <env> <automatically>",
            meaning,
        },
        Form {
            pattern: "(never|do not) <automatically> (deploy|release) to <env>",
            meaning,
        },
        Form {
            pattern: "no (<automatically> <deploy>|auto-deploy|auto-deploys) (to|of|on) <env>",
            meaning,
        },
        Form {
            pattern: "no <automatically> <env> <deploy>",
            meaning,
        },
        Form {
            pattern: "<env-deploy> (never|does not|do not|must never|must not) (deploy|deploys|happen|happens|run|runs|auto-deploy|auto-deploys) [<automatically>]",
            meaning: if_automatic,
        },
        Form {
            pattern: "<env-deploy> (is|are) (never|not) (<automatically> [deployed|released]|(deployed|released) <automatically>|auto-deployed)",
            meaning,
        },
    ],
    write,
    examples: &[
        "Production is deployed manually",
        "Production is deployed by hand",
        "Deploy to production only via workflow_dispatch",
        "Production never deploys automatically",
        "Staging does not deploy automatically",
        "No automatic deployments to production",
        "Production deployments are started manually",
    ],
    near_misses: &[
        "Production is not deployed manually",
        "Production never deploys",
        "Production is deployed manually or automatically",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let env = parts.environment()?;
    Ok(Meaning::enforced(vec![Setting::new(
        Key::Trigger(env),
        Value::Trigger(Trigger::Manual),
    )]))
}

/// "never deploys" alone would be another rule.
fn if_automatic(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let automatic = ["automatically", "automatic", "automated", "auto"];
    if parts
        .tokens
        .iter()
        .any(|t| automatic.contains(&t.norm.as_str()) || t.norm.starts_with("auto-"))
    {
        meaning(parts)
    } else {
        Err(Refusal {
            why: "that an environment is never deployed is no rule that can be kept".to_owned(),
            span: parts.whole(),
        })
    }
}

fn write(draft: &Draft) -> Vec<String> {
    Env::ALL
        .into_iter()
        .filter(|env| draft.get(Key::Trigger(*env)) == Some(&Value::Trigger(Trigger::Manual)))
        .map(|env| format!("{} is deployed manually", env.capitalised()))
        .collect()
}
