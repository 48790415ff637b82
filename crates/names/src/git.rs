use crate::grammar::{all, lower_hex, name};

name! {
    /// A Git branch, without `refs/heads/`: what `git check-ref-format --branch` accepts, less
    /// the characters that a shell or YAML reads specially.
    BranchName, "a branch name",
    "up to 244 letters, digits and `._-/+@#`, without `..`, `//`, `@{`, a leading `-`, `.` or `/`, or an ending in `/`, `.` or `.lock`",
    |text| all(text, 244, |b| b.is_ascii_alphanumeric() || b"._-/+@#".contains(&b))
        && text != "@"
        && !text.starts_with('-')
        && !text.ends_with('.')
        && !text.contains("..")
        && text.split('/').all(|part| {
            !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock")
        })
}

name! {
    /// A commit's full SHA-1 in lower-case hexadecimal.
    CommitSha, "a commit", "40 lower-case hexadecimal digits",
    |text| text.len() == 40 && text.bytes().all(lower_hex)
}

impl CommitSha {
    /// The first seven digits, as GitHub shows a commit.
    pub fn short(&self) -> &str {
        &self.as_str()[..7]
    }
}
