use lockkeeper_names::AccountId;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Account",
    meaning: "The AWS account of an environment; of both, where none is named.",
    forms: &[
        Form {
            pattern: "[<env>] [aws] account [id|number] <is> {account:value}",
            meaning,
        },
        Form {
            pattern: "aws account [id|number] [for|of|in] <env> <is> {account:value}",
            meaning,
        },
    ],
    write,
    examples: &[
        "AWS account: `111122223333`",
        "Production account id: 111122223333",
        "AWS account for staging: 444455556666",
    ],
    near_misses: &["AWS account: 12345", "AWS account: ask the platform team"],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let (account, span) = parts.name("account", |text| {
        // Consoles write it in groups of four.
        let digits = text.replace('-', "");
        if text.len() == 14 {
            AccountId::parse(&digits)
        } else {
            AccountId::parse(text)
        }
    })?;
    let named = parts.environments();
    let unnamed = named.is_empty();
    let envs = if unnamed { Env::ALL.to_vec() } else { named };
    Ok(Meaning::noted(
        envs.into_iter()
            .map(|env| {
                Setting::new(Key::Account(env), Value::Account(account.clone()))
                    .at(span.clone())
                    .unnamed(unnamed)
            })
            .collect(),
    ))
}

fn write(draft: &Draft) -> Vec<String> {
    super::of_environments(draft, Key::Account, "AWS account", "AWS account")
}
