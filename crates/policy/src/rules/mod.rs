//! The forms in which rules are read, one file a rule.
//!
//! A new rule is a file with a [`Recogniser`] and a line in [`RECOGNISERS`]. What it sets is named
//! by [`Key`](crate::setting::Key).

use std::ops::Range;
use std::sync::LazyLock;

use lockkeeper_names::{BranchName, NameError};

use crate::pattern::{Match, Pattern};
use crate::setting::{Draft, Env, Key, Setting};
use crate::token::Token;
use crate::{Severity, Status};

mod account;
mod approval;
mod checks;
mod cluster;
mod container;
mod coverage;
mod deploy_manually;
mod deploy_on_merge;
mod deploy_window;
mod health;
mod image_scan;
mod migrations;
mod production_branch;
mod pull_request;
mod region;
mod registry;
mod repository;
mod retention;
mod rollback;
mod runtime;
mod service;
mod smoke_test;
mod url;

/// In the order in which they are tried and in which prose is written.
const RECOGNISERS: &[&Recogniser] = &[
    &production_branch::RECOGNISER,
    &pull_request::RECOGNISER,
    &checks::RECOGNISER,
    &coverage::RECOGNISER,
    &image_scan::RECOGNISER,
    &deploy_on_merge::RECOGNISER,
    &deploy_manually::RECOGNISER,
    &deploy_window::RECOGNISER,
    &approval::RECOGNISER,
    &migrations::RECOGNISER,
    &smoke_test::RECOGNISER,
    &rollback::RECOGNISER,
    &retention::RECOGNISER,
    &registry::RECOGNISER,
    &runtime::RECOGNISER,
    &service::RECOGNISER,
    &repository::RECOGNISER,
    &container::RECOGNISER,
    &cluster::RECOGNISER,
    &region::RECOGNISER,
    &account::RECOGNISER,
    &url::RECOGNISER,
    &health::RECOGNISER,
];

/// One kind of rule: the sentences that state it, and how lockkeeper itself says it.
pub(crate) struct Recogniser {
    /// What it is called in the documentation.
    pub(crate) title: &'static str,
    /// What follows from it, in one sentence.
    pub(crate) meaning: &'static str,
    pub(crate) forms: &'static [Form],
    /// Its part of a draft in canonical sentences, each of which reads back as what it says.
    pub(crate) write: fn(&Draft) -> Vec<String>,
    /// Sentences that it reads.
    pub(crate) examples: &'static [&'static str],
    /// Sentences that look like it and that no rule reads.
    pub(crate) near_misses: &'static [&'static str],
}

/// Sentences of one build, and what they mean.
pub(crate) struct Form {
    pub(crate) pattern: &'static str,
    pub(crate) meaning: fn(&Parts<'_>) -> Result<Meaning, Refusal>,
}

/// What a clause means.
#[derive(Debug, Clone)]
pub(crate) struct Meaning {
    pub(crate) settings: Vec<Setting>,
    pub(crate) status: Status,
    pub(crate) note: Option<&'static str>,
}

impl Meaning {
    /// A rule that the pipeline keeps.
    pub(crate) fn enforced(settings: Vec<Setting>) -> Self {
        Self {
            settings,
            status: Status::Enforced,
            note: None,
        }
    }

    /// A fact that the pipeline is built from.
    pub(crate) fn noted(settings: Vec<Setting>) -> Self {
        Self {
            settings,
            status: Status::Noted,
            note: None,
        }
    }

    /// A rule of which only a part can be kept.
    pub(crate) fn partial(settings: Vec<Setting>, note: &'static str) -> Self {
        Self {
            settings,
            status: Status::Partial,
            note: Some(note),
        }
    }
}

/// A sentence has the right build and a part that cannot be.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) why: String,
    pub(crate) span: Range<usize>,
}

/// The parts of a clause that a form has found.
pub(crate) struct Parts<'a> {
    tokens: &'a [Token],
    found: &'a Match,
}

impl<'a> Parts<'a> {
    pub(crate) fn new(tokens: &'a [Token], found: &'a Match) -> Self {
        Self { tokens, found }
    }

    /// The tokens of each part of that name.
    fn all(&self, name: &str) -> impl Iterator<Item = &'a [Token]> {
        self.found
            .captures
            .iter()
            .filter(move |capture| capture.name == name)
            .map(|capture| &self.tokens[capture.tokens.clone()])
    }

    fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    fn span(&self, name: &str) -> Option<Range<usize>> {
        let tokens = self.all(name).next()?;
        Some(tokens.first()?.span.start..tokens.last()?.span.end)
    }

    /// Where the last part of that name is.
    fn last(&self, name: &str) -> Option<Range<usize>> {
        Some(self.all(name).last()?.last()?.span.clone())
    }

    /// A name, judged by its type.
    fn name<T>(
        &self,
        name: &str,
        parse: fn(&str) -> Result<T, NameError>,
    ) -> Result<(T, Range<usize>), Refusal> {
        let mut names = self.names(name, parse)?;
        match names.len() {
            1 => Ok(names.remove(0)),
            _ => Err(Refusal {
                why: format!("one {name} is expected here"),
                span: self.whole(),
            }),
        }
    }

    fn names<T>(
        &self,
        name: &str,
        parse: fn(&str) -> Result<T, NameError>,
    ) -> Result<Vec<(T, Range<usize>)>, Refusal> {
        self.all(name)
            .flatten()
            .map(|token| match parse(&token.raw) {
                Ok(value) => Ok((value, token.span.clone())),
                Err(error) => Err(Refusal {
                    why: error.to_string(),
                    span: token.span.clone(),
                }),
            })
            .collect()
    }

    fn branch(&self) -> Result<Option<(BranchName, Range<usize>)>, Refusal> {
        if self.has("branch") {
            self.name("branch", BranchName::parse).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The environments that are named, each once, in the order of [`Env::ALL`].
    fn environments(&self) -> Vec<Env> {
        if self.has("every") {
            return Env::ALL.to_vec();
        }
        Env::ALL
            .into_iter()
            .filter(|env| self.has(env.as_str()))
            .collect()
    }

    /// The one environment that is named.
    fn environment(&self) -> Result<Env, Refusal> {
        match self.environments()[..] {
            [env] => Ok(env),
            _ => Err(Refusal {
                why: "one environment is expected here".to_owned(),
                span: self.whole(),
            }),
        }
    }

    fn percent(&self) -> Result<Option<u8>, Refusal> {
        let Some(token) = self.all("percent").flatten().next() else {
            return Ok(None);
        };
        match token.raw.parse::<u8>() {
            Ok(percent @ 1..=100) => Ok(Some(percent)),
            _ => Err(Refusal {
                why: format!("`{}` is not a percentage from 1 to 100", token.raw),
                span: token.span.clone(),
            }),
        }
    }

    /// The severities that are named, from the least to the most severe; all above one that is named
    /// as the least.
    fn severities(&self) -> Vec<Severity> {
        let all = [
            ("low", Severity::Low),
            ("medium", Severity::Medium),
            ("high", Severity::High),
            ("critical", Severity::Critical),
        ];
        let named = |name: &str| self.has(name);
        let least = all.iter().position(|(name, _)| named(name));
        let upwards = least.filter(|_| self.has("upwards"));
        all.into_iter()
            .enumerate()
            .filter(|(at, (name, _))| named(name) || upwards.is_some_and(|least| *at > least))
            .map(|(_, (_, severity))| severity)
            .collect()
    }

    fn whole(&self) -> Range<usize> {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => first.span.start..last.span.end,
            _ => 0..0,
        }
    }
}

/// A form that is ready to be matched.
pub(crate) struct ReadyForm {
    pub(crate) recogniser: &'static Recogniser,
    pub(crate) form: &'static Form,
    pub(crate) pattern: Pattern,
}

static FORMS: LazyLock<Vec<ReadyForm>> = LazyLock::new(|| {
    RECOGNISERS
        .iter()
        .flat_map(|recogniser| {
            recogniser.forms.iter().map(|form| ReadyForm {
                recogniser,
                form,
                pattern: Pattern::compile(form.pattern),
            })
        })
        .collect()
});

/// Every form of every rule, in the order in which they are tried.
pub(crate) fn forms() -> &'static [ReadyForm] {
    &FORMS
}

/// A draft in canonical sentences.
pub(crate) fn write(draft: &Draft) -> Vec<String> {
    RECOGNISERS
        .iter()
        .flat_map(|recogniser| (recogniser.write)(draft))
        .collect()
}

/// Every rule, for the reference.
pub(crate) fn recognisers() -> &'static [&'static Recogniser] {
    RECOGNISERS
}

/// Sentences for what each environment has: one where they have the same, else one each.
fn of_environments(draft: &Draft, key: fn(Env) -> Key, one: &str, both: &str) -> Vec<String> {
    let [staging, production] = Env::ALL.map(|env| draft.get(key(env)));
    match (staging, production) {
        (Some(staging), Some(production)) if staging == production => {
            vec![format!("{both}: `{production}`")]
        }
        _ => Env::ALL
            .into_iter()
            .filter_map(|env| {
                Some(format!(
                    "{} {one}: `{}`",
                    env.capitalised(),
                    draft.get(key(env))?
                ))
            })
            .collect(),
    }
}
