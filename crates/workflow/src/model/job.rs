//! `jobs.<id>`.

use indexmap::IndexMap;

use super::{
    CacheMode, ComputedKey, Concurrency, Defaults, Environment, Keys, Pairs, Permissions, Step,
};
use crate::condition::Condition;
use crate::place::{Place, Spanned};
use crate::template::{Data, Template};

/// A job: steps on a runner, or the call of a workflow.
#[derive(Clone, Debug)]
pub struct Job {
    /// The key.
    pub id: Spanned<String>,
    pub name: Option<Template>,
    pub needs: Vec<Spanned<String>>,
    pub if_: Option<Spanned<Condition>>,
    /// Absent if the job calls a workflow.
    pub runs_on: Option<RunsOn>,
    pub environment: Option<EnvironmentUse>,
    pub concurrency: Option<Concurrency>,
    pub outputs: Pairs,
    pub env: Environment,
    pub defaults: Defaults,
    pub steps: Vec<Step>,
    pub timeout_minutes: Option<Template>,
    pub continue_on_error: Option<Template>,
    pub permissions: Option<Permissions>,
    pub cache_mode: Option<Spanned<CacheMode>>,
    pub services: Services,
    pub container: Option<Container>,
    /// `cancel-timeout-minutes`: how long a cancelled job may take to end; 5 without it.
    pub cancel_timeout_minutes: Option<Template>,
    pub snapshot: Option<Snapshot>,
    pub strategy: Option<Strategy>,
    /// `uses` with its inputs and secrets.
    pub call: Option<JobCall>,
    pub keys: Keys,
    /// The body, without the key.
    pub place: Place,
}

/// `snapshot`: the custom image that a job makes of its runner
/// (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idsnapshot>).
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub image_name: Spanned<String>,
    pub if_: Option<Spanned<Condition>>,
    pub version: Option<Spanned<String>>,
    pub keys: Keys,
    pub place: Place,
}

/// `services` by name, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Services {
    pub(crate) services: IndexMap<String, Container>,
    /// The one expression that gives all of them; there are no others then.
    pub whole: Option<Template>,
}

impl std::ops::Deref for Services {
    type Target = IndexMap<String, Container>;

    fn deref(&self) -> &Self::Target {
        &self.services
    }
}

impl<'a> IntoIterator for &'a Services {
    type Item = (&'a String, &'a Container);
    type IntoIter = indexmap::map::Iter<'a, String, Container>;

    fn into_iter(self) -> Self::IntoIter {
        self.services.iter()
    }
}

/// `runs-on`.
#[derive(Clone, Debug, PartialEq)]
pub struct RunsOn {
    pub group: Option<Template>,
    /// One that is a whole expression may give several labels.
    pub labels: Vec<Template>,
    pub keys: Keys,
    pub place: Place,
}

/// `environment`.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentUse {
    pub name: Template,
    pub url: Option<Template>,
    /// `false` keeps the environment's rules and secrets and makes no deployment.
    pub deployment: Option<Template>,
    pub keys: Keys,
    pub place: Place,
}

/// `container`, or one of `services`.
#[derive(Clone, Debug)]
pub struct Container {
    /// Of a service; that of `container` has none.
    pub name: Option<Spanned<String>>,
    pub image: Template,
    pub env: Environment,
    pub options: Option<Template>,
    pub ports: Vec<Template>,
    pub volumes: Vec<Template>,
    pub credentials: Option<Credentials>,
    /// Services only.
    pub entrypoint: Option<Template>,
    /// Services only.
    pub command: Option<Template>,
    pub keys: Keys,
    pub place: Place,
}

/// `credentials` of a container's registry. Given by one expression they have only `whole`.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub username: Option<Template>,
    pub password: Option<Template>,
    pub whole: Option<Template>,
    pub keys: Keys,
    pub place: Place,
}

/// `strategy`. One that is wholly an expression has only `whole`.
#[derive(Clone, Debug)]
pub struct Strategy {
    pub matrix: Option<Matrix>,
    pub fail_fast: Option<Template>,
    pub max_parallel: Option<Template>,
    pub whole: Option<Template>,
    pub keys: Keys,
    pub place: Place,
}

/// `strategy.matrix`. One that is wholly an expression has only `whole`.
#[derive(Clone, Debug)]
pub struct Matrix {
    pub axes: Vec<(Spanned<String>, Data)>,
    /// Axes whose name is known only when the matrix is evaluated.
    pub computed: Vec<(ComputedKey, Data)>,
    pub include: Option<Data>,
    pub exclude: Option<Data>,
    pub whole: Option<Template>,
    pub keys: Keys,
    pub place: Place,
}

/// A call of a workflow.
#[derive(Clone, Debug)]
pub struct JobCall {
    /// `./.github/workflows/file.yml` or `owner/repo/.github/workflows/file.yml@ref`.
    pub uses: Spanned<String>,
    pub with: Pairs,
    pub secrets: CallSecrets,
}

#[derive(Clone, Debug)]
pub enum CallSecrets {
    None,
    Inherit,
    Given(Pairs),
}

impl Job {
    /// The name that checks carry where it needs no evaluation: `name`, else the id.
    pub fn literal_name(&self) -> Option<&str> {
        match &self.name {
            Some(name) => name.as_literal(),
            None => Some(&self.id.value),
        }
    }
}
