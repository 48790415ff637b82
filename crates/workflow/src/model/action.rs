//! `action.yml`: the metadata of an action
//! (<https://docs.github.com/actions/reference/metadata-syntax-reference>).

use indexmap::IndexMap;

use super::{Keys, Pairs, Step};
use crate::condition::Condition;
use crate::place::{Place, Spanned};
use crate::template::Template;

/// An action metadata file.
#[derive(Clone, Debug)]
pub struct ActionFile {
    /// The runner does not ask for it, the Marketplace does.
    pub name: Option<Spanned<String>>,
    pub author: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    /// By id, in the order of the file. `INPUT_<ID>` is found without regard to case.
    pub inputs: IndexMap<String, ActionInput>,
    /// By id, in the order of the file.
    pub outputs: IndexMap<String, ActionOutput>,
    pub runs: Runs,
    pub branding: Option<Branding>,
    /// Keys at the top and of inputs that no one reads: the runner passes over them.
    pub unread: Vec<Spanned<String>>,
    pub keys: Keys,
    pub place: Place,
}

/// `inputs.<id>`.
#[derive(Clone, Debug)]
pub struct ActionInput {
    pub id: Spanned<String>,
    pub description: Option<Spanned<String>>,
    /// Only said: the runner starts the action without it all the same.
    pub required: bool,
    pub default: Option<Template>,
    /// `deprecationMessage`: shown where a workflow sets the input.
    pub deprecation_message: Option<Spanned<String>>,
    pub keys: Keys,
    /// The body; the key, where the input has none.
    pub place: Place,
}

/// `outputs.<id>`.
#[derive(Clone, Debug)]
pub struct ActionOutput {
    pub id: Spanned<String>,
    pub description: Option<Spanned<String>>,
    /// Composite actions only; others write to `GITHUB_OUTPUT`.
    pub value: Option<Template>,
    pub keys: Keys,
    /// The body; the key, where the output has none.
    pub place: Place,
}

/// `runs`.
#[derive(Clone, Debug)]
pub struct Runs {
    /// `composite`, `docker`, `node20` and so on, as written.
    pub using: Spanned<String>,
    pub kind: RunsKind,
    pub keys: Keys,
    pub place: Place,
}

/// How an action runs.
#[derive(Clone, Debug)]
pub enum RunsKind {
    Composite(CompositeRuns),
    JavaScript(Box<JavaScriptRuns>),
    Docker(Box<DockerRuns>),
}

/// `runs` of a composite action
/// (<https://docs.github.com/actions/reference/metadata-syntax-reference#runs-for-composite-actions>).
#[derive(Clone, Debug)]
pub struct CompositeRuns {
    /// Only [`Run`](super::StepKind::Run), always with a shell, and
    /// [`Uses`](super::StepKind::Uses).
    pub steps: Vec<Step>,
}

/// `runs` of a JavaScript action
/// (<https://docs.github.com/actions/reference/metadata-syntax-reference#runs-for-javascript-actions>).
#[derive(Clone, Debug)]
pub struct JavaScriptRuns {
    pub main: Spanned<String>,
    pub pre: Option<Spanned<String>>,
    /// `pre-if`; absent means `always()`. GitHub puts no `success()` before it.
    pub pre_if: Option<Spanned<Condition>>,
    pub post: Option<Spanned<String>>,
    /// `post-if`; absent means `always()`. GitHub puts no `success()` before it.
    pub post_if: Option<Spanned<Condition>>,
}

/// `runs` of a Docker container action
/// (<https://docs.github.com/actions/reference/metadata-syntax-reference#runs-for-docker-container-actions>).
#[derive(Clone, Debug)]
pub struct DockerRuns {
    /// `Dockerfile`, a path to one, or `docker://image`.
    pub image: Spanned<String>,
    pub entrypoint: Option<Spanned<String>>,
    pub args: Vec<Template>,
    pub env: Pairs,
    /// `pre-entrypoint`
    pub pre_entrypoint: Option<Spanned<String>>,
    /// `pre-if`; absent means `always()`.
    pub pre_if: Option<Spanned<Condition>>,
    /// `post-entrypoint`
    pub post_entrypoint: Option<Spanned<String>>,
    /// `post-if`; absent means `always()`.
    pub post_if: Option<Spanned<Condition>>,
}

/// `branding`
/// (<https://docs.github.com/actions/reference/metadata-syntax-reference#branding>).
#[derive(Clone, Debug)]
pub struct Branding {
    pub icon: Option<Spanned<String>>,
    pub color: Option<Spanned<String>>,
    pub keys: Keys,
    pub place: Place,
}

impl ActionFile {
    /// The input of this id, whatever its case, as the runner finds it.
    pub fn input(&self, id: &str) -> Option<&ActionInput> {
        self.inputs.get(id).or_else(|| {
            let id = crate::expr::fold(id);
            let found = self
                .inputs
                .iter()
                .find(|(name, _)| crate::expr::fold(name) == id);
            found.map(|(_, input)| input)
        })
    }

    /// Steps of a composite action; empty for others.
    pub fn steps(&self) -> &[Step] {
        match &self.runs.kind {
            RunsKind::Composite(runs) => &runs.steps,
            RunsKind::JavaScript(_) | RunsKind::Docker(_) => &[],
        }
    }
}
