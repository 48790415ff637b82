use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::Trigger;
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Deployment on merge",
    meaning: "Every merge to the branch is deployed to the environment, without anybody's doing.",
    forms: &[
        Form {
            pattern: "<env-deploy> [<deploys>|happens|happen|run|runs|<be> triggered|<be>] <automatically> [<deploys>] [<on-merge>]",
            meaning,
        },
        Form {
            pattern: "<env-deploy> <be> <automatically> (deployed|released|updated|triggered) [<on-merge>]",
            meaning,
        },
        Form {
            pattern: "<env-deploy> [<deploys>|happens|happen|run|runs|<be> triggered] <on-merge> [<automatically>]",
            meaning,
        },
        Form {
            pattern: "<env> [<automatically> <deploy>] [<when>] [<each>] <merge> (to|into|on) <branch>",
            meaning,
        },
        Form {
            pattern: "auto-deploy [of] <env> [<on-merge>]",
            meaning,
        },
        Form {
            pattern: "<env> [<be>] (auto-deploy|auto-deploys|auto-deployed) [<on-merge>]",
            meaning,
        },
        Form {
            pattern: "(auto-deploy|auto-deploys|<automatically> deploy|<automatically> deployed|automatic <deploy>|deploy <automatically>|deploy) (to|of|on) <env> [<automatically>] <on-merge> [<automatically>]",
            meaning,
        },
        Form {
            pattern: "(auto-deploy|auto-deploys|<automatically> deploy|automatic <deploy>) (to|of|on) <env>",
            meaning,
        },
        Form {
            pattern: "[<when>] [<each>] <merge> (to|into|on) <branch> [<automatically>] (deploy|deploys|<must> deploy|<be> deployed|<be> <automatically> deployed|trigger <deploy>|triggers <deploy>|triggers <automatically> <deploy>|starts <deploy>|go|goes|-> deploy|->|releases|auto-deploys) [to|of] <env> [<automatically>]",
            meaning,
        },
        Form {
            pattern: "[<when>] [<each>] <merge> (to|into|on) <branch> <env> [<be>] [<automatically>] (deploys|deployed|updated|redeployed) [<automatically>]",
            meaning,
        },
        Form {
            pattern: "<branch> ([<automatically>] (deploys|deploy|<be> deployed|<be> <automatically> deployed|auto-deploys|goes) [<automatically>] to|->) #staging(staging|stage|stg) [environment] [<automatically>]",
            meaning,
        },
        Form {
            pattern: "#staging(staging|stage|stg) [environment] branch [=|is] {branch:value}",
            meaning,
        },
    ],
    write,
    examples: &[
        "Staging deploys automatically on merge to `main`",
        "Every merge to main is deployed to staging automatically",
        "Merges to main go to staging automatically",
        "Auto-deploy to staging on push to main",
        "Staging: automatic deployment on every merge to develop",
        "develop deploys to staging",
        "Staging deploys automatically",
        "Staging branch: main",
    ],
    near_misses: &[
        "Staging deploys automatically on merge to main on weekdays",
        "Staging usually deploys automatically on merge to main",
        "Staging deploys automatically before merge",
        "Development deploys automatically on merge to develop",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let env = parts.environment()?;
    let mut settings = vec![Setting::new(
        Key::Trigger(env),
        Value::Trigger(Trigger::Merge),
    )];
    if let Some((branch, span)) = parts.branch()? {
        settings.push(Setting::new(Key::Branch(env), Value::Branch(branch)).at(span));
    }
    Ok(Meaning::enforced(settings))
}

fn write(draft: &Draft) -> Vec<String> {
    Env::ALL
        .into_iter()
        .filter(|env| draft.get(Key::Trigger(*env)) == Some(&Value::Trigger(Trigger::Merge)))
        .map(|env| match draft.get(Key::Branch(env)) {
            Some(branch) => {
                format!(
                    "{} deploys automatically on merge to `{branch}`",
                    env.capitalised()
                )
            }
            None => format!("{} deploys automatically", env.capitalised()),
        })
        .collect()
}
