//! Cases of others, which lie beside the repository where they are at hand.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The cases of a set, of all the parts of it that are here; none, with a line that says so, where
/// it is not.
pub(crate) fn cases(set: &str) -> Option<Vec<Value>> {
    let root = match std::env::var_os("LOCKKEEPER_CONFORMANCE") {
        Some(root) => PathBuf::from(root),
        None => std::env::var_os("LOCKKEEPER_SHARED")
            .map_or_else(
                || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
                PathBuf::from,
            )
            .join("conformance"),
    };
    let Ok(parts) = std::fs::read_dir(root.join(set)) else {
        eprintln!("skipped: the set {set} is not at hand");
        return None;
    };
    let mut files: Vec<PathBuf> = parts
        .filter_map(|part| Some(part.ok()?.path().join("cases.json")))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        cases.extend(serde_json::from_str::<Vec<Value>>(&text).unwrap());
    }
    if cases.is_empty() {
        eprintln!("skipped: the set {set} has no cases here");
        return None;
    }
    Some(cases)
}
