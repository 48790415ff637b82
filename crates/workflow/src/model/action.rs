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
    /// `author`
    pub author: Option<Spanned<String>>,
    /// `description`
    pub description: Option<Spanned<String>>,
    /// By id, in the order of the file. `INPUT_<ID>` is found without regard to case.
    pub inputs: IndexMap<String, ActionInput>,
    /// By id, in the order of the file.
    pub outputs: IndexMap<String, ActionOutput>,
    /// `runs`
    pub runs: Runs,
    /// `branding`
    pub branding: Option<Branding>,
    /// Keys at the top and of inputs that no one reads: the runner passes over them.
    pub unread: Vec<Spanned<String>>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `inputs.<id>`.
#[derive(Clone, Debug)]
pub struct ActionInput {
    /// `inputs.<input_id>.id`
    pub id: Spanned<String>,
    /// `inputs.<input_id>.description`
    pub description: Option<Spanned<String>>,
    /// Only said: the runner starts the action without it all the same.
    pub required: bool,
    /// `inputs.<input_id>.default`
    pub default: Option<Template>,
    /// `deprecationMessage`: shown where a workflow sets the input.
    pub deprecation_message: Option<Spanned<String>>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// The body; the key, where the input has none.
    pub place: Place,
}

/// `outputs.<id>`.
#[derive(Clone, Debug)]
pub struct ActionOutput {
    /// `outputs.<output_id>.id`
    pub id: Spanned<String>,
    /// `outputs.<output_id>.description`
    pub description: Option<Spanned<String>>,
    /// Composite actions only; others write to `GITHUB_OUTPUT`.
    pub value: Option<Template>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// The body; the key, where the output has none.
    pub place: Place,
}

/// `runs`.
#[derive(Clone, Debug)]
pub struct Runs {
    /// `composite`, `docker`, `node20` and so on, as written.
    pub using: Spanned<String>,
    /// What `using` says, with the keys that belong to it.
    pub kind: RunsKind,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// How an action runs.
#[derive(Clone, Debug)]
pub enum RunsKind {
    /// `using: composite`
    Composite(CompositeRuns),
    /// `using: node24` and other versions of Node.js
    JavaScript(Box<JavaScriptRuns>),
    /// `using: docker`
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
    /// `runs.main`
    pub main: Spanned<String>,
    /// `runs.pre`
    pub pre: Option<Spanned<String>>,
    /// `pre-if`; absent means `always()`. GitHub puts no `success()` before it.
    pub pre_if: Option<Spanned<Condition>>,
    /// `runs.post`
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
    /// `runs.entrypoint`
    pub entrypoint: Option<Spanned<String>>,
    /// `runs.args`
    pub args: Vec<Template>,
    /// `runs.env`
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
    /// `branding.icon`
    pub icon: Option<Spanned<String>>,
    /// `branding.color`
    pub color: Option<Spanned<String>>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
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
