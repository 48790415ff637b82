use lockkeeper_names::RepositoryName;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Repository of images",
    meaning: "The ECR repository that the service's images are pushed to and deployed from.",
    forms: &[Form {
        pattern: "(ecr [repository|repo|image repository]|image (repository|repo)|container image (repository|repo)) [name] <is> {repository:value}",
        meaning,
    }],
    write,
    examples: &[
        "ECR repository: `acme/billing`",
        "Image repository is orders",
    ],
    near_misses: &["ECR repository: Acme Billing", "Repository: acme/billing"],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let (name, span) = parts.name("repository", RepositoryName::parse)?;
    Ok(Meaning::noted(vec![
        Setting::new(Key::Repository, Value::Repository(name)).at(span),
    ]))
}

fn write(draft: &Draft) -> Vec<String> {
    let name = draft.get(Key::Repository);
    name.map(|name| format!("ECR repository: `{name}`"))
        .into_iter()
        .collect()
}
