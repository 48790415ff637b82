//! Types of other crates that this one's public items name are listed in `lib.rs`, and no others are.

use std::fs;
use std::path::{Path, PathBuf};

/// Names under which types of dependencies are used in the sources, and the crate.
const NAMES: &[(&str, &str)] = &[
    ("IndexMap", "indexmap::IndexMap"),
    ("indexmap::", "indexmap"),
    ("IndexSet", "indexmap::IndexSet"),
    ("serde_json", "serde_json"),
    ("saphyr", "saphyr-parser"),
    ("scanner::", "saphyr-parser"),
    ("ScanError", "saphyr-parser"),
];

/// What may show.
const LISTED: &[&str] = &["indexmap::IndexMap"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// Heads of public items: from `pub` to the body or the end. `pub(crate)` is not public.
fn heads(text: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let code = line.trim();
        if open.is_none() && code.starts_with("pub ") {
            open = Some(String::new());
        }
        if let Some(head) = &mut open {
            head.push_str(code);
            head.push(' ');
            if code.ends_with(['{', ';', '}']) || code.ends_with(',') && !head.contains('(') {
                heads.extend(open.take());
            }
        }
    }
    heads
}

#[test]
fn types_of_other_crates_show_only_where_they_are_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("src/lib.rs")).expect("lib.rs");
    let mut seen = Vec::new();
    for path in sources(&root.join("src")) {
        let text = fs::read_to_string(&path).expect("a readable file");
        for head in heads(&text) {
            for (name, of) in NAMES.iter().filter(|(name, _)| head.contains(name)) {
                assert!(
                    LISTED.contains(of),
                    "{}: `{head}` shows {name}",
                    path.display()
                );
                seen.push(*of);
            }
        }
    }
    for listed in LISTED {
        assert!(seen.contains(listed), "{listed} shows nowhere any more");
        assert!(
            page.contains(&format!("`{listed}`")),
            "lib.rs does not list {listed}"
        );
    }
}
