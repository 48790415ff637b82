//! Workflows of real repositories, when present: every one loads.

mod shared;

use std::path::Path;

use lockkeeper_workflow::plan::{Facts, Situation, Verdict, plan};
use lockkeeper_workflow::{Event, Workflow, graph, load};

/// Files that GitHub refuses as well, and why.
const REFUSED: &[(&str, &str)] = &[];

#[test]
fn every_workflow_loads() {
    let (mut all, mut failed) = (0, Vec::new());
    for name in ["corpus/workflows", "fixtures"] {
        let Some(folder) = shared::folder(name) else {
            continue;
        };
        for file in shared::files(&folder, &[".yml", ".yaml"]) {
            let name = file.to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).expect("a readable file");
            all += 1;
            let refused = REFUSED.iter().any(|(known, _)| name.ends_with(known));
            match load(&name, &text) {
                Ok(_) if refused => failed.push(format!("{name}: loads, but should not")),
                Err(problems) if !refused => {
                    failed.extend(problems.iter().map(ToString::to_string));
                }
                _ => {}
            }
        }
    }
    println!("corpus: {all} workflows");
    assert!(failed.is_empty(), "{}\n{}", failed.len(), failed.join("\n"));
}

/// Jobs that fail on GitHub too: the file, and part of the message.
const FAILING: &[(&str, &str)] = &[
    // They read outputs of a job that is not among their `needs`.
    ("copilot_deploy.yml", "Error parsing fromJson"),
];

/// Workflows that call each other lie in one folder.
fn together(files: &[std::path::PathBuf], folder: &Path) -> Vec<Workflow> {
    let here = files.iter().filter(|file| file.parent() == Some(folder));
    let read = here.filter_map(|file| {
        let name = file.file_name()?.to_string_lossy().into_owned();
        load(&name, &std::fs::read_to_string(file).ok()?).ok()
    });
    read.collect()
}

#[test]
fn every_workflow_has_a_plan_for_every_event() {
    let Some(folder) = shared::folder("corpus/workflows") else {
        return;
    };
    let files = shared::files(&folder, &[".yml", ".yaml"]);
    let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    folders.dedup();
    let events = [
        None,
        Some(Event::new("push", "refs/heads/main").changed(["src/a.ts"])),
        Some(Event::new("push", "refs/tags/v1.0.0")),
        Some(Event::new("pull_request", "refs/heads/main").activity("opened")),
        Some(Event::new("workflow_dispatch", "refs/heads/main")),
    ];
    let (mut jobs, mut undecided) = (0, 0);
    for folder in folders {
        let workflows = together(&files, folder);
        let find = |uses: &str| {
            let name = uses.strip_prefix("./.github/workflows/")?;
            workflows
                .iter()
                .find(|workflow| *workflow.place.file == *name)
        };
        for (workflow, event) in workflows
            .iter()
            .flat_map(|w| events.iter().map(move |e| (w, e)))
        {
            let situation = Situation {
                event: event.clone(),
                facts: Facts {
                    from_fork: Some(false),
                    head_ref: Some("topic".to_owned()),
                    repository: Some("example/app".to_owned()),
                    actor: Some("mona".to_owned()),
                    ..Facts::default()
                },
                find: &find,
                ..Situation::any()
            };
            let first = plan(workflow, &situation);
            assert_eq!(first, plan(workflow, &situation));
            let ids: Vec<&str> = first.jobs.iter().map(|job| job.id.as_str()).collect();
            assert_eq!(ids, graph::order(workflow));
            for job in first.every_job() {
                jobs += 1;
                match &job.verdict {
                    Verdict::Unknown(reads) => {
                        undecided += usize::from(event.is_some());
                        assert!(!reads.is_empty(), "{} {}", first.file, job.path);
                    }
                    Verdict::Fails(why) => {
                        let known = FAILING
                            .iter()
                            .any(|(file, part)| first.file == *file && why.contains(part));
                        assert!(known, "{} {}: {why}", first.file, job.path);
                    }
                    Verdict::Runs | Verdict::Skipped(_) => {}
                }
            }
        }
    }
    println!("corpus: {jobs} jobs, of which {undecided} are undecided although the event is known");
    assert!(
        undecided * 10 < jobs,
        "too little is decided: {undecided} of {jobs}"
    );
}
