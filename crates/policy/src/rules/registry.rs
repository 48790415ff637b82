use super::{Form, Meaning, Recogniser};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Registry",
    meaning: "Images are kept in Amazon ECR, as lockkeeper has it anyway.",
    forms: &[
        Form {
            pattern: "[container|image|docker|images] (registry|image store) <is> <ecr>",
            meaning: |_| Ok(given()),
        },
        Form {
            pattern: "[container|docker] images (are|<must> be) (stored|kept|pushed) (in|to) <ecr>",
            meaning: |_| Ok(given()),
        },
    ],
    write,
    examples: &["Container registry: Amazon ECR", "Images are stored in ECR"],
    near_misses: &[
        "Container registry: GHCR",
        "Container registry: Amazon ECR Public",
    ],
};

fn given() -> Meaning {
    Meaning::noted(vec![Setting::new(Key::Registry, Value::Given)])
}

fn write(draft: &Draft) -> Vec<String> {
    draft
        .has(Key::Registry)
        .then(|| "Container registry: Amazon ECR".to_owned())
        .into_iter()
        .collect()
}
