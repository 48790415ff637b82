use lockkeeper_names::Region;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Region",
    meaning: "The AWS region of an environment; of both, where none is named.",
    forms: &[
        Form {
            pattern: "[<env>] [aws|deployment|deploy] region <is> {region:value}",
            meaning,
        },
        Form {
            pattern: "[aws] region [for|of|in] <env> <is> {region:value}",
            meaning,
        },
        Form {
            pattern: "(everything|<env>|service|services) (runs|run|is deployed|lives) (in|to) [aws] [region] {region:value} [region]",
            meaning,
        },
    ],
    write,
    examples: &[
        "AWS region: `eu-central-1`",
        "Region = us-east-1",
        "Production region: ap-northeast-1",
        "Staging runs in eu-west-1",
    ],
    near_misses: &[
        "AWS region: Tokyo",
        "Region: eu-west-1 or eu-west-2",
        "Production runs in maintenance",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let (region, span) = parts.name("region", Region::parse)?;
    let named = parts.environments();
    let unnamed = named.is_empty();
    let envs = if unnamed { Env::ALL.to_vec() } else { named };
    Ok(Meaning::noted(
        envs.into_iter()
            .map(|env| {
                Setting::new(Key::Region(env), Value::Region(region.clone()))
                    .at(span.clone())
                    .unnamed(unnamed)
            })
            .collect(),
    ))
}

fn write(draft: &Draft) -> Vec<String> {
    super::of_environments(draft, Key::Region, "region", "AWS region")
}
