use lockkeeper_names::ContainerName;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Container",
    meaning: "The container whose image is deployed, where the task definition has several.",
    forms: &[Form {
        pattern: "[app|application|main] container [name] <is> {container:value}",
        meaning,
    }],
    write,
    examples: &["Container: `app`", "Container name = web"],
    near_misses: &["Container: `a b`", "Container runtime: containerd"],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let (name, span) = parts.name("container", ContainerName::parse)?;
    Ok(Meaning::noted(vec![
        Setting::new(Key::Container, Value::Container(name)).at(span),
    ]))
}

fn write(draft: &Draft) -> Vec<String> {
    let name = draft.get(Key::Container);
    name.map(|name| format!("Container: `{name}`"))
        .into_iter()
        .collect()
}
