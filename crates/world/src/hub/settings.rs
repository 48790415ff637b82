//! What people configure: who may do what, which gates exist, what is known by which name.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::{
    BranchName, CommitSha, EnvironmentName, Login, RepositorySlug, SettingName,
};

/// The repository's identity, fixed when it was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySpec {
    pub slug: RepositorySlug,
    pub repository_id: u64,
    pub owner_id: u64,
    pub visibility: Visibility,
    pub default_branch: BranchName,
    /// The commit that the default branch starts with.
    pub root: CommitSha,
    /// Created after 2026-07-15: its OIDC subjects carry ids unless configured otherwise.
    pub created_after_immutable_ids: bool,
}

impl RepositorySpec {
    pub fn owner(&self) -> &str {
        self.halves().0
    }

    pub fn name(&self) -> &str {
        self.halves().1
    }

    fn halves(&self) -> (&str, &str) {
        let slug = self.slug.as_str();
        slug.split_once('/').unwrap_or((slug, slug))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Public,
    Private,
    Internal,
}

impl Visibility {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Internal => "internal",
        }
    }
}

/// The settings of a repository. Later changes go through [`Hub`](super::Hub).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub rulesets: Vec<Ruleset>,
    pub environments: BTreeMap<EnvironmentName, EnvironmentSettings>,
    pub default_token: DefaultToken,
    /// Secrets by name; their values are the rehearsal's.
    pub secrets: Scoped<BTreeSet<SettingName>>,
    pub variables: Scoped<BTreeMap<SettingName, String>>,
    pub oidc_subject: OidcSubject,
    /// Who has access; the repository's owner is an admin without being listed.
    pub collaborators: BTreeMap<Login, Role>,
}

impl Settings {
    /// A repository that nobody has configured: no ruleset, no environment, a read-only token.
    pub fn github_defaults() -> Self {
        Self {
            rulesets: Vec::new(),
            environments: BTreeMap::new(),
            default_token: DefaultToken::Read,
            secrets: Scoped::default(),
            variables: Scoped::default(),
            oidc_subject: OidcSubject::ByAge,
            collaborators: BTreeMap::new(),
        }
    }
}

/// Something kept once for the repository and once for each environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scoped<T> {
    pub repository: T,
    pub environments: BTreeMap<EnvironmentName, T>,
}

/// What `GITHUB_TOKEN` may do where a workflow has no `permissions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultToken {
    Read,
    Write,
}

/// The form of the `sub` claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OidcSubject {
    /// As the repository's age has it.
    ByAge,
    /// `repo:owner/name:…`
    Classic,
    /// `repo:owner@id/name@id:…`
    Immutable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Read,
    Write,
    Admin,
}

/// A deployment environment's protection. The default is what GitHub gives an environment that a
/// run creates by naming it: none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentSettings {
    /// One approval by any of them suffices.
    pub reviewers: Vec<Login>,
    pub prevent_self_review: bool,
    pub branch_policy: BranchPolicy,
    pub can_admins_bypass: bool,
    /// In minutes; 0 for none.
    pub wait_timer: u32,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self {
            reviewers: Vec::new(),
            prevent_self_review: false,
            branch_policy: BranchPolicy::None,
            can_admins_bypass: true,
            wait_timer: 0,
        }
    }
}

/// Which refs may deploy to an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchPolicy {
    None,
    /// Branches that a ruleset protects; every branch where none is protected at all.
    ProtectedOnly,
    Patterns(Vec<(String, RefType)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefType {
    Branch,
    Tag,
}

impl RefType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
        }
    }
}

/// A branch ruleset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruleset {
    pub name: String,
    /// Branch patterns; `~DEFAULT_BRANCH` and `~ALL` as GitHub writes them.
    pub branches: Vec<String>,
    pub enforcement: Enforcement,
    pub pull_request: Option<PullRequestRule>,
    /// Contexts that must have passed on a pull request's head.
    pub required_checks: Vec<String>,
    /// The head must contain the base branch's tip.
    pub strict: bool,
    pub non_fast_forward: bool,
    /// Who is exempt from all of it; admins are not unless they are listed.
    pub bypass: Vec<Login>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcement {
    Active,
    Disabled,
}

/// Changes come through pull requests only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequestRule {
    pub required_approving_review_count: u32,
}
