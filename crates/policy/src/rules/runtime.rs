use lockkeeper_names::{ClusterName, ServiceName};

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Runtime",
    meaning: "The service runs on ECS Fargate, as lockkeeper has it anyway.",
    forms: &[
        Form {
            pattern: "(runtime|compute|hosting|platform|hosted on|runs on|run on|we run on|service runs on|deployed on) <is> <fargate> [service <is> {service:value}] [[and] cluster <is> {cluster:value}]",
            meaning,
        },
        Form {
            pattern: "(runtime|compute|hosting|platform) <is> <fargate> cluster <is> {cluster:value} [and] service <is> {service:value}",
            meaning,
        },
    ],
    write,
    examples: &[
        "Runtime: ECS Fargate",
        "Runtime: ECS Fargate (service: myapp-api, cluster: myapp-cluster)",
        "Platform: AWS Fargate",
    ],
    near_misses: &["Runtime: AWS Lambda", "Runtime: ECS on EC2"],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let mut settings = vec![Setting::new(Key::Runtime, Value::Given)];
    for (name, span) in parts.names("service", ServiceName::parse)? {
        settings.push(Setting::new(Key::Services, Value::Services(vec![name])).at(span));
    }
    for (name, span) in parts.names("cluster", ClusterName::parse)? {
        let key = Key::Cluster(Env::Production);
        settings.push(
            Setting::new(key, Value::Cluster(name))
                .at(span)
                .unnamed(true),
        );
    }
    Ok(Meaning::noted(settings))
}

fn write(draft: &Draft) -> Vec<String> {
    draft
        .has(Key::Runtime)
        .then(|| "Runtime: ECS Fargate".to_owned())
        .into_iter()
        .collect()
}
