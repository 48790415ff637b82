//! Workflows of actionlint's own tests, with what actionlint says about them, when present.
//!
//! Position and kind of a finding are judged, not its wording. Kinds are compared by actionlint's
//! own names of its rules, which are coarser than ours; what our reader refuses has no kind and is
//! judged by its position. Where GitHub's reader and actionlint name the same fault at different
//! words, [`same_fault`] says so, case by case.

mod shared;

use std::path::{Path, PathBuf};

use lockkeeper_workflow::check::{Checked, Files, Repository, check_text};
use shared::Tally;

/// A finding: line, column, actionlint's rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    file: String,
    line: u32,
    column: u32,
    rule: String,
}

/// Our kinds and the rule of actionlint that says the same.
const RULES: &[(&str, &str)] = &[
    ("call-input", "workflow-call"),
    ("call-not-callable", "workflow-call"),
    ("call-secret", "workflow-call"),
    ("call-without-workflow", "workflow-call"),
    ("action-metadata", "action"),
    ("action-refused", "action"),
    ("action-without-file", "action"),
    ("condition-constant", "if-cond"),
    ("condition-text", "if-cond"),
    ("cron-interval", "events"),
    ("default-never-used", "events"),
    ("deprecated-command", "deprecated-commands"),
    ("deprecated-input", "action"),
    ("docker-without-tag", "action"),
    ("empty-filter", "syntax-check"),
    ("empty-section", "syntax-check"),
    ("empty-steps", "syntax-check"),
    ("unknown-timezone", "events"),
    ("env-name", "env-var"),
    ("expression-argument", "expression"),
    ("expression-comparison", "expression"),
    ("expression-type", "expression"),
    ("filter-pattern", "glob"),
    ("hardcoded-password", "credentials"),
    ("ignored-filter", "events"),
    ("job-without-steps", "syntax-check"),
    ("matrix-duplicate", "matrix"),
    ("matrix-exclude", "matrix"),
    ("max-parallel", "syntax-check"),
    ("missing-input", "action"),
    ("needs-duplicate", "job-needs"),
    ("outdated-action", "action"),
    ("runner-label", "runner-label"),
    ("runner-label-conflict", "runner-label"),
    ("runner-without-label", "syntax-check"),
    ("schedule-without-cron", "syntax-check"),
    ("script-injection", "expression"),
    ("timeout-minutes", "syntax-check"),
    ("too-many-inputs", "events"),
    ("expression-undefined", "expression"),
    ("unknown-input", "action"),
    ("unused-anchor", "syntax-check"),
    ("shell-name", "shell-name"),
];

/// Kinds that actionlint does not have.
const OURS_ALONE: &[(&str, &str)] = &[
    (
        "deprecated-runtime",
        "GitHub replaced Node.js 20 by Node.js 24 in June 2026, after the set was made",
    ),
    (
        "event-without-member",
        "actionlint takes any member of `github.event` for possible",
    ),
];

/// Cases that need another program, which this crate never starts.
const NEED_PROGRAMS: &[&str] = &["shellcheck", "pyflakes"];

struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(path)).ok()
    }

    fn exists(&self, path: &str) -> bool {
        self.0.join(path).is_file()
    }
}

/// One file and what actionlint says about it.
struct Case {
    name: String,
    root: PathBuf,
    /// Files to judge, with the name that findings carry.
    files: Vec<(PathBuf, String)>,
    expected: Vec<String>,
}

fn cases(set: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for group in ["err", "examples", "ok"] {
        let root = set.join(group);
        if !root.is_dir() {
            continue;
        }
        for path in shared::files(&root, &[".yaml", ".yml"]) {
            if path.parent() != Some(root.as_path()) {
                continue;
            }
            let stem = path.file_stem().expect("a name").to_string_lossy();
            cases.push(Case {
                name: format!("{group}/{stem}"),
                root: root.clone(),
                expected: lines(&path.with_extension("out")),
                files: vec![(path.clone(), "test.yaml".to_owned())],
            });
        }
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir(set.join("projects"))
        .into_iter()
        .flatten()
        .map(|e| e.expect("a readable entry").path())
        .filter(|p| p.is_dir())
        .collect();
    folders.sort();
    for root in folders {
        let files = shared::files(&root.join("workflows"), &[".yaml", ".yml"]);
        let named = files.into_iter().map(|path| {
            let name = path.strip_prefix(&root).expect("inside").to_string_lossy();
            (path.clone(), name.into_owned())
        });
        let name = root.file_name().expect("a name").to_string_lossy();
        cases.push(Case {
            name: format!("projects/{name}"),
            files: named.collect(),
            expected: lines(&root.with_extension("out")),
            root,
        });
    }
    cases
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Reads `file:line:column: message [rule]`; between slashes it is a regular expression, of which
/// only escaped dots matter here. `None` for an expression without a position.
fn read(line: &str) -> Option<Said> {
    let pattern = line.strip_prefix('/').and_then(|l| l.strip_suffix('/'));
    let text = pattern.map_or_else(|| line.to_owned(), |p| p.replace('\\', ""));
    let mut parts = text.splitn(4, ':');
    let (file, line, column, message) = (
        parts.next()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?,
    );
    let rule = message
        .rsplit_once('[')
        .and_then(|(_, r)| r.strip_suffix(']'));
    let rule = rule.unwrap_or_else(|| {
        if message.contains("label \"") {
            "runner-label"
        } else {
            "expression"
        }
    });
    Some(Said {
        file: file.to_owned(),
        line,
        column,
        rule: rule.to_owned(),
    })
}

/// What we say at one place.
struct Ours {
    said: Said,
    message: String,
    /// Line and column behind the last character.
    end: (u32, u32),
    /// Refused by the reader.
    refused: bool,
}

/// What GitHub refuses and actionlint does not: part of our message, and of the line that it is
/// about.
const GITHUB_ALONE: &[(&str, &str, &str)] = &[
    (
        "invalid value workflow reference",
        "uses:",
        "GitHub calls workflows of `.github/workflows` alone; the set keeps them elsewhere",
    ),
    (
        "A template expression is not allowed in this context",
        "uses:",
        "GitHub's schema has no expression there; actionlint gives up checking",
    ),
    (
        "The workflow must contain at least one job with no dependencies",
        "",
        "GitHub says so beside the unknown or circular `needs`",
    ),
    (
        "Required property is missing: shell",
        "uses:",
        "the runner refuses `run` without `shell` in a composite action; actionlint does not look",
    ),
];

/// What actionlint refuses and GitHub does not.
const ACTIONLINT_ALONE: &[(&str, &str)] = &[(
    "section must be sequence node but got scalar node with \"!!str\" tag",
    "GitHub's schema takes one text for a list of one",
)];

fn ours(case: &Case) -> Vec<Ours> {
    let folder = Folder(case.root.clone());
    let repository = Repository::new(&folder);
    let mut all = Vec::new();
    for (path, name) in &case.files {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let Checked {
            problems, findings, ..
        } = check_text(name, &text, &repository);
        let problems = problems.into_iter().map(|p| (p.place, "", p.message));
        let findings = findings.into_iter().map(|f| (f.place, f.kind, f.message));
        for (place, kind, message) in problems.chain(findings) {
            if OURS_ALONE.iter().any(|(own, _)| *own == kind) {
                continue;
            }
            let rule = RULES.iter().find(|(own, _)| *own == kind);
            let covered = &text[place.span.clone()];
            let end = match covered.rsplit_once('\n') {
                None => (place.line, place.column + covered.chars().count() as u32),
                Some((before, last)) => (
                    place.line + 1 + before.matches('\n').count() as u32,
                    1 + last.chars().count() as u32,
                ),
            };
            all.push(Ours {
                said: Said {
                    file: name.clone(),
                    line: place.line,
                    column: place.column,
                    rule: rule.map_or(kind, |(_, rule)| rule).to_owned(),
                },
                message,
                end,
                refused: kind.is_empty(),
            });
        }
    }
    all
}

/// The lines of one file, for questions about how it is indented.
struct Lines<'t>(Vec<&'t str>);

impl Lines<'_> {
    fn at(&self, line: u32) -> &str {
        self.0
            .get((line as usize).wrapping_sub(1))
            .copied()
            .unwrap_or("")
    }

    fn indent(&self, line: u32) -> usize {
        let text = self.at(line);
        text.len() - text.trim_start_matches([' ', '-']).len()
    }

    fn is_blank(&self, line: u32) -> bool {
        let text = self.at(line).trim_start();
        text.is_empty() || text.starts_with('#')
    }

    /// The lines of the keys that a position lies under, nearest first.
    fn keys_above(&self, line: u32, column: u32) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        let mut indent = column.saturating_sub(1) as usize;
        for above in (1..line).rev().filter(|l| !self.is_blank(*l)) {
            if self.indent(above) < indent {
                indent = self.indent(above);
                found.push((above, indent as u32 + 1));
            }
        }
        found
    }

    /// Whether two positions are keys of one mapping.
    fn same_mapping(&self, a: (u32, u32), b: (u32, u32)) -> bool {
        let (first, last) = (a.0.min(b.0), a.0.max(b.0));
        let indent = a.1.saturating_sub(1) as usize;
        a.1 == b.1
            && (first + 1..=last).filter(|l| !self.is_blank(*l)).all(|l| {
                self.indent(l) >= indent && !self.at(l).get(..indent).unwrap_or("").contains('-')
            })
    }
}

/// Whether `ours` is the fault that `theirs` names, if not at the same word.
fn same_fault(ours: &Ours, theirs: &Said, lines: &Lines<'_>) -> bool {
    let (at, wanted) = (
        (ours.said.line, ours.said.column),
        (theirs.line, theirs.column),
    );
    if ours.said.file != theirs.file || !(ours.refused || ours.said.rule == theirs.rule) {
        return false;
    }
    if at == wanted {
        return true;
    }
    // actionlint points at a character of what we name: in a pattern, an expression, a text.
    let one_line = at.0 == ours.end.0;
    if one_line && wanted.0 == at.0 && (at.1..=ours.end.1).contains(&wanted.1) {
        return true;
    }
    // One names the key and the other its value, or where the value would be.
    let (first, last) = (at.min(wanted), at.max(wanted));
    let line = lines.at(first.0);
    let from = line
        .get((first.1 as usize).saturating_sub(1)..)
        .unwrap_or("");
    let is_key = |text: &str| {
        let text = text.trim_end();
        text.ends_with(':') && !text[..text.len() - 1].contains([':', ' '])
    };
    let key_and_value = if first.0 == last.0 {
        let between = line.get(first.1 as usize - 1..last.1 as usize - 1);
        between.is_some_and(|text| is_key(text) || text.trim().is_empty())
    } else {
        is_key(from)
            && (first.0 + 1..last.0).all(|l| lines.is_blank(l))
            && lines.at(last.0)[..(last.1 as usize - 1).min(lines.at(last.0).len())]
                .trim_start_matches([' ', '-'])
                .is_empty()
    };
    if key_and_value {
        return true;
    }
    let says = |words: &[&str]| words.iter().any(|w| ours.message.contains(w));
    // What a mapping lacks, GitHub's reader says at its first key, actionlint at the key above;
    // a job that does not exist, the one where it is named, the other at the job that names it.
    let lacks = [
        "Required property is missing",
        "depends on",
        "Unexpected value ''",
    ];
    if says(&lacks) && lines.keys_above(at.0, at.1).contains(&wanted) {
        return true;
    }
    // Of keys that exclude each other, GitHub's reader takes the first for meant, actionlint the
    // last.
    if says(&["Unexpected value '", "There's not enough info"]) && theirs.rule == "syntax-check" {
        return lines.same_mapping(at, wanted);
    }
    // Where YAML ends is a matter of the library.
    says(&["Not YAML"]) && (wanted.0 == at.0 || wanted == (0, 0))
}

#[test]
fn findings_agree_with_actionlint() {
    let mut tally = Tally::new("actionlint");
    for case in shared::parts("actionlint")
        .iter()
        .flat_map(|part| cases(part))
    {
        let needs = |p: &&str| case.name.contains(*p);
        let program = NEED_PROGRAMS.iter().any(needs) && !case.expected.is_empty();
        if program || case.root.join("actionlint.yaml").exists() {
            println!("actionlint: left out: {}", case.name);
            continue;
        }
        let text = difference(&case);
        let result = if text.is_empty() {
            Ok(())
        } else {
            Err(format!("\n{text}"))
        };
        tally.case(&case.name, result);
    }
    tally.finish();
}

/// What only one of the two says, a line each.
fn difference(case: &Case) -> String {
    let ours = ours(case);
    let theirs: Vec<(Option<Said>, &String)> = case
        .expected
        .iter()
        .map(|line| (read(line), line))
        .collect();
    let texts: Vec<(String, String)> = case
        .files
        .iter()
        .map(|(path, name)| {
            let text = std::fs::read_to_string(path).expect("a readable file");
            (name.clone(), text)
        })
        .collect();
    let same = |o: &Ours, t: &Said| {
        let text = texts.iter().find(|(name, _)| *name == t.file);
        let lines = Lines(text.map_or_else(Vec::new, |(_, text)| text.lines().collect()));
        same_fault(o, t, &lines)
    };
    // A finding of ours at the very word is theirs; what is left may be it at another word, once.
    let position = |s: &Said| (s.file.clone(), s.line, s.column);
    let exact = |o: &Ours, t: &Said| same(o, t) && position(&o.said) == position(t);
    let said = || {
        theirs
            .iter()
            .filter_map(|(said, line)| Some((said.as_ref()?, *line)))
    };
    let mut free: Vec<&Ours> = ours
        .iter()
        .filter(|o| !said().any(|(t, _)| exact(o, t)))
        .collect();
    let mut text = String::new();
    for (t, line) in said() {
        let alone = ACTIONLINT_ALONE
            .iter()
            .any(|(words, _)| line.contains(words));
        if alone || ours.iter().any(|o| exact(o, t)) {
            continue;
        }
        let missing_and_empty =
            |o: &Ours| line.contains(" is missing") && o.message == "Unexpected value ''";
        if let Some(at) = free.iter().position(|o| same(o, t)) {
            free.remove(at);
        } else if !ours.iter().any(|o| missing_and_empty(o) && same(o, t)) {
            text.push_str(&format!("  - {line}\n"));
        }
    }
    // A pattern without a position stands for any finding.
    let anywhere = theirs.iter().filter(|(said, _)| said.is_none()).count();
    let explained = |o: &&Ours| {
        let lines = texts.iter().find(|(name, _)| *name == o.said.file);
        let line = lines.and_then(|(_, text)| text.lines().nth(o.said.line as usize - 1));
        let alone = GITHUB_ALONE.iter().any(|(message, about, _)| {
            o.message.contains(message) && line.unwrap_or("").contains(about)
        });
        // Of names that an expression may not use, actionlint tells the first of a value.
        let another = o.message.starts_with("Unrecognized named-value")
            && said().any(|(t, _)| t.line == o.said.line && t.rule == "expression");
        alone || another || o.refused && said().any(|(t, _)| same(o, t))
    };
    free.retain(|o| !explained(o));
    for o in free.iter().skip(anywhere) {
        let Said {
            file,
            line,
            column,
            rule,
        } = &o.said;
        text.push_str(&format!(
            "  + {file}:{line}:{column} [{rule}] {}\n",
            o.message
        ));
    }
    text
}
