//! What rules set: keys, values, and a draft of a policy made of them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use lockkeeper_names::{
    AccountId, BranchName, ClusterName, CommandLine, ContainerName, HttpsUrl, Region,
    RepositoryName, ServiceName, TimeZone, UrlPath,
};

use crate::window::{Days, Hours};
use crate::{Environment, Policy, Severity, Trigger};

/// An environment of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Env {
    Staging,
    Production,
}

impl Env {
    pub(crate) const ALL: [Self; 2] = [Self::Staging, Self::Production];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// The name at the start of a sentence.
    pub(crate) const fn capitalised(self) -> &'static str {
        match self {
            Self::Staging => "Staging",
            Self::Production => "Production",
        }
    }

    pub(crate) fn of(self, policy: &Policy) -> &Environment {
        match self {
            Self::Staging => &policy.environments.staging,
            Self::Production => &policy.environments.production,
        }
    }
}

/// A place in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    ProductionBranch,
    PullRequest,
    /// CI as a whole; which gates it has, others say.
    Ci,
    Lint,
    TypeCheck,
    Test,
    Coverage,
    ImageBuild,
    Scanner,
    Severities,
    Services,
    Repository,
    Container,
    HealthPath,
    ReadinessPath,
    Trigger(Env),
    Branch(Env),
    MigrationCommand,
    /// When new versions may go to production.
    WindowDays,
    WindowHours,
    WindowZone,
    Approval(Env),
    SmokeTest(Env),
    Cluster(Env),
    Region(Env),
    Account(Env),
    Url(Env),
    RollbackMethod,
    RollbackTrigger,
    KeptImages,
    /// Where images are kept, which is a given.
    Registry,
    /// What runs the service, which is a given.
    Runtime,
}

impl Key {
    /// The JSON pointers of the place, in a policy with so many services.
    pub(crate) fn pointers(self, services: usize) -> Vec<String> {
        let one = |pointer: &str| vec![pointer.to_owned()];
        let each = |field: &str| {
            (0..services)
                .map(|at| format!("/services/{at}/{field}"))
                .collect()
        };
        let of = |env: Env, field: &str| vec![format!("/environments/{}/{field}", env.as_str())];
        match self {
            Self::ProductionBranch => one("/production_branch"),
            Self::PullRequest => one("/pull_request/required"),
            Self::Ci => one("/ci"),
            Self::Lint => one("/ci/lint"),
            Self::TypeCheck => one("/ci/type_check"),
            Self::Test => one("/ci/test"),
            Self::Coverage => one("/ci/coverage_percent"),
            Self::ImageBuild => one("/ci/image_build"),
            Self::Scanner => one("/ci/image_scan/scanner"),
            Self::Severities => one("/ci/image_scan/severities"),
            Self::Services => each("name"),
            Self::Repository => each("repository"),
            Self::Container => each("container"),
            Self::HealthPath => each("health_path"),
            Self::ReadinessPath => each("readiness_path"),
            Self::Trigger(env) => of(env, "trigger"),
            Self::Branch(env) => of(env, "branch"),
            Self::MigrationCommand => one("/migrations/command"),
            Self::WindowDays => of(Env::Production, "window/days"),
            Self::WindowHours => ["from", "to"]
                .map(|field| format!("/environments/production/window/{field}"))
                .to_vec(),
            Self::WindowZone => of(Env::Production, "window/time_zone"),
            Self::Approval(env) => of(env, "approval"),
            Self::SmokeTest(env) => of(env, "smoke_test"),
            Self::Cluster(env) => of(env, "cluster"),
            Self::Region(env) => of(env, "region"),
            Self::Account(env) => of(env, "account"),
            Self::Url(env) => of(env, "url"),
            Self::RollbackMethod => one("/rollback/method"),
            Self::RollbackTrigger => one("/rollback/trigger"),
            Self::KeptImages => one("/images/kept"),
            Self::Registry | Self::Runtime => Vec::new(),
        }
    }
}

/// What a place is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// The rule has no more to say than that it is there.
    Given,
    Flag(bool),
    Percent(u8),
    Count(u16),
    Branch(BranchName),
    Severities(Vec<Severity>),
    Services(Vec<ServiceName>),
    Repository(RepositoryName),
    Container(ContainerName),
    Path(UrlPath),
    Command(CommandLine),
    Trigger(Trigger),
    Days(Days),
    Hours(Hours),
    TimeZone(TimeZone),
    Cluster(ClusterName),
    Region(Region),
    Account(AccountId),
    Url(HttpsUrl),
}

impl Value {
    /// What asks for as much as both values do; nothing where they contradict each other.
    pub(crate) fn both(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Count(mine), Self::Count(theirs)) => Some(Self::Count(*mine.max(theirs))),
            (Self::Days(mine), Self::Days(theirs)) => mine.and(*theirs).map(Self::Days),
            (Self::Hours(mine), Self::Hours(theirs)) => mine.and(*theirs).map(Self::Hours),
            _ => (self == other).then(|| self.clone()),
        }
    }

    /// The one of two values that asks for more; where neither does, `self`.
    pub(crate) fn stricter(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Flag(false), Self::Flag(true)) => other,
            (Self::Percent(mine), Self::Percent(theirs)) if theirs > mine => other,
            (Self::Trigger(Trigger::Merge), Self::Trigger(Trigger::Manual)) => other,
            _ => self,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("given"),
            Self::Flag(true) => f.write_str("required"),
            Self::Flag(false) => f.write_str("not required"),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Count(count) => count.fmt(f),
            Self::Branch(name) => name.fmt(f),
            Self::Severities(list) => {
                let names: Vec<&str> = list.iter().map(|severity| severity.as_str()).collect();
                f.write_str(&names.join(", "))
            }
            Self::Services(names) => {
                let names: Vec<&str> = names.iter().map(ServiceName::as_str).collect();
                f.write_str(&names.join(", "))
            }
            Self::Repository(name) => name.fmt(f),
            Self::Container(name) => name.fmt(f),
            Self::Path(path) => path.fmt(f),
            Self::Trigger(Trigger::Merge) => f.write_str("on merge"),
            Self::Trigger(Trigger::Manual) => f.write_str("by a person"),
            Self::Command(command) => command.fmt(f),
            Self::Days(days) => days.fmt(f),
            Self::Hours(hours) => hours.fmt(f),
            Self::TimeZone(zone) => zone.fmt(f),
            Self::Cluster(name) => name.fmt(f),
            Self::Region(name) => name.fmt(f),
            Self::Account(id) => id.fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}

/// One value that a statement sets.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) key: Key,
    pub(crate) value: Value,
    /// The bytes of the source that say so; the whole clause where nothing is narrower.
    pub(crate) span: Option<Range<usize>>,
    /// The statement names no environment, and means the one that is usual or all of them.
    pub(crate) any_environment: bool,
    /// The branch that the statement speaks of, where it must be the production branch.
    pub(crate) branch: Option<BranchName>,
}

impl Setting {
    pub(crate) fn new(key: Key, value: Value) -> Self {
        Self {
            key,
            value,
            span: None,
            any_environment: false,
            branch: None,
        }
    }

    pub(crate) fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    pub(crate) fn unnamed(mut self, unnamed: bool) -> Self {
        self.any_environment = unnamed;
        self
    }

    pub(crate) fn on(mut self, branch: Option<BranchName>) -> Self {
        self.branch = branch;
        self
    }
}

/// A policy in the making: only what is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Draft(BTreeMap<Key, Value>);

impl Draft {
    pub(crate) fn set(&mut self, key: Key, value: Value) {
        self.0.insert(key, value);
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Value> {
        self.0.get(&key)
    }

    /// The places that are set.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.0.keys().copied()
    }

    pub(crate) fn flag(&self, key: Key) -> Option<bool> {
        match self.get(key) {
            Some(Value::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        self.0.contains_key(&key)
    }
}

impl FromIterator<Setting> for Draft {
    fn from_iter<I: IntoIterator<Item = Setting>>(settings: I) -> Self {
        Self(
            settings
                .into_iter()
                .map(|setting| (setting.key, setting.value))
                .collect(),
        )
    }
}

impl From<&Policy> for Draft {
    fn from(policy: &Policy) -> Self {
        let mut draft = Self::default();
        draft.set(
            Key::ProductionBranch,
            Value::Branch(policy.production_branch.clone()),
        );
        let ci = &policy.ci;
        for (key, on) in [
            (Key::PullRequest, policy.pull_request.required),
            (Key::Lint, ci.lint),
            (Key::TypeCheck, ci.type_check),
            (Key::Test, ci.test),
            (Key::ImageBuild, ci.image_build),
        ] {
            if on {
                draft.set(key, Value::Flag(true));
            }
        }
        if let Some(percent) = ci.coverage_percent {
            draft.set(Key::Coverage, Value::Percent(percent));
        }
        if let Some(scan) = &ci.image_scan {
            draft.set(Key::Scanner, Value::Given);
            draft.set(Key::Severities, Value::Severities(scan.severities.clone()));
        }
        if let Some(migrations) = &policy.migrations {
            draft.set(
                Key::MigrationCommand,
                Value::Command(migrations.command.clone()),
            );
        }
        if let Some(images) = &policy.images {
            draft.set(Key::KeptImages, Value::Count(images.kept));
        }
        draft.services(policy);
        for env in Env::ALL {
            draft.environment(env, env.of(policy));
        }
        if policy.rollback.is_some() {
            draft.set(Key::RollbackMethod, Value::Given);
            draft.set(Key::RollbackTrigger, Value::Given);
        }
        draft
    }
}

impl Draft {
    fn services(&mut self, policy: &Policy) {
        let Some(first) = policy.services.first() else {
            return;
        };
        let names = policy
            .services
            .iter()
            .map(|service| service.name.clone())
            .collect();
        self.set(Key::Services, Value::Services(names));
        // Prose has one value for all services; what differs between them follows from their names.
        if policy
            .services
            .iter()
            .all(|service| service.repository == first.repository)
        {
            self.set(Key::Repository, Value::Repository(first.repository.clone()));
        }
        if let Some(container) = &first.container {
            self.set(Key::Container, Value::Container(container.clone()));
        }
        if let Some(path) = &first.health_path {
            self.set(Key::HealthPath, Value::Path(path.clone()));
        }
        if let Some(path) = &first.readiness_path {
            self.set(Key::ReadinessPath, Value::Path(path.clone()));
        }
    }

    fn environment(&mut self, env: Env, environment: &Environment) {
        self.set(Key::Trigger(env), Value::Trigger(environment.trigger));
        if let Some(branch) = &environment.branch {
            self.set(Key::Branch(env), Value::Branch(branch.clone()));
        }
        if let Some(window) = &environment.window {
            if window.days != Days::ALL {
                self.set(Key::WindowDays, Value::Days(window.days));
            }
            let hours = Hours {
                from: window.from,
                to: window.to,
            };
            if hours != Hours::ALL {
                self.set(Key::WindowHours, Value::Hours(hours));
            }
            self.set(Key::WindowZone, Value::TimeZone(window.time_zone.clone()));
        }
        if environment.approval {
            self.set(Key::Approval(env), Value::Flag(true));
        }
        if environment.smoke_test {
            self.set(Key::SmokeTest(env), Value::Flag(true));
        }
        if let Some(cluster) = &environment.cluster {
            self.set(Key::Cluster(env), Value::Cluster(cluster.clone()));
        }
        if let Some(region) = &environment.region {
            self.set(Key::Region(env), Value::Region(region.clone()));
        }
        if let Some(account) = &environment.account {
            self.set(Key::Account(env), Value::Account(account.clone()));
        }
        if let Some(url) = &environment.url {
            self.set(Key::Url(env), Value::Url(url.clone()));
        }
    }
}
