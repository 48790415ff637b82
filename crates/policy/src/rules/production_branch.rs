use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Production branch",
    meaning: "Production is deployed from this branch, and pull requests aim at it.",
    forms: &[
        Form {
            pattern: "<branch> (=|is|->) [single|only] (production source of truth|source of truth for production [deployments|deploys]|production branch|branch for production|production)",
            meaning,
        },
        Form {
            pattern: "<branch> (reflects|mirrors|represents) production",
            meaning,
        },
        Form {
            pattern: "production branch <is> {branch:value}",
            meaning,
        },
        Form {
            pattern: "source of truth for production <is> <branch>",
            meaning,
        },
        Form {
            pattern: "production (<be> deployed|deploys|<be> built|<be> released|releases|deployments are made) [only] from <branch> [only]",
            meaning,
        },
    ],
    write,
    examples: &[
        "`main` is the source of truth for production",
        "main branch = production source of truth",
        "Production branch: trunk",
        "master is the production branch",
        "Production is deployed from `main`",
        "The source of truth for production is the release-line branch",
    ],
    near_misses: &[
        "main is the source of truth",
        "main is not the production branch",
        "Production is deployed from main on Fridays",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let (branch, span) = parts.name("branch", lockkeeper_names::BranchName::parse)?;
    Ok(Meaning::noted(vec![
        Setting::new(Key::ProductionBranch, Value::Branch(branch)).at(span),
    ]))
}

fn write(draft: &Draft) -> Vec<String> {
    let branch = draft.get(Key::ProductionBranch);
    branch
        .map(|branch| format!("`{branch}` is the source of truth for production"))
        .into_iter()
        .collect()
}
