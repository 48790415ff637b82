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
    /// `jobs.<job_id>.name`
    pub name: Option<Template>,
    /// `jobs.<job_id>.needs`
    pub needs: Vec<Spanned<String>>,
    /// `jobs.<job_id>.if`
    pub if_: Option<Spanned<Condition>>,
    /// Absent if the job calls a workflow.
    pub runs_on: Option<RunsOn>,
    /// `jobs.<job_id>.environment`
    pub environment: Option<EnvironmentUse>,
    /// `jobs.<job_id>.concurrency`
    pub concurrency: Option<Concurrency>,
    /// `jobs.<job_id>.outputs`
    pub outputs: Pairs,
    /// `jobs.<job_id>.env`
    pub env: Environment,
    /// `jobs.<job_id>.defaults`
    pub defaults: Defaults,
    /// `jobs.<job_id>.steps`
    pub steps: Vec<Step>,
    /// `jobs.<job_id>.timeout-minutes`
    pub timeout_minutes: Option<Template>,
    /// `jobs.<job_id>.continue-on-error`
    pub continue_on_error: Option<Template>,
    /// `jobs.<job_id>.permissions`
    pub permissions: Option<Permissions>,
    /// `jobs.<job_id>.cache-mode`
    pub cache_mode: Option<Spanned<CacheMode>>,
    /// `jobs.<job_id>.services`
    pub services: Services,
    /// `jobs.<job_id>.container`
    pub container: Option<Container>,
    /// `cancel-timeout-minutes`: how long a cancelled job may take to end; 5 without it.
    pub cancel_timeout_minutes: Option<Template>,
    /// `jobs.<job_id>.snapshot`
    pub snapshot: Option<Snapshot>,
    /// `jobs.<job_id>.strategy`
    pub strategy: Option<Strategy>,
    /// `uses` with its inputs and secrets.
    pub call: Option<JobCall>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// The body, without the key.
    pub place: Place,
}

/// `snapshot`: the custom image that a job makes of its runner
/// (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idsnapshot>).
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// `jobs.<job_id>.snapshot.image-name`
    pub image_name: Spanned<String>,
    /// `jobs.<job_id>.snapshot.if`
    pub if_: Option<Spanned<Condition>>,
    /// `jobs.<job_id>.snapshot.version`
    pub version: Option<Spanned<String>>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
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
    /// `jobs.<job_id>.runs-on.group`
    pub group: Option<Template>,
    /// One that is a whole expression may give several labels.
    pub labels: Vec<Template>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `environment`.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentUse {
    /// `jobs.<job_id>.environment.name`
    pub name: Template,
    /// `jobs.<job_id>.environment.url`
    pub url: Option<Template>,
    /// `false` keeps the environment's rules and secrets and makes no deployment.
    pub deployment: Option<Template>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `container`, or one of `services`.
#[derive(Clone, Debug)]
pub struct Container {
    /// Of a service; that of `container` has none.
    pub name: Option<Spanned<String>>,
    /// `jobs.<job_id>.container.image`
    pub image: Template,
    /// `jobs.<job_id>.container.env`
    pub env: Environment,
    /// `jobs.<job_id>.container.options`
    pub options: Option<Template>,
    /// `jobs.<job_id>.container.ports`
    pub ports: Vec<Template>,
    /// `jobs.<job_id>.container.volumes`
    pub volumes: Vec<Template>,
    /// `jobs.<job_id>.container.credentials`
    pub credentials: Option<Credentials>,
    /// Services only.
    pub entrypoint: Option<Template>,
    /// Services only.
    pub command: Option<Template>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `credentials` of a container's registry. Given by one expression they have only `whole`.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `jobs.<job_id>.container.credentials.username`
    pub username: Option<Template>,
    /// `jobs.<job_id>.container.credentials.password`
    pub password: Option<Template>,
    /// The whole, where it is one expression.
    pub whole: Option<Template>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `strategy`. One that is wholly an expression has only `whole`.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// `jobs.<job_id>.strategy.matrix`
    pub matrix: Option<Matrix>,
    /// `jobs.<job_id>.strategy.fail-fast`
    pub fail_fast: Option<Template>,
    /// `jobs.<job_id>.strategy.max-parallel`
    pub max_parallel: Option<Template>,
    /// The whole, where it is one expression.
    pub whole: Option<Template>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `strategy.matrix`. One that is wholly an expression has only `whole`.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The lists that are combined, in the order of the file.
    pub axes: Vec<(Spanned<String>, Data)>,
    /// Axes whose name is known only when the matrix is evaluated.
    pub computed: Vec<(ComputedKey, Data)>,
    /// `jobs.<job_id>.strategy.matrix.include`
    pub include: Option<Data>,
    /// `jobs.<job_id>.strategy.matrix.exclude`
    pub exclude: Option<Data>,
    /// The whole, where it is one expression.
    pub whole: Option<Template>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// A call of a workflow.
#[derive(Clone, Debug)]
pub struct JobCall {
    /// `./.github/workflows/file.yml` or `owner/repo/.github/workflows/file.yml@ref`.
    pub uses: Spanned<String>,
    /// `jobs.<job_id>.with`
    pub with: Pairs,
    /// `jobs.<job_id>.secrets`
    pub secrets: CallSecrets,
}

/// `jobs.<job_id>.secrets`: what a called workflow gets.
#[derive(Clone, Debug)]
pub enum CallSecrets {
    /// None are given.
    None,
    /// `secrets: inherit`, all that the caller has.
    Inherit,
    /// Those that are named.
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
