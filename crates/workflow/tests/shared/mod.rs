//! Finds third-party test data, which lies beside the repository where it is present.

use std::path::{Path, PathBuf};

/// A folder of the shared data, or `None` with a line that says what is skipped.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LOCKKEEPER_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    // A folder of the same form can stand in for the conformance sets alone.
    let path = match (
        name.strip_prefix("conformance/"),
        std::env::var_os("LOCKKEEPER_CONFORMANCE"),
    ) {
        (Some(set), Some(root)) => PathBuf::from(root).join(set),
        _ => root.join(name),
    };
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {name} is not here");
    None
}

// Not every test that shares this module lists files.
#[allow(dead_code)]
/// Files below a folder whose names end in one of `endings`, sorted.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if endings.iter().any(|e| name.ends_with(e)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
