//! Rules files of real repositories: nothing in them is misread, and most of the rules that exist
//! are found. The files are not part of the project (`LOCKKEEPER_SHARED`); what their statements
//! mean was labelled by a person before the recognisers were tuned on them.
//!
//! `UPDATE_DOCS=1 cargo test -p lockkeeper-policy --test real` writes `docs/real-rules.md` anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use lockkeeper_policy::{Source, Statement, Status, read};

/// What a person says that a statement means.
struct Label<'a> {
    file: &'a str,
    line: usize,
    scope: &'a str,
    rule: &'a str,
    /// What its canonical sentence must hold.
    value: &'a str,
    doubtful: bool,
}

fn labels() -> Vec<Label<'static>> {
    include_str!("real/labels.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            let mut next = || cells.next().unwrap_or_default();
            let (file, line, scope, rule, value) = (next(), next(), next(), next(), next());
            Label {
                file,
                line: line.parse().unwrap(),
                scope,
                rule,
                value: value.trim_end_matches('?').trim_end(),
                doubtful: value.ends_with('?'),
            }
        })
        .collect()
}

/// Rules that real files state and that lockkeeper does not have.
const NOT_THERE: &[&str] = &["review"];

/// Whether a statement's reading is what the label says.
fn is_right(statement: &Statement, label: &Label<'_>) -> bool {
    let canonical = statement
        .canonical
        .as_deref()
        .unwrap_or_default()
        .to_lowercase();
    let words: &[&str] = match (label.rule, label.value) {
        ("checks", "ci") => &["ci must pass"],
        ("checks", "test") => &["tests"],
        ("checks", "lint") => &["lint"],
        ("checks", "type_check") => &["type check"],
        ("checks", "image_build") => &["docker build"],
        ("coverage", percent) => &["tests with at least ", percent],
        ("image_scan", _) => &["trivy scan"],
        ("pull_request", _) => &["pull requests are required"],
        ("deploy_manually", env) => &[env, "workflow_dispatch"],
        ("rollback", _) => &["redeploy"],
        ("smoke_test", _) => &["smoke tests", "staging and production"],
        ("production_branch", branch) => &["production branch", branch],
        _ => return false,
    };
    words.iter().all(|word| canonical.contains(word))
}

#[derive(Default)]
struct Count {
    rules: usize,
    understood: usize,
    doubtful: usize,
    outside: usize,
}

#[test]
fn real_rules_are_not_misread_and_mostly_understood() {
    let Some(directory) = shared() else {
        eprintln!("skipped: rules files of real repositories are not here (LOCKKEEPER_SHARED)");
        return;
    };
    let labels = labels();
    let (mut misread, mut counts) = (Vec::new(), BTreeMap::<&str, Count>::new());
    let (mut files, mut statements, mut not_understood) = (0, 0, 0);
    let mut found: BTreeMap<usize, bool> = BTreeMap::new();
    for (file, text) in files_in(&directory) {
        files += 1;
        let reading = read(&Source::new("CLAUDE.md", text)).unwrap();
        for statement in &reading.statements {
            statements += 1;
            let of_line = || {
                let here = labels.iter().enumerate();
                here.filter(|(_, label)| label.file == file && label.line == statement.line)
            };
            if statement.status == Status::NotUnderstood {
                not_understood += 1;
                continue;
            }
            match of_line().find(|(_, label)| is_right(statement, label)) {
                Some((at, _)) => {
                    found.insert(at, true);
                }
                None => misread.push(format!(
                    "{file}:{}: {} as {:?}",
                    statement.line, statement.status, statement.canonical
                )),
            }
        }
    }
    assert!(misread.is_empty(), "misread:\n{}", misread.join("\n"));
    for (at, label) in labels.iter().enumerate() {
        if label.rule == "none" || label.scope == "unread" {
            continue;
        }
        let count = counts.entry(label.rule).or_default();
        match (label.scope, label.doubtful) {
            (_, true) => count.doubtful += 1,
            ("out", false) => count.outside += 1,
            _ => {
                count.rules += 1;
                count.understood += usize::from(found.contains_key(&at));
            }
        }
    }
    let existing = || counts.iter().filter(|(rule, _)| !NOT_THERE.contains(*rule));
    let rules: usize = existing().map(|(_, count)| count.rules).sum();
    let understood: usize = existing().map(|(_, count)| count.understood).sum();
    assert!(
        understood * 10 >= rules * 6,
        "{understood} of {rules} are understood"
    );
    document(
        &counts,
        [files, statements, not_understood, rules, understood],
    );
}

fn document(counts: &BTreeMap<&str, Count>, figures: [usize; 5]) {
    let [files, statements, not_understood, rules, understood] = figures;
    let mut text = format!(
        "\
# Rules of real repositories

{files} excerpts of `CLAUDE.md`, `AGENTS.md` and deployment documents of public repositories, most of which deploy to other platforms than ECS. A person labelled what each statement means before anything was tuned on them. Made by `UPDATE_DOCS=1 cargo test -p lockkeeper-policy --test real`.

- {statements} statements were read; {not_understood} of them are reported as not understood, almost all of which state nothing that lockkeeper could keep.
- **Misread: 0.** No statement is taken for a rule that it is not. The test fails at the first.
- **Understood: {understood} of {rules}** statements in sections about deployment for which there is a rule.

| rule | stated in scope | understood | outside of scope | two readers could disagree |
| --- | --- | --- | --- | --- |
"
    );
    for (rule, count) in counts {
        let remark = if NOT_THERE.contains(rule) {
            " (no such rule yet)"
        } else {
            ""
        };
        writeln!(
            text,
            "| {}{remark} | {} | {} | {} | {} |",
            rule.replace('_', " "),
            count.rules,
            count.understood,
            count.outside,
            count.doubtful
        )
        .unwrap();
    }
    text.push_str(
        "\nStatements outside of sections about deployment are at most shown as `outside_scope`. Where two readers could disagree, a statement counts for misreadings only.\n",
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/real-rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "docs/real-rules.md is not what was measured: UPDATE_DOCS=1 writes it anew"
    );
}

/// The folder of rules files, where it is.
fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("LOCKKEEPER_SHARED").map_or(beside, PathBuf::from);
    let directory = root.join("corpus/rules-real");
    directory.is_dir().then_some(directory)
}

/// The files by the number that their names begin with.
fn files_in(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name[..3].to_owned(), fs::read_to_string(path).unwrap())
        })
        .collect()
}
