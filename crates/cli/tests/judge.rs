//! A recorded rehearsal judged again: the same verdicts from the log alone, other verdicts from
//! another log, and a clear refusal of what is no log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use lockkeeper_rehearsal::report::{Annotations, Html, Human, Summary, junit, trace};
use serde_json::{Value, json};

fn lockkeeper(directory: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(args)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if !entry.file_type().unwrap().is_dir() {
            fs::copy(entry.path(), to.join(name)).unwrap();
        } else if name != "node_modules" && name != "dist" && name != "coverage" {
            copy(&entry.path(), &to.join(name));
        }
    }
}

/// The files that a rehearsal or a judgement leaves, and what it printed.
const FILES: [&str; 6] = [
    "page.html",
    "tests.xml",
    "summary.md",
    "trace.json",
    "events.jsonl",
    "report.json",
];

fn with_all_reports(into: &Path, first: &[&str]) -> Option<i32> {
    fs::create_dir_all(into).unwrap();
    let args = [
        first,
        &[
            "--format",
            "json",
            "--html",
            "page.html",
            "--junit",
            "tests.xml",
        ],
        &["--summary", "summary.md", "--trace", "trace.json"],
        &["--events", "events.jsonl"],
    ]
    .concat();
    let output = lockkeeper(into, &args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "", "{args:?}");
    fs::write(into.join("report.json"), output.stdout).unwrap();
    output.status.code()
}

/// The generated pipeline of the example, rehearsed once for all tests.
fn recorded() -> &'static Path {
    static RECORDED: OnceLock<tempfile::TempDir> = OnceLock::new();
    let directory = RECORDED.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let repository = directory.path().join("bookmarks");
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node-api");
        copy(&example, &repository);
        assert!(lockkeeper(&repository, &["generate"]).status.success());
        let kept = with_all_reports(
            &directory.path().join("first"),
            &["rehearse", "../bookmarks"],
        );
        assert_eq!(kept, Some(0));
        directory
    });
    directory.path()
}

fn log() -> PathBuf {
    recorded().join("first/events.jsonl")
}

/// A report without what may differ: how long playing took.
fn without_wall_time(path: &Path) -> Value {
    let mut report: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for scenario in report["scenarios"].as_array_mut().unwrap() {
        assert!(scenario["wall_seconds"].take().is_number());
    }
    report
}

#[test]
fn a_log_says_all_that_its_rehearsal_said() {
    let first = recorded().join("first");
    let second = recorded().join("second");
    let log = log();
    let ended = with_all_reports(&second, &["judge", log.to_str().unwrap()]);
    assert_eq!(ended, Some(0));
    for name in FILES {
        match name {
            "report.json" => assert_eq!(
                without_wall_time(&first.join(name)),
                without_wall_time(&second.join(name))
            ),
            // The directory that was rehearsed is not in the log.
            "page.html" | "summary.md" => {
                let read = |at: &Path| fs::read_to_string(at.join(name)).unwrap();
                assert!(read(&first).replace("rehearse ../bookmarks", "rehearse") == read(&second));
            }
            _ => assert!(
                fs::read(first.join(name)).unwrap() == fs::read(second.join(name)).unwrap(),
                "{name} differs"
            ),
        }
    }
}

#[test]
fn a_broken_rehearsal_reads_the_same_from_its_log() {
    let outside = tempfile::tempdir().unwrap();
    let naive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/naive");
    let naive = naive.to_str().unwrap();
    let stories = [
        "--scenario",
        "two-merges",
        "--scenario",
        "bad-image-crashes",
    ];
    let args = ["rehearse", naive, "--events", "log.jsonl", "--verbose"];
    let played = lockkeeper(outside.path(), &[&args[..], &stories].concat());
    let judged = lockkeeper(outside.path(), &["judge", "log.jsonl", "--verbose"]);
    assert_eq!(played.status.code(), Some(1));
    assert_eq!(judged.status.code(), Some(1));
    let text = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text(&played).contains("is broken\n"));
    assert_eq!(text(&played), text(&judged));
}

type Lines = Vec<Value>;
type Edit<'a> = Box<dyn Fn(&mut Lines) + 'a>;

fn lines() -> Lines {
    let text = fs::read_to_string(log()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn bytes(lines: &Lines) -> Vec<u8> {
    let lines = lines.iter().map(|line| format!("{line}\n"));
    lines.collect::<String>().into_bytes()
}

fn verdicts(lines: &Lines) -> Value {
    let report = lockkeeper_rehearsal::judge(&bytes(lines)[..]).unwrap();
    serde_json::to_value(&report).unwrap()["promises"].take()
}

fn verdict<'a>(promises: &'a Value, id: &str) -> &'a str {
    let promises = promises.as_array().unwrap();
    let promise = promises.iter().find(|promise| promise["id"] == id).unwrap();
    promise["verdict"].as_str().unwrap()
}

fn is(line: &Value, kind: &str) -> bool {
    line["event"] == kind
}

fn of(line: &Value, scenario: &str) -> bool {
    line["scenario"] == scenario && line["settings"] == "declared" && line["event"].is_string()
}

/// Puts another event in the place of one, at the same time and by the same step.
fn instead(line: &mut Value, other: Value) {
    for member in ["scenario", "settings", "seq", "at", "caller"] {
        if let Some(value) = line.get(member) {
            let value = value.clone();
            // The members that every event has are not among the new ones.
            let mut with = other.clone();
            with[member] = value;
            *line = merged(line.take(), with);
        }
    }
    let keep: Vec<String> = other.as_object().unwrap().keys().cloned().collect();
    let common = ["scenario", "settings", "seq", "at", "caller"];
    line.as_object_mut()
        .unwrap()
        .retain(|name, _| common.contains(&name.as_str()) || keep.contains(name));
}

fn merged(mut line: Value, with: Value) -> Value {
    for (name, value) in with.as_object().unwrap() {
        line[name] = value.clone();
    }
    line
}

/// The runs of a file in a story.
fn runs(lines: &Lines, scenario: &str, file: &str) -> Vec<Value> {
    let created = lines
        .iter()
        .filter(|line| of(line, scenario) && is(line, "run-created") && line["workflow"] == file);
    created.map(|line| line["run"].clone()).collect()
}

fn nothing_was_said(lines: &mut Lines, scenario: &str) {
    let said = ["step-output", "summary-written", "annotation"];
    lines.retain(|line| !(of(line, scenario) && said.iter().any(|kind| is(line, kind))));
}

#[test]
fn a_log_in_which_a_promise_is_broken_is_judged_broken() {
    let all = lines();
    let whole = verdicts(&all);
    let ids: Vec<&str> = whole
        .as_array()
        .unwrap()
        .iter()
        .map(|promise| promise["id"].as_str().unwrap())
        .collect();
    assert!(ids.iter().all(|id| verdict(&whole, id) == "kept"));
    let production = runs(&all, "production-approved", "deploy-production.yml");
    let [production] = &production[..] else {
        panic!("{production:?}")
    };
    let staging = runs(&all, "merge-to-staging", "deploy-staging.yml");
    let pulls: Vec<&Value> = all
        .iter()
        .filter(|line| is(line, "run-created") && line["trigger"] == "pull_request")
        .collect();
    let edits: Vec<(&str, Edit<'_>)> = vec![
        // Nobody approved.
        (
            "production-approved",
            Box::new(|lines| lines.retain(|line| !is(line, "reviewed"))),
        ),
        // Somebody else did.
        (
            "production-approved",
            Box::new(|lines| {
                for line in lines.iter_mut().filter(|line| is(line, "reviewed")) {
                    line["reviewer"] = json!("stranger");
                }
            }),
        ),
        // The deploy of an image that crashes was green.
        (
            "green-means-serving",
            Box::new(|lines| {
                for line in lines.iter_mut() {
                    if of(line, "bad-image-crashes") && is(line, "run-completed") {
                        line["conclusion"] = json!("success");
                    }
                }
            }),
        ),
        // The reviewer could read nothing.
        (
            "approval-shows-digest",
            Box::new(|lines| nothing_was_said(lines, "production-approved")),
        ),
        (
            "failure-says-what-serves",
            Box::new(|lines| nothing_was_said(lines, "bad-image-crashes")),
        ),
        // What was refused merged.
        (
            "merge-gated",
            Box::new(|lines| {
                for line in lines.iter_mut() {
                    if of(line, "pull-request-red") && is(line, "merge-refused") {
                        let sha = line["sha"].clone();
                        let event = json!({ "event": "merged", "pull": line["pull"], "head": sha, "sha": sha, "branch": "main", "actor": "oona" });
                        instead(line, event);
                    }
                }
            }),
        ),
        // A pull request's job could reach a secret.
        (
            "pr-has-no-credentials",
            Box::new(|lines| {
                let begun = lines.iter_mut().find(|line| {
                    is(line, "step-started")
                        && pulls.iter().any(|pull| {
                            pull["run"] == line["run"] && pull["scenario"] == line["scenario"]
                        })
                });
                let line = begun.unwrap();
                let event = json!({ "event": "credential-reachable", "run": line["run"], "job": line["job"], "what": "a secret" });
                instead(line, event);
            }),
        ),
        // A deploy never ended.
        (
            "always-ends",
            Box::new(|lines| {
                lines.retain(|line| {
                    !(of(line, "merge-to-staging")
                        && is(line, "run-completed")
                        && staging.contains(&line["run"]))
                });
            }),
        ),
        // The deploy was green, and nothing new came into service.
        (
            "staging-serves-merge",
            Box::new(|lines| {
                let first = lines
                    .iter()
                    .position(|line| of(line, "merge-to-staging") && is(line, "service-updated"));
                let first = lines[first.unwrap()]["seq"].as_u64();
                lines.retain(|line| {
                    !(of(line, "merge-to-staging")
                        && (is(line, "task-in-service") || is(line, "task-out-of-service"))
                        && line["seq"].as_u64() > first)
                });
            }),
        ),
        // A call was refused.
        (
            "permissions-suffice",
            Box::new(|lines| {
                let judged = lines.iter_mut().find(|line| is(line, "access-judged"));
                judged.unwrap()["refused"] = json!("because of an explicit deny");
            }),
        ),
        // Only all stories together tell that nothing ever needed this.
        (
            "permissions-used",
            Box::new(|lines| {
                lines.retain(|line| {
                    !(is(line, "access-judged") && line["action"] == "ecs:RegisterTaskDefinition")
                });
            }),
        ),
        // The run that deployed was a re-run.
        (
            "rerun-is-inert",
            Box::new(|lines| {
                for line in lines
                    .iter_mut()
                    .filter(|line| of(line, "production-approved"))
                {
                    if line["run"] == *production && line.get("attempt").is_some() {
                        line["attempt"] = json!(2);
                    }
                    if line["caller"]["run"] == *production {
                        line["caller"]["attempt"] = json!(2);
                    }
                }
            }),
        ),
    ];
    for (promise, edit) in edits {
        let mut lines = all.clone();
        edit(&mut lines);
        assert!(lines != all, "{promise}: the log is as it was");
        assert_eq!(verdict(&verdicts(&lines), promise), "broken", "{promise}");
    }
}

#[test]
fn what_is_no_whole_log_is_refused_at_its_line() {
    let text = fs::read(log()).unwrap();
    let all: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let refused = |bytes: &[u8]| match lockkeeper_rehearsal::judge(bytes) {
        Ok(_) => panic!(
            "judged: {}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(300)])
        ),
        Err(error) => error.to_string(),
    };
    // Cut off anywhere, be it between lines.
    let count = all.len();
    for cut in [1, 2, count / 2, count - 2, count - 1] {
        let message = refused(&all[..cut].concat());
        assert_eq!(
            message,
            format!(
                "line {}: the record `end` is missing: the log was cut off",
                cut + 1
            )
        );
        let whole = all[..cut].concat();
        let message = refused(&whole[..whole.len() - 1]);
        assert_eq!(
            message,
            format!("line {cut}: the log ends within this line: it was cut off")
        );
    }
    assert!(refused(b"").starts_with("line 1: this is no log of"));
    assert!(refused(b"{}\n").starts_with("line 1: this is no log of"));
    assert!(refused(all[2]).starts_with("line 1: this is no log of"));
    // Some other line in the place of the fourth, which is an event.
    let changed = |line: &[u8]| refused(&[&all[..3].concat(), line, &all[4..].concat()].concat());
    let event: Value = serde_json::from_slice(all[3]).unwrap();
    let with = |member: &str, value: Value| {
        let mut event = event.clone();
        event[member] = value;
        changed(format!("{event}\n").as_bytes())
    };
    for (message, wanted) in [
        (changed(b"\0\xff\n"), "not JSON"),
        (changed(b"[]\n"), "not a JSON object"),
        (changed(b"\n"), "not JSON"),
        (changed("[".repeat(100_000).as_bytes()), "recursion limit"),
        (with("event", json!("made-up")), "unknown variant `made-up`"),
        (with("event", json!(7)), "not the name of a kind of event"),
        (with("seq", json!(-1)), "invalid value"),
        (with("seq", json!("2")), "invalid type"),
        (with("seq", json!(0)), "not later than the one before"),
        (with("at", json!(0)), "not later than the one before"),
        (with("at", json!(1e30)), "invalid type"),
        (with("scenario", json!("rollback")), "`scenario` is not `"),
        (with("settings", Value::Null), "`settings` is not `"),
        (with("digest", json!("sha256:../../etc")), "image digest"),
        (with("record", json!("event")), "unknown variant `event`"),
        (with("record", json!("survey")), "unknown field"),
        (with("record", json!("end")), "unknown field"),
        (
            changed(b"{\"record\":\"end\",\"stories\":1000}\n"),
            "1000 stories were recorded",
        ),
        (changed(all[0]), "a second record `rehearsal`"),
        (changed(all[1]), "this story was recorded already"),
    ] {
        assert!(message.starts_with("line 4: "), "{message}");
        assert!(message.contains(wanted), "{wanted}: {message}");
        assert!(message.len() < 1_000, "{message}");
    }
    let first = |from: &str, to: &str| {
        let line = String::from_utf8(all[0].to_vec()).unwrap();
        assert!(line.contains(from), "{from}: {line}");
        refused(&[line.replacen(from, to, 1).as_bytes(), &all[1..].concat()].concat())
    };
    assert_eq!(
        first("\"schema\":1", "\"schema\":2"),
        "line 1: `schema` is 2, and this lockkeeper reads 1"
    );
    assert!(first("\"subject\":{", "\"subject\":{\"x\":1,").contains("unknown field `x`"));
    assert!(
        first(
            "\"production_branch\":\"main\"",
            "\"production_branch\":\"a b\""
        )
        .contains("line 1: ")
    );
    // A line without end, read as far as lines may go.
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'{');
            Ok(buffer.len())
        }
    }
    let message = lockkeeper_rehearsal::judge(Endless)
        .unwrap_err()
        .to_string();
    assert_eq!(message, "line 1: the line is longer than 32 MiB");
}

#[test]
fn the_command_names_file_and_line() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("log.jsonl"), "{\"event\":\"x\"}\n").unwrap();
    let output = lockkeeper(directory.path(), &["judge", "log.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error: log.jsonl: line 1: "), "{said}");
    let output = lockkeeper(directory.path(), &["judge", "nowhere.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
}

/// Small steps to big numbers: which, is not important, only that it is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// Another value in some place of a line.
fn disturb(value: &mut Value, chance: &mut Chance) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let at = chance.below(members.len());
            if let Some((_, member)) = members.iter_mut().nth(at) {
                disturb(member, chance);
            }
        }
        Value::Array(members) if !members.is_empty() => {
            let at = chance.below(members.len());
            disturb(&mut members[at], chance);
        }
        Value::Number(_) => {
            *value = match chance.below(5) {
                0 => json!(0),
                1 => json!(u32::MAX),
                2 => json!(u64::MAX),
                3 => json!(1_772_442_000_000_u64 + chance.below(9_000_000) as u64),
                _ => json!(chance.below(40)),
            }
        }
        Value::String(text) => {
            let others = [
                "",
                "success",
                "failure",
                "push",
                "\u{202e}\u{1b}[31m</script>",
                "$(x)",
            ];
            *text = others[chance.below(others.len())].to_owned();
        }
        Value::Bool(is) => *is = !*is,
        _ => *value = json!("x"),
    }
}

/// Whatever a log says that can be read, it is judged and reported without a fault.
#[test]
fn no_log_makes_a_report_fail() {
    let outside = tempfile::tempdir().unwrap();
    let naive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/naive");
    let args = ["rehearse", naive.to_str().unwrap(), "--events", "log.jsonl"];
    let stories = [
        "--scenario",
        "two-merges",
        "--scenario",
        "bad-image-crashes",
    ];
    lockkeeper(outside.path(), &[&args[..], &stories].concat());
    let small = fs::read_to_string(outside.path().join("log.jsonl")).unwrap();
    let small: Lines = small
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let production: Lines = lines()
        .into_iter()
        .filter(|line| {
            line["scenario"] == "production-approved" && line["settings"] == "declared"
                || line["record"] == "rehearsal"
        })
        .chain([json!({ "record": "end", "stories": 1 })])
        .collect();
    let mut chance = Chance(7);
    let mut judged = 0;
    for case in 0..1_500 {
        let mut lines = if case % 2 == 0 {
            small.clone()
        } else {
            production.clone()
        };
        for _ in 0..=chance.below(4) {
            let at = chance.below(lines.len());
            match chance.below(4) {
                0 if at > 0 => drop(lines.remove(at)),
                1 => {
                    let seq = lines[at]["seq"].clone();
                    let from = chance.below(lines.len());
                    lines[at] = lines[from].clone();
                    if seq.is_number() {
                        lines[at]["seq"] = seq;
                    }
                }
                _ => disturb(&mut lines[at], &mut chance),
            }
        }
        let Ok(report) = lockkeeper_rehearsal::judge(&bytes(&lines)[..]) else {
            continue;
        };
        judged += 1;
        let report = &report;
        let human = Human {
            report,
            colour: false,
            verbose: true,
        }
        .to_string();
        assert!(
            !human.contains('\u{1b}'),
            "a log writes to the terminal as it likes"
        );
        if case % 5 == 0 {
            let command = "lockkeeper rehearse";
            Html { report, command }.to_string();
            Summary { report, command }.to_string();
            Annotations(report).to_string();
            junit(report).unwrap();
            trace(report, &mut std::io::sink()).unwrap();
        }
    }
    assert!(judged > 200, "{judged} of the logs could be read");
}
