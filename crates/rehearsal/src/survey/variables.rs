//! The variables that workflows read.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::stage::Loaded;

/// The names behind `vars.`, in every line that is no comment.
pub(super) fn named(workflows: &[Arc<Loaded>]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for loaded in workflows {
        for line in loaded.text.lines() {
            if line.trim_start().starts_with('#') || !line.contains("${{") && !line.contains("if:")
            {
                continue;
            }
            for (at, _) in line.match_indices("vars.") {
                let before = line[..at].bytes().next_back();
                if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
                {
                    continue;
                }
                let rest = &line[at + "vars.".len()..];
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                if end > 0 {
                    names.insert(rest[..end].to_owned());
                }
            }
        }
    }
    names
}
