use lockkeeper_names::ClusterName;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Cluster",
    meaning: "The ECS cluster of an environment; of production, where none is named.",
    forms: &[
        Form {
            pattern: "[<env>] [ecs|fargate] cluster [name] <is> {cluster:value}",
            meaning,
        },
        Form {
            pattern: "[ecs|fargate] cluster [name] [for|of|in] <env> <is> {cluster:value}",
            meaning,
        },
    ],
    write,
    examples: &[
        "Production cluster: `orders-cluster`",
        "Cluster: orders-cluster",
        "ECS cluster (staging): orders-stg",
    ],
    near_misses: &[
        "Cluster: same as production",
        "Production cluster: orders-cluster in Tokyo",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let (name, span) = parts.name("cluster", ClusterName::parse)?;
    let unnamed = parts.environments().is_empty();
    let env = if unnamed {
        Env::Production
    } else {
        parts.environment()?
    };
    Ok(Meaning::noted(vec![
        Setting::new(Key::Cluster(env), Value::Cluster(name))
            .at(span)
            .unnamed(unnamed),
    ]))
}

fn write(draft: &Draft) -> Vec<String> {
    Env::ALL
        .into_iter()
        .filter_map(|env| {
            let name = draft.get(Key::Cluster(env))?;
            Some(format!("{} cluster: `{name}`", env.capitalised()))
        })
        .collect()
}
