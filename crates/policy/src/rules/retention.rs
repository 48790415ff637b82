use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Retention of images",
    meaning: "So many of the images that production served last stay in the registry, and can be returned to.",
    forms: &[
        Form {
            pattern: "keep [at least] [last|newest|latest] {count:number} <production-images> [in <ecr>] [for (rollback|rollbacks)]",
            meaning,
        },
        Form {
            pattern: "[at least] [last|newest|latest] {count:number} <production-images> (are|<must> be) (kept|retained|preserved) [in <ecr>] [for (rollback|rollbacks)]",
            meaning,
        },
    ],
    write,
    examples: &[
        "Keep at least the last 30 production images",
        "The last 50 images that production served are kept",
        "At least 20 production images must be retained in ECR for rollbacks",
    ],
    near_misses: &[
        "Keep the last 30 images",
        "Keep at least the last 30 staging images",
        "Keep at most the last 30 production images",
        "Keep production images for 30 days",
        "Keep at least the last 1 production images",
        "Delete production images after the last 30",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let (text, span) = match parts.all("count").flatten().next() {
        Some(token) => (token.raw.as_str(), token.span.clone()),
        None => ("", parts.whole()),
    };
    match text.parse::<u16>() {
        Ok(count @ 2..=1000) => Ok(Meaning::enforced(vec![
            Setting::new(Key::KeptImages, Value::Count(count)).at(span),
        ])),
        _ => Err(Refusal {
            why: format!(
                "`{text}` is no number of images from 2 (the one that serves and the one before) to 1000"
            ),
            span,
        }),
    }
}

fn write(draft: &Draft) -> Vec<String> {
    let count = draft.get(Key::KeptImages);
    count
        .map(|count| format!("Keep at least the last {count} production images"))
        .into_iter()
        .collect()
}
