//! Third-party test data, which lies beside the repository where it is present, and how far we agree.

// Each test that shares this module uses a part of it.
#![allow(dead_code)]

pub(crate) mod known;

use std::path::{Path, PathBuf};

use known::KNOWN;

/// A folder of the shared data, or `None` with a line that says what is skipped.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LOCKKEEPER_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    // A folder of the same form can stand in for the conformance sets alone.
    let path = match (name.strip_prefix("conformance/"), elsewhere()) {
        (Some(set), Some(root)) => root.join(set),
        _ => root.join(name),
    };
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {name} is not here");
    None
}

/// Another folder of conformance sets: cases in it were not seen before.
fn elsewhere() -> Option<PathBuf> {
    std::env::var_os("LOCKKEEPER_CONFORMANCE").map(PathBuf::from)
}

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

/// The parts of a conformance set, such as `dev`, one folder each; none where the set is absent.
pub(crate) fn parts(set: &str) -> Vec<PathBuf> {
    let Some(folder) = folder(&format!("conformance/{set}")) else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(&folder).expect("a readable folder");
    let mut parts: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.is_dir())
        .collect();
    parts.sort();
    parts
}

/// How far we agree with a set. At most 2 % of a set may differ, each case of which is listed in
/// [`KNOWN`]; of cases from another folder none can be listed, so they count against the 2 % alone.
pub(crate) struct Tally {
    set: &'static str,
    all: usize,
    known: Vec<String>,
    unknown: Vec<String>,
    /// Listed cases that agree after all.
    settled: Vec<String>,
}

impl Tally {
    pub(crate) fn new(set: &'static str) -> Tally {
        Tally {
            set,
            all: 0,
            known: Vec::new(),
            unknown: Vec::new(),
            settled: Vec::new(),
        }
    }

    /// Counts a case, by the name that it has in the set.
    pub(crate) fn case(&mut self, name: &str, result: Result<(), String>) {
        self.all += 1;
        let listed = KNOWN.iter().any(|k| k.set == self.set && k.case == name);
        match (result, listed) {
            (Ok(()), false) => {}
            (Ok(()), true) => self.settled.push(name.to_owned()),
            (Err(_), true) => self.known.push(name.to_owned()),
            (Err(why), false) => self.unknown.push(format!("{name}: {why}")),
        }
    }

    /// Says how many agree, and fails where too many differ or one does that is not listed.
    #[track_caller]
    pub(crate) fn finish(self) {
        if self.all == 0 {
            return;
        }
        let differ = self.known.len() + self.unknown.len();
        println!("{}: {} of {} agree", self.set, self.all - differ, self.all);
        for name in &self.known {
            println!("  differs, as listed: {name}");
        }
        for line in &self.unknown {
            println!("  differs: {line}");
        }
        assert!(
            differ * 50 <= self.all,
            "{}: {differ} of {} differ, which is more than 2 %:\n{}",
            self.set,
            self.all,
            self.unknown.join("\n")
        );
        if elsewhere().is_none() {
            assert!(
                self.unknown.is_empty(),
                "{}: not listed:\n{}",
                self.set,
                self.unknown.join("\n")
            );
            assert!(
                self.settled.is_empty(),
                "{}: listed, but no difference any more: {:?}",
                self.set,
                self.settled
            );
        }
    }
}
