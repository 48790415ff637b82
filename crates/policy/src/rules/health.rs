use lockkeeper_names::UrlPath;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Health and readiness",
    meaning: "Paths that smoke tests ask: the one that says the service is up, and the one that says it can work.",
    forms: &[
        Form {
            pattern: "(health-check|health|healthcheck|liveness) [check|probe] [endpoint|path|url|route] <is> {path:value}",
            meaning: |parts| meaning(parts, Key::HealthPath),
        },
        Form {
            pattern: "(readiness|ready) [check|probe] [endpoint|path|url|route] <is> {path:value}",
            meaning: |parts| meaning(parts, Key::ReadinessPath),
        },
    ],
    write,
    examples: &[
        "Health check endpoint: `/health`",
        "Liveness probe path: /livez",
        "Readiness endpoint: `/ready`",
        "Readiness check = /readyz",
    ],
    near_misses: &[
        "Health check endpoint: none",
        "Health check endpoint is not /health",
        "Health checks are important",
    ],
};

fn meaning(parts: &Parts<'_>, key: Key) -> Result<Meaning, Refusal> {
    let (path, span) = parts.name("path", UrlPath::parse)?;
    Ok(Meaning::noted(vec![
        Setting::new(key, Value::Path(path)).at(span),
    ]))
}

fn write(draft: &Draft) -> Vec<String> {
    [
        (Key::HealthPath, "Health check endpoint"),
        (Key::ReadinessPath, "Readiness endpoint"),
    ]
    .into_iter()
    .filter_map(|(key, name)| Some(format!("{name}: `{}`", draft.get(key)?)))
    .collect()
}
