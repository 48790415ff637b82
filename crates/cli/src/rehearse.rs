//! `lockkeeper rehearse`

mod campaign;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;
use lockkeeper_rehearsal::real::RealTool;
use lockkeeper_rehearsal::{Durations, Progress, RehearsalError, Request, durations, rehearse};

use crate::exit::{self, Failure};
use crate::report::Shown;

/// Run the workflow files on an embedded GitHub and AWS, and say which promises they keep
///
/// Plays pull requests, merges, approvals, races and faults in virtual time with the real workflow
/// files and real bash: no account, no Docker, no network. Each promise is kept, broken (with the
/// lines that broke it and what happened around them) or not exercised.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  lockkeeper rehearse                        the repository in this directory
  lockkeeper rehearse examples/node-api      another one
  lockkeeper rehearse --scenario rollback    one story only
  lockkeeper rehearse --format json          for programs
  lockkeeper rehearse --workflows ../shop    somebody else's pipeline, without rules
  lockkeeper rehearse --real aws             with the AWS CLI of this machine
  lockkeeper rehearse --html report.html     a page to share, with every story over time
  lockkeeper rehearse --campaign 1000        a thousand schedules with drawn faults
  lockkeeper rehearse --replay 'two-merges:1:cancel@s9'
                                             one of them again, with its report
  lockkeeper rehearse --format github --summary $GITHUB_STEP_SUMMARY
                                             in a workflow: annotations and a job summary

Exit status: 0 no promise is broken, 1 a promise is broken, 2 unusable input or
nothing to judge, 3 this machine failed.")]
pub(crate) struct Args {
    /// The repository's directory
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// Rehearse workflows of somebody else: a repository's root, or a directory of workflow files,
    /// for which stand-ins take the place of what else they name
    #[arg(long, value_name = "DIR", conflicts_with = "directory")]
    workflows: Option<PathBuf>,
    /// The seed that decides between things that could happen at the same time
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Play only this story (may be given several times, and begins in the order given)
    #[arg(long = "scenario", value_name = "ID")]
    scenarios: Vec<String>,
    /// Play only this schedule, as a campaign prints it (may be given several times)
    #[arg(long, value_name = "SCHEDULE", conflicts_with_all = ["scenarios", "campaign", "interleavings", "seed"])]
    replay: Vec<String>,
    /// Begin no further story once a promise is broken: the report is about the stories played
    #[arg(long)]
    fail_fast: bool,
    /// List the stories and stop
    #[arg(long)]
    list: bool,
    /// Judge roles by FILE, what `aws iam get-account-authorization-details` prints
    #[arg(long, value_name = "FILE")]
    iam: Option<PathBuf>,
    /// Run the installed TOOL (`aws`) in the place of the modelled one, with the embedded world as
    /// its service; the first on the PATH, or the one at PATH
    #[arg(long, value_name = "TOOL[=PATH]")]
    real: Vec<String>,
    /// How long steps and services take, where it is not as usual: TOML, `image-build = 240`
    #[arg(long, value_name = "FILE")]
    durations: Option<PathBuf>,
    /// Run the steps without isolation from this machine: only for workflows that you trust
    #[arg(long)]
    no_sandbox: bool,
    #[command(flatten)]
    campaign: campaign::Options,
    #[command(flatten)]
    shown: Shown,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if args.list {
        for (id, title) in lockkeeper_rehearsal::scenarios() {
            writeln!(anstream::stdout(), "{id:28} {title}").ok();
        }
        return Ok(ExitCode::SUCCESS);
    }
    let directory = args.workflows.as_ref().unwrap_or(&args.directory);
    let reading = crate::rules::read(directory)?;
    let durations = match &args.durations {
        Some(path) => durations(path).map_err(|error| Failure::usage(error.to_string()))?,
        None => Durations::default(),
    };
    let executable = std::env::current_exe()
        .map_err(|error| Failure::machine(format!("cannot find my own executable: {error}")))?;
    let real = args.real.iter().map(|text| RealTool::find(text));
    let real = real
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::usage(error.to_string()))?;
    let request = Request {
        directory: directory.clone(),
        strangers: args.workflows.is_some(),
        policy: reading.policy,
        seed: args.seed,
        scenarios: args.scenarios.clone(),
        replay: args.replay.clone(),
        fail_fast: args.fail_fast,
        executable,
        no_sandbox: args.no_sandbox,
        iam: args.iam.clone(),
        real,
        durations,
    };
    if args.campaign.is_asked_for() {
        if args.shown.has_files() {
            return Err(Failure::usage(
                "a campaign writes no files of that kind: replay one of its schedules for them",
            ));
        }
        exit::clean_up_when_interrupted();
        let format = args.shown.format();
        return args.campaign.run(&request, format, &args.place());
    }
    let show = std::io::stderr().is_terminal() && args.shown.is_for_people();
    let progress = |progress: Progress| {
        if show {
            let Progress {
                done,
                all,
                scenario,
            } = progress;
            write!(std::io::stderr(), "\r\u{1b}[K{done}/{all} {scenario}").ok();
        }
    };
    exit::clean_up_when_interrupted();
    let report = rehearse(&request, &progress);
    if show {
        write!(std::io::stderr(), "\r\u{1b}[K").ok();
    }
    let report = report.map_err(failure)?;
    args.shown.show(&report, &args.command())
}

impl Args {
    /// What plays the same rehearsal again, for a shell.
    fn command(&self) -> String {
        let words = ["--seed".to_owned(), self.seed.to_string()];
        let real = self
            .real
            .iter()
            .flat_map(|tool| ["--real".to_owned(), tool.clone()]);
        let words: Vec<String> = words.into_iter().chain(real).collect();
        let words = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default();
        format!("{} {words}", self.place())
    }

    /// What begins every command about this repository.
    fn place(&self) -> String {
        let mut words = vec!["lockkeeper".to_owned(), "rehearse".to_owned()];
        if let Some(workflows) = &self.workflows {
            words.extend(["--workflows".to_owned(), workflows.display().to_string()]);
        } else if self.directory.as_os_str() != "." {
            words.push(self.directory.display().to_string());
        }
        let words = words.iter().map(String::as_str);
        // Only a NUL cannot be quoted, and no argument of a process holds one.
        shlex::try_join(words).unwrap_or_default()
    }
}

fn failure(error: RehearsalError) -> Failure {
    match error {
        RehearsalError::Engine(_) => Failure::machine(error.to_string()),
        _ => Failure::usage(error.to_string()),
    }
}
