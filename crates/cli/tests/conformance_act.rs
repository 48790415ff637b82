//! The run cases of nektos/act's own tests, played by the rehearsal's runner. The data lies beside
//! the repository (`../shared`), or where `LOCKKEEPER_CONFORMANCE` says.

mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockkeeper_rehearsal::repository::{File, read_files};
use lockkeeper_rehearsal::trial::{Happens, Trial};
use lockkeeper_world::event::Conclusion;
use trial::{Outcome, executable, play};

/// Cases that are not decided as the list says, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    // `-matrix` is an option of act's: GitHub makes every combination, and those that act was told
    // to leave out fail.
    (
        "matrix-with-user-inclusions@push",
        "act plays the combinations that its command line asks for",
    ),
    // act takes any input; GitHub refuses a dispatch with one that is not declared.
    (
        "input-from-cli@workflow_dispatch",
        "GitHub refuses undeclared inputs, and wants the required ones",
    ),
];

struct Case {
    id: String,
    kind: String,
    path: String,
    event: String,
    options: BTreeMap<String, String>,
    expected: String,
}

fn folders() -> Vec<PathBuf> {
    let root = match std::env::var_os("LOCKKEEPER_CONFORMANCE") {
        Some(root) => PathBuf::from(root),
        None => std::env::var_os("LOCKKEEPER_SHARED")
            .map_or_else(
                || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
                PathBuf::from,
            )
            .join("conformance"),
    };
    let Ok(entries) = std::fs::read_dir(root.join("act")) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("cases.tsv").is_file())
        .collect();
    found.sort();
    found
}

fn cases(folder: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(folder.join("cases.tsv")).expect("the list of cases");
    let of = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        let (id, kind, path, event, options) = (next(), next(), next(), next(), next());
        let _needs = next();
        let options = options
            .split(';')
            .filter_map(|option| option.split_once('='));
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Case {
            options: options.collect(),
            expected: next(),
            id,
            kind,
            path,
            event,
        }
    };
    text.lines().skip(1).map(of).collect()
}

/// `NAME=value` lines as dotenv files have them: quotes may span lines.
fn dotenv(text: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim().trim_start_matches("export ").to_owned();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, left) = match quote {
            Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            None => after.split_once('\n').unwrap_or((after, "")),
        };
        let value = match quote {
            Some('"') => value.replace("\\n", "\n"),
            _ => value.to_owned(),
        };
        values.insert(name, value.trim_end_matches('\r').to_owned());
        rest = left.trim_start_matches(['\n', '\r']);
    }
    values
}

fn trial_of(folder: &Path, case: &Case) -> Trial {
    let root = folder.join(case.path.split('/').next().unwrap_or_default());
    let mut files = read_files(&root).expect("the workspace");
    let path = folder.join(&case.path);
    let of_case: Vec<PathBuf> = if path.is_file() {
        vec![path]
    } else {
        let entries = std::fs::read_dir(&path).expect("the case's folder");
        let is_yaml = |path: &PathBuf| path.extension().is_some_and(|e| e == "yml" || e == "yaml");
        let mut found: Vec<PathBuf> = entries
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(is_yaml)
            .collect();
        found.sort();
        found
    };
    let option = |name: &str| case.options.get(name);
    let read = |name: &str| {
        let text = std::fs::read_to_string(root.join(name)).expect("a file of the case");
        dotenv(&text)
    };
    let mut dispatched = String::new();
    for path in of_case {
        let mut text = std::fs::read_to_string(&path).expect("a workflow");
        if let Some(env) = option("env") {
            // What act's command line puts into every step's environment.
            let env = serde_json::to_string(&read(env)).expect("JSON");
            text = format!("env: {env}\n{text}");
        }
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        dispatched = format!("case-{name}");
        let file = File {
            executable: false,
            contents: text.into_bytes(),
        };
        files.insert(format!(".github/workflows/case-{name}"), file);
    }
    let mut trial = Trial::new(files, executable());
    if let Some(secrets) = option("secrets") {
        let parsed = read(secrets)
            .into_iter()
            .filter_map(|(name, value)| Some((name.parse().ok()?, value)));
        trial.secrets = parsed.collect();
    }
    if case.event == "workflow_dispatch" {
        let mut inputs = BTreeMap::new();
        if let Some(payload) = option("payload") {
            let text = std::fs::read_to_string(root.join(payload)).expect("a payload");
            let event: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            for (name, value) in event["inputs"].as_object().into_iter().flatten() {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                inputs.insert(name.clone(), text);
            }
        }
        trial.happens = Happens::Dispatch {
            workflow: dispatched.parse().expect("a workflow's name"),
            inputs,
        };
    }
    trial
}

/// What became of the jobs that the case is about.
fn verdict(case: &Case, outcome: &Outcome) -> &'static str {
    let jobs = outcome.jobs();
    let wanted: Option<Vec<&str>> = case
        .options
        .get("jobs")
        .map(|jobs| jobs.split(',').collect());
    let mut judged = jobs.iter().filter(|(name, _)| {
        wanted
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&name.as_str()))
    });
    let failed = |(_, conclusion): &(String, Conclusion)| {
        !matches!(conclusion, Conclusion::Success | Conclusion::Skipped)
    };
    match judged.any(failed) || outcome.runs().is_empty() {
        true => "error",
        false => "success",
    }
}

#[test]
fn runs_end_as_they_do_in_acts_own_tests() {
    let folders = folders();
    if folders.is_empty() {
        eprintln!("skipped: conformance/act is not here");
    }
    let mut wrong = Vec::new();
    let mut unlisted = Vec::new();
    for folder in folders {
        for case in cases(&folder).iter().filter(|case| case.kind == "run") {
            let known = DIFFERENCES.iter().find(|(id, _)| *id == case.id);
            let outcome = trial_of(&folder, case).play().map(Outcome);
            let found = match &outcome {
                Ok(outcome) => verdict(case, outcome),
                Err(_) => "error",
            };
            let right = found == case.expected;
            if let Ok(outcome) = &outcome
                && case.id.starts_with("mask-values")
            {
                let shown = outcome
                    .said()
                    .into_iter()
                    .filter(|line| line.contains("secret value") || line.contains("YWJjCg=="));
                assert_eq!(shown.count(), 0, "{} shows what is masked", case.id);
            }
            match (right, known) {
                (false, None) => {
                    let mut log: Vec<String> = match &outcome {
                        Ok(outcome) => outcome.said().into_iter().map(str::to_owned).collect(),
                        Err(error) => vec![error.to_string()],
                    };
                    if let Ok(outcome) = &outcome {
                        log.extend(outcome.notes());
                        log.extend(outcome.jobs().iter().map(|job| format!("{job:?}")));
                        log.extend(outcome.not_modelled().iter().map(|text| (*text).to_owned()));
                    }
                    wrong.push(format!(
                        "{}: {found}, not {}\n    {}",
                        case.id,
                        case.expected,
                        log.join("\n    ")
                    ));
                }
                (true, Some((id, _))) => unlisted.push(*id),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unlisted.is_empty(), "no longer different: {unlisted:?}");
}

/// The jobs of a workflow in the stages in which they may run.
fn stages(workflow: &lockkeeper_workflow::Workflow) -> Vec<Vec<String>> {
    let mut stages: Vec<Vec<String>> = Vec::new();
    let mut depth: BTreeMap<&str, usize> = BTreeMap::new();
    for id in lockkeeper_workflow::graph::order(workflow) {
        let needs = workflow.jobs[id].needs.iter();
        let at = needs
            .filter_map(|need| depth.get(need.value.as_str()))
            .map(|depth| depth + 1)
            .max()
            .unwrap_or(0);
        depth.insert(id, at);
        if stages.len() <= at {
            stages.resize(at + 1, Vec::new());
        }
        stages[at].push(id.to_owned());
    }
    stages
}

#[test]
fn workflows_are_planned_as_act_plans_them() {
    for folder in folders() {
        for case in cases(&folder).iter().filter(|case| case.kind == "plan") {
            let path = folder.join(&case.path);
            let text = std::fs::read_to_string(&path).expect("a workflow");
            let loaded = lockkeeper_workflow::load(&case.path, &text);
            let Some(wanted) = case.expected.strip_prefix("stages=") else {
                let fine = loaded.is_ok();
                assert_eq!(fine, case.expected == "success", "{}: {loaded:?}", case.id);
                continue;
            };
            let found = match loaded {
                // What cannot be read has no trigger, so nothing is planned.
                Err(_) => String::new(),
                Ok(workflow) => {
                    let event = lockkeeper_workflow::Event::new(&case.event, "refs/heads/main");
                    match lockkeeper_workflow::triggered(&workflow, &event) {
                        Err(_) => String::new(),
                        Ok(()) => {
                            let stages = stages(&workflow);
                            let shown = stages.iter().map(|stage| stage.join(","));
                            shown.collect::<Vec<_>>().join("|")
                        }
                    }
                }
            };
            assert_eq!(found, wanted, "{}", case.id);
        }
    }
}

#[test]
fn a_case_that_must_fail_fails() {
    let trial = trial::trial(&[(
        "ci.yml",
        "on: push\njobs: {a: {runs-on: x, steps: [{run: exit 1}]}}",
    )]);
    assert_eq!(play(&trial).runs(), [Conclusion::Failure]);
}
