//! `hashFiles()`.

use std::path::Path;

use cap_std::fs::Dir;
use sha2::{Digest, Sha256};

/// The SHA-256 over the SHA-256 of each file that matches, in the order of their paths; nothing
/// when none does. Patterns: `*`, `**`, `?`, and `!` to leave out.
pub(crate) fn hash_files(files: &Dir, workspace: &Path, patterns: &[String]) -> Option<String> {
    let root = files.open_dir(workspace).ok()?;
    let mut found = Vec::new();
    walk(&root, String::new(), &mut found, 0);
    found.sort();
    let mut whole = Sha256::new();
    let mut any = false;
    for path in found {
        let mut matched = false;
        for pattern in patterns
            .iter()
            .flat_map(|pattern| pattern.lines())
            .map(str::trim)
            .filter(|pattern| !pattern.is_empty())
        {
            match pattern.strip_prefix('!') {
                Some(pattern) if glob(pattern, &path) => matched = false,
                None if glob(pattern.trim_start_matches("./"), &path) => matched = true,
                _ => {}
            }
        }
        if matched && let Ok(contents) = root.read(&path) {
            any = true;
            whole.update(Sha256::digest(contents));
        }
    }
    any.then(|| {
        whole
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    })
}

fn walk(directory: &Dir, prefix: String, found: &mut Vec<String>, depth: usize) {
    let Ok(entries) = directory.entries() else {
        return;
    };
    for entry in entries.flatten() {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
            continue;
        };
        if kind.is_dir() && depth < 32 && name != ".git" && name != "node_modules" {
            if let Ok(below) = entry.open_dir() {
                walk(&below, format!("{prefix}{name}/"), found, depth + 1);
            }
        } else if kind.is_file() && found.len() < 20_000 {
            found.push(format!("{prefix}{name}"));
        }
    }
}

/// Whether a path is what a pattern of `*`, `**` and `?` names.
pub(crate) fn glob(pattern: &str, path: &str) -> bool {
    match pattern.as_bytes() {
        [] => path.is_empty(),
        [b'*', b'*', b'/', rest @ ..] => {
            let rest = std::str::from_utf8(rest).unwrap_or_default();
            glob(rest, path)
                || path
                    .match_indices('/')
                    .any(|(at, _)| glob(rest, &path[at + 1..]))
        }
        [b'*', b'*', rest @ ..] => {
            let rest = std::str::from_utf8(rest).unwrap_or_default();
            path.char_indices()
                .map(|(at, _)| at)
                .chain([path.len()])
                .any(|at| glob(rest, &path[at..]))
        }
        [b'*', rest @ ..] => {
            let rest = std::str::from_utf8(rest).unwrap_or_default();
            let end = path.find('/').unwrap_or(path.len());
            path[..end]
                .char_indices()
                .map(|(at, _)| at)
                .chain([end])
                .any(|at| glob(rest, &path[at..]))
        }
        [b'?', ..] => {
            path.chars().next().is_some_and(|c| c != '/')
                && glob(
                    &pattern[1..],
                    &path[path.chars().next().map_or(0, char::len_utf8)..],
                )
        }
        [_, ..] => {
            let width = pattern.chars().next().map_or(1, char::len_utf8);
            path.starts_with(&pattern[..width]) && glob(&pattern[width..], &path[width..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(glob("**/package-lock.json", "package-lock.json"));
        assert!(glob("**/package-lock.json", "a/b/package-lock.json"));
        assert!(glob("*.json", "a.json") && !glob("*.json", "a/b.json"));
        assert!(glob("src/**", "src/a/b.ts") && !glob("src/*", "src/a/b.ts"));
        assert!(glob("a?c", "abc") && !glob("a?c", "a/c"));
    }
}
