use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Smoke tests",
    meaning: "After each deployment the running service is asked through its load balancer; a wrong answer brings the previous version back.",
    forms: &[
        Form {
            pattern: "[<env>] [run] <smoke> [<runs>] <after> [(on|in|to|for|against)] [<envs>]",
            meaning,
        },
        Form {
            pattern: "[<env>] [run] <smoke> [<runs>] [(on|in|for|against)] [<envs>] <after>",
            meaning,
        },
        Form {
            pattern: "<after> [(on|in|to|for)] [<envs>] [<must>] [run] <smoke> [<runs>] [(on|in|for|against) <envs>]",
            meaning,
        },
        Form {
            pattern: "[<each>] [<env>] <deploy> [to <envs>] (<be> followed|<be> verified|<be> checked) (by|with) <smoke>",
            meaning,
        },
        Form {
            pattern: "<smoke> (run|runs|<must> run|<be> run|<be> <required>) (on|in|for|against) <envs>",
            meaning,
        },
        Form {
            pattern: "<smoke> <envs>",
            meaning,
        },
        Form {
            pattern: "<env> <smoke> (yes|true|on|enabled|<required>)",
            meaning,
        },
        Form {
            pattern: "<env> (has|runs|requires|needs) <smoke> [<after>]",
            meaning,
        },
    ],
    write,
    examples: &[
        "Smoke tests run after every deploy (staging and production)",
        "After every deployment, smoke tests run on staging and production",
        "Smoke tests must pass after each deployment to staging",
        "Every deployment is followed by smoke tests",
        "Run smoke tests after every deploy to both environments",
        "Production smoke tests run after every deploy",
    ],
    near_misses: &[
        "Smoke tests do not run after deploys",
        "Smoke tests run before every deploy",
        "Smoke tests run after every deploy if the service is public",
        "Smoke tests run after most deploys",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let named = parts.environments();
    let unnamed = named.is_empty();
    let envs = if unnamed { Env::ALL.to_vec() } else { named };
    Ok(Meaning::enforced(
        envs.into_iter()
            .map(|env| Setting::new(Key::SmokeTest(env), Value::Flag(true)).unnamed(unnamed))
            .collect(),
    ))
}

fn write(draft: &Draft) -> Vec<String> {
    let envs: Vec<&str> = Env::ALL
        .into_iter()
        .filter(|env| draft.flag(Key::SmokeTest(*env)) == Some(true))
        .map(Env::as_str)
        .collect();
    if envs.is_empty() {
        Vec::new()
    } else {
        vec![format!(
            "Smoke tests run after every deploy ({})",
            envs.join(" and ")
        )]
    }
}
