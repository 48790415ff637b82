//! What README and `docs/` show is what the command prints and what the code knows.
//! `UPDATE_DOCS=1 cargo test -p lockkeeper --test readme` writes the generated parts anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lockkeeper_rehearsal::{
    Durations, Measure, fault_kinds, models::MODELS, promises::PROMISES, scenarios, tools::TOOLS,
};

/// Stands for output that is left out.
const CUT: &str = "…";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// A directory in which the pages' commands mean what they mean in a clone after the demo.
fn clone() -> tempfile::TempDir {
    let clone = tempfile::tempdir().unwrap();
    copy(
        &root().join("examples/node-api"),
        &clone.path().join("target/demo"),
    );
    copy(
        &root().join("examples/naive"),
        &clone.path().join("examples/naive"),
    );
    clone
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, to) = (entry.file_name(), to.join(entry.file_name()));
        if ["node_modules", "dist", "coverage"]
            .iter()
            .any(|left| name == *left)
        {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Each `console` block: a command, and the lines that it prints.
fn sessions(page: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while lines.any(|line| line == "```console") {
        let command = lines.next().unwrap();
        let command = command.strip_prefix("$ lockkeeper ").unwrap();
        let shown = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push((command.split(' ').collect(), shown));
    }
    found
}

/// The first shown line that the output does not have where it should.
fn astray<'a>(shown: &[&'a str], output: &[&str]) -> Option<&'a str> {
    let mut at = 0;
    for part in shown.split(|line| *line == CUT).enumerate() {
        let (number, part) = part;
        if part.is_empty() {
            continue;
        }
        let places = at..=output.len().saturating_sub(part.len()).max(at);
        let place = places
            .take(if number == 0 { 1 } else { usize::MAX })
            .find(|place| output[*place..].starts_with(part));
        match place {
            Some(place) => at = place + part.len(),
            None => return Some(nearest(part, &output[at.min(output.len())..])),
        }
    }
    (shown.last() != Some(&CUT) && at != output.len()).then_some("(the output goes on)")
}

fn nearest<'a>(part: &[&'a str], output: &[&str]) -> &'a str {
    let missing = part.iter().find(|line| !output.contains(line));
    missing.unwrap_or(&part[0])
}

#[test]
fn commands_print_what_the_pages_show() {
    let clone = clone();
    let mut checked = 0;
    for name in ["README.md", "docs/rehearsal.md", "docs/graph.md"] {
        for (arguments, shown) in sessions(&page(name)) {
            let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
                .args(&arguments)
                .current_dir(&clone)
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(
                astray(&shown, &lines),
                None,
                "{name}: `{arguments:?}` prints something else:\n{text}{error}"
            );
            checked += 1;
        }
    }
    assert!(checked >= 5, "only {checked} commands were found");
}

#[test]
fn a_changed_line_would_be_noticed() {
    let output = ["a", "b", "c", "d"];
    assert_eq!(astray(&["a", CUT, "d"], &output), None);
    assert_eq!(astray(&[CUT, "b", "c", CUT], &output), None);
    assert_eq!(astray(&[CUT, "b", "d"], &output), Some("b"));
    assert_eq!(astray(&["b", CUT], &output), Some("b"));
    assert_eq!(astray(&["a", "b"], &output), Some("(the output goes on)"));
    assert_eq!(astray(&[CUT, "c", CUT, "a"], &output), Some("a"));
}

/// Holds the part of a page between `<!-- begin NAME -->` and `<!-- end NAME -->`.
fn hold(name: &str, part: &str, text: &str) {
    let page_text = page(name);
    let (begin, end) = (
        format!("<!-- begin {part} -->\n"),
        format!("<!-- end {part} -->"),
    );
    let (before, rest) = page_text.split_once(&begin).unwrap();
    let (written, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(
            root().join(name),
            format!("{before}{begin}{text}{end}{after}"),
        )
        .unwrap();
        return;
    }
    assert!(
        written == text,
        "{name}: {part} are not what the code says: run UPDATE_DOCS=1 cargo test -p lockkeeper --test readme"
    );
}

fn list(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    format!("{}\n", names.join(", "))
}

#[test]
fn pages_list_what_the_code_knows() {
    hold(
        "docs/limits.md",
        "tools",
        &list(TOOLS.iter().map(|tool| tool.name)),
    );
    hold(
        "docs/limits.md",
        "actions",
        &list(MODELS.iter().map(|model| model.action)),
    );
    let mut table =
        "| promise | what it means | holds under | how a broken one is mended |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for promise in PROMISES {
        let (meaning, mend) = (promise.id.meaning(), promise.mend);
        assert!(!format!("{meaning}{mend}").contains('|'));
        let covers = match promise.covers().as_str() {
            "" => "no faults".to_owned(),
            classes => format!("faults {classes}"),
        };
        writeln!(
            table,
            "| `{}` | {meaning} | {covers} | {mend} |",
            promise.id
        )
        .unwrap();
    }
    hold("docs/promises.md", "promises", &table);
    let mut table = "| story | what happens |\n| --- | --- |\n".to_owned();
    for (id, title) in scenarios() {
        writeln!(table, "| `{id}` | {title} |").unwrap();
    }
    hold("docs/promises.md", "stories", &table);
    let mut table = "| fault | class | what it is |\n| --- | --- | --- |\n".to_owned();
    for (name, class, about) in fault_kinds() {
        writeln!(table, "| `{name}` | {class} | {about} |").unwrap();
    }
    hold("docs/campaigns.md", "faults", &table);
    let table = Measure::ALL.map(|measure| {
        let (title, meaning) = (measure.title(), measure.meaning());
        format!("| {title} | {meaning} |\n")
    });
    hold("docs/durations.md", "estimates", &table.concat());
    let mut table = String::new();
    for entry in Durations::TABLE {
        let (name, meaning) = (entry.name, entry.meaning.trim_end_matches('.'));
        let usual = entry.usual.as_secs_f64();
        writeln!(table, "| `{name}` | {meaning} | {usual} |").unwrap();
    }
    hold("docs/durations.md", "durations", &table);
}

#[test]
fn links_of_the_pages_lead_somewhere() {
    let pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
        .map(str::to_owned)
        .into_iter()
        .chain(fs::read_dir(root().join("docs")).unwrap().map(|entry| {
            let name = entry.unwrap().file_name();
            format!("docs/{}", name.to_str().unwrap())
        }));
    for name in pages.filter(|name| name.ends_with(".md")) {
        let text = page(&name);
        let folder = root().join(&name).parent().unwrap().to_owned();
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            let file = target.split('#').next().unwrap();
            if !target.starts_with("https://") && !file.is_empty() {
                assert!(folder.join(file).exists(), "{name} leads to {target}");
            }
        }
    }
}

#[test]
fn files_that_contributors_are_sent_to_exist() {
    let text = page("CONTRIBUTING.md");
    for path in text.split('`').skip(1).step_by(2) {
        let is_path = path.starts_with("crates/")
            || path.starts_with("xtask/")
            || path.starts_with("docs/")
            || path.starts_with("examples/");
        if is_path && !path.contains('<') {
            assert!(root().join(path).exists(), "CONTRIBUTING.md names {path}");
        }
    }
}
