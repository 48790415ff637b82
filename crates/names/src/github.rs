use crate::grammar::{all, name, word};

fn login(text: &str) -> bool {
    all(text, 39, |b| b.is_ascii_alphanumeric() || b == b'-') && !text.starts_with('-')
}

fn file(text: &str) -> bool {
    all(text, 100, |b| {
        b.is_ascii_alphanumeric() || b"._-".contains(&b)
    })
}

name! {
    /// A deployment environment. GitHub allows up to 255 characters; we accept the ones that need
    /// no quoting anywhere.
    EnvironmentName, "a GitHub environment", "up to 255 letters, digits and `-_./`, starting with a letter or digit",
    |text| all(text, 255, |b| word(b) || b == b'.' || b == b'/')
        && text.as_bytes()[0].is_ascii_alphanumeric()
}

name! {
    /// A user's or an organisation's login.
    Login, "a GitHub login", "up to 39 letters, digits and hyphens",
    |text| login(text.strip_suffix("[bot]").unwrap_or(text))
}

name! {
    /// A team's slug inside its organisation.
    TeamSlug, "a GitHub team", "up to 100 lower-case letters, digits, hyphens and underscores",
    |text| all(text, 100, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

name! {
    /// A repository as `owner/name`.
    RepositorySlug, "a GitHub repository", "`owner/name`",
    |text| text.split_once('/').is_some_and(|(owner, name)| login(owner) && file(name) && name != "." && name != "..")
}

name! {
    /// The name of an Actions secret or variable.
    SettingName, "a secret or variable name", "letters, digits and underscores, not starting with a digit or GITHUB_",
    |text| all(text, 255, |b| b.is_ascii_alphanumeric() || b == b'_')
        && !text.as_bytes()[0].is_ascii_digit()
        && !text.to_ascii_uppercase().starts_with("GITHUB_")
}

name! {
    /// A workflow's file name inside `.github/workflows`.
    WorkflowFile, "a workflow file", "a file name of letters, digits and `._-` that ends in .yml or .yaml",
    |text| file(text) && (text.ends_with(".yml") || text.ends_with(".yaml"))
}
