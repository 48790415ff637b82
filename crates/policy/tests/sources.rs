//! Finding, loading and importing files of rules, and input that nobody wrote in good faith.

use std::fs;
use std::path::Path;

use lockkeeper_policy::{ReadError, SIZE_LIMIT, Source, load, read};
use proptest::prelude::*;

fn repository(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn names(dir: &Path) -> Vec<String> {
    load(dir)
        .unwrap()
        .files
        .into_iter()
        .map(|source| source.name)
        .collect()
}

#[test]
fn rules_are_found_with_what_they_import() {
    let dir = repository(&[
        (
            "CLAUDE.md",
            b"# app\n\nSee @docs/deploy.md and `@docs/not-this.md`, ask @acme/platform.\n",
        ),
        (
            "docs/deploy.md",
            b"## Deployment\n- Production deploys require manual approval\n@../shared/infra.md\n",
        ),
        (
            "shared/infra.md",
            b"## Infrastructure\n- AWS region: eu-west-1\n",
        ),
        (
            "AGENTS.md",
            b"## CI\n- Tests must pass before merge\n@shared/infra.md\n",
        ),
    ]);
    assert_eq!(
        names(dir.path()),
        [
            "CLAUDE.md",
            "docs/deploy.md",
            "shared/infra.md",
            "AGENTS.md"
        ]
    );
    let reading = read(&load(dir.path()).unwrap()).unwrap();
    assert!(reading.policy.environments.production.approval);
    assert!(reading.policy.ci.test);
    assert_eq!(
        reading
            .policy
            .environments
            .staging
            .region
            .as_ref()
            .unwrap()
            .as_str(),
        "eu-west-1"
    );
    let places: Vec<_> = reading
        .statements
        .iter()
        .map(|s| (s.source.as_str(), s.line))
        .collect();
    assert_eq!(
        places,
        [
            ("docs/deploy.md", 2),
            ("shared/infra.md", 2),
            ("AGENTS.md", 2)
        ]
    );
    assert!(reading.is_clean());
}

#[test]
fn contradictions_between_files_show_both() {
    let dir = repository(&[
        ("CLAUDE.md", b"## CI\n- Coverage must be at least 80%\n"),
        ("AGENTS.md", b"## CI\n- Coverage must be at least 90%\n"),
    ]);
    let reading = read(&load(dir.path()).unwrap()).unwrap();
    let contradiction = &reading.contradictions[0];
    assert_eq!(contradiction.first.place.source, "CLAUDE.md");
    assert_eq!(contradiction.second.place.source, "AGENTS.md");
    assert!(!reading.is_clean());
}

#[test]
fn a_personal_import_is_named_and_passed_over() {
    let dir = repository(&[("CLAUDE.md", b"@~/.claude/mine.md\n")]);
    let sources = load(dir.path()).unwrap();
    assert_eq!(sources.skipped[0].path, "~/.claude/mine.md");
}

#[test]
fn unusable_input_is_one_clear_error() {
    let loop_error = "CLAUDE.md → a.md → CLAUDE.md";
    let huge = vec![b'a'; SIZE_LIMIT as usize + 1];
    type Files<'a> = &'a [(&'a str, &'a [u8])];
    let cases: [(Files<'_>, &str); 7] = [
        (&[("README.md", b"")], "there is no CLAUDE.md or AGENTS.md"),
        (
            &[("CLAUDE.md", b"ok\n\xff")],
            "CLAUDE.md is not UTF-8: the byte at offset 3",
        ),
        (&[("CLAUDE.md", &huge)], "more than 1048576 bytes"),
        (
            &[("CLAUDE.md", b"x\n@gone.md")],
            "CLAUDE.md:2: the imported file gone.md does not exist",
        ),
        (
            &[("CLAUDE.md", b"@../up.md")],
            "leads out of the repository",
        ),
        (
            &[("CLAUDE.md", b"@/etc/passwd.txt")],
            "leads out of the repository",
        ),
        (
            &[("CLAUDE.md", b"@a.md"), ("a.md", b"@CLAUDE.md")],
            loop_error,
        ),
    ];
    for (files, message) in cases {
        let dir = repository(files);
        let error = load(dir.path()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let dir = repository(&[("CLAUDE.md/nested", b"")]);
    assert!(matches!(
        load(dir.path()),
        Err(ReadError::Unreadable { .. })
    ));
    assert!(load(&dir.path().join("nowhere")).is_err());
}

#[test]
fn imports_end_somewhere() {
    let files: Vec<(String, String)> = (0..9)
        .map(|n| {
            (
                if n == 0 {
                    "CLAUDE.md".to_owned()
                } else {
                    format!("{n}.md")
                },
                format!("@{}.md\n", n + 1),
            )
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    let dir = repository(&files);
    assert!(matches!(
        load(dir.path()),
        Err(ReadError::ImportTooDeep { .. })
    ));
}

#[cfg(unix)]
#[test]
fn links_stay_inside() {
    let outside = repository(&[("secret.md", b"## Deployment\n")]);
    let dir = repository(&[("CLAUDE.md", b"@link.md\n")]);
    std::os::unix::fs::symlink(outside.path().join("secret.md"), dir.path().join("link.md"))
        .unwrap();
    assert!(matches!(
        load(dir.path()),
        Err(ReadError::ImportOutside { .. })
    ));
    let dir = repository(&[("CLAUDE.md", b"## Deployment\n")]);
    std::os::unix::fs::symlink(dir.path().join("CLAUDE.md"), dir.path().join("AGENTS.md")).unwrap();
    assert_eq!(names(dir.path()), ["CLAUDE.md"]);
}

/// Pieces that documents are made of, so that random ones are not all noise.
const PIECES: [&str; 40] = [
    "## Deployment\n",
    "# ",
    "- ",
    "  - ",
    "1. ",
    "\n",
    "\n\n",
    "\r\n",
    "> ",
    "| a | b |\n| - | - |\n| ",
    " | ",
    " |\n",
    "**",
    "`",
    "~~",
    "<!-- ",
    " -->",
    "<div>",
    "```\n",
    "[x](y)",
    "![i](j)",
    "[^1]",
    "[ ] ",
    "production ",
    "staging ",
    "deploys ",
    "automatically ",
    "require ",
    "approval ",
    "main",
    ": ",
    "; ",
    "80%",
    "é",
    "本番",
    "\u{feff}",
    "’",
    "\\",
    "&amp;",
    "@x.md ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_panic(
        pieces in prop::collection::vec((0..PIECES.len(), ".{0,3}"), 0..60),
    ) {
        let text: String =
            pieces.iter().flat_map(|(at, noise)| [PIECES[*at], noise.as_str()]).collect();
        let source = Source::new("CLAUDE.md", text);
        let reading = read(&source).unwrap();
        for statement in &reading.statements {
            prop_assert!(source.text.get(statement.span.clone()).is_some());
            for part in &statement.leftover {
                prop_assert!(part.start >= statement.span.start && part.end <= statement.span.end);
                prop_assert!(source.text.get(part.clone()).is_some());
            }
        }
        prop_assert_eq!(read(&source).unwrap(), reading);
    }
}
