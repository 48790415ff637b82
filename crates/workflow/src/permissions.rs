//! The scopes of the token.

use crate::model::{Access, Permissions, PermissionsKind};

/// What a scope can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    Any,
    WriteOnly,
    ReadOnly,
}

pub(crate) use crate::tables::SCOPES;

/// What a token may do where no `permissions` are written: a setting of the repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenDefault {
    /// `contents: read` and `packages: read`, GitHub's default for new repositories.
    #[default]
    Restricted,
    /// Everything but an OIDC token.
    Permissive,
}

impl TokenDefault {
    /// What the token may do with a scope.
    pub fn access(self, scope: &str) -> Access {
        match self {
            TokenDefault::Restricted if scope == "contents" || scope == "packages" => Access::Read,
            TokenDefault::Restricted => Access::None,
            TokenDefault::Permissive => match grant(scope) {
                Some(Grant::Any) => Access::Write,
                Some(Grant::ReadOnly) => Access::Read,
                _ => Access::None,
            },
        }
    }
}

fn grant(scope: &str) -> Option<Grant> {
    let found = SCOPES.iter().find(|(name, _)| *name == scope);
    found.map(|(_, grant)| *grant)
}

impl Permissions {
    /// What the token may do in a scope such as `contents` or `id-token`.
    pub fn access(&self, scope: &str) -> Access {
        match (&self.kind, grant(scope)) {
            // `read-all` gives no OIDC token: `id-token` has no `read`.
            (PermissionsKind::ReadAll, Some(Grant::Any | Grant::ReadOnly)) => Access::Read,
            (PermissionsKind::WriteAll, Some(Grant::Any | Grant::WriteOnly)) => Access::Write,
            (PermissionsKind::WriteAll, Some(Grant::ReadOnly)) => Access::Read,
            (PermissionsKind::ReadAll | PermissionsKind::WriteAll, _) => Access::None,
            (PermissionsKind::Scopes(scopes), _) => scopes
                .iter()
                .find(|(name, _)| name.value == scope)
                .map_or(Access::None, |(_, access)| access.value),
        }
    }
}
