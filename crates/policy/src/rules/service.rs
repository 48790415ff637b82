use lockkeeper_names::ServiceName;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Service",
    meaning: "The ECS service that is deployed; several are named in one statement.",
    forms: &[
        Form {
            pattern: "[ecs|fargate] service [name] <is> {service:value}",
            meaning,
        },
        Form {
            pattern: "[ecs|fargate] services <is> {service:value} ([and] {service:value})*",
            meaning,
        },
    ],
    write,
    examples: &[
        "Service: `orders-api`",
        "ECS service: orders-api",
        "Services: `cart-api`, `cart-worker`",
    ],
    near_misses: &[
        "Service: none",
        "Service: orders-api on port 80",
        "Service discovery: Cloud Map",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let names = parts.names("service", ServiceName::parse)?;
    let mut distinct: Vec<ServiceName> = Vec::new();
    for (name, span) in names {
        if distinct.contains(&name) {
            return Err(Refusal {
                why: format!("`{name}` is named twice"),
                span,
            });
        }
        distinct.push(name);
    }
    Ok(Meaning::noted(vec![Setting::new(
        Key::Services,
        Value::Services(distinct),
    )]))
}

fn write(draft: &Draft) -> Vec<String> {
    let Some(Value::Services(names)) = draft.get(Key::Services) else {
        return Vec::new();
    };
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let word = if names.len() == 1 {
        "Service"
    } else {
        "Services"
    };
    vec![format!("{word}: {}", quoted.join(", "))]
}
