use lockkeeper_names::HttpsUrl;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Env, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "URL",
    meaning: "Where an environment is reached, by users and by smoke tests.",
    forms: &[
        Form {
            pattern: "<env> [base|api|public|service] (url|address|endpoint) <is> {url:value}",
            meaning,
        },
        Form {
            pattern: "[base|api|public|service] (url|address|endpoint) [for|of|in] <env> <is> {url:value}",
            meaning,
        },
        Form {
            pattern: "<env> (<be> (at|served at|reachable at|available at)|->|) {url}",
            meaning,
        },
    ],
    write,
    examples: &[
        "Production URL: `https://orders.example.com`",
        "Staging is at https://staging.orders.example.com",
        "URL of production: https://orders.example.com/api",
    ],
    near_misses: &[
        "URL: https://orders.example.com",
        "Production URL: http://orders.example.com",
        "Production URL: https://user:word@orders.example.com",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let (url, span) = parts.name("url", HttpsUrl::parse)?;
    let env = parts.environment()?;
    Ok(Meaning::noted(vec![
        Setting::new(Key::Url(env), Value::Url(url)).at(span),
    ]))
}

fn write(draft: &Draft) -> Vec<String> {
    Env::ALL
        .into_iter()
        .filter_map(|env| {
            let url = draft.get(Key::Url(env))?;
            Some(format!("{} URL: `{url}`", env.capitalised()))
        })
        .collect()
}
