//! `lockkeeper rehearse --campaign`

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args as ClapArgs;
use lockkeeper_rehearsal::{Campaign, CampaignProgress, CampaignReport, HumanCampaign, Shard};
use lockkeeper_rehearsal::{HumanOrders, Progress, Request, SAVED, campaign, orders, save};

use crate::exit::{self, Failure};
use crate::report::Format;

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Campaigns")]
pub(super) struct Options {
    /// Play N schedules: stories with faults at moments, both drawn from the seed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) campaign: Option<u32>,
    /// Play only the I-th of N parts of the campaign
    #[arg(long, value_name = "I/N", requires = "campaign", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Keep in FILE what has been played, and go on from there when interrupted
    #[arg(long, value_name = "FILE", requires = "campaign")]
    resume: Option<PathBuf>,
    /// Play every N-th schedule twice, to see that it goes the same way; 0 for none
    #[arg(long, value_name = "N", requires = "campaign", default_value_t = 50)]
    twice_every: u32,
    /// Add the smallest schedule that breaks each promise to lockkeeper.schedules, which every
    /// rehearsal plays first
    #[arg(long, requires = "campaign")]
    save: bool,
    /// Play every order in which what happens at the same time can go, at most N of each story
    #[arg(long, value_name = "N", conflicts_with = "campaign", value_parser = clap::value_parser!(u32).range(1..))]
    interleavings: Option<u32>,
    /// Play at most N schedules to make each broken one smaller
    #[arg(long, value_name = "N", requires = "campaign", default_value_t = 300)]
    shrink: u32,
}

impl Options {
    pub(super) fn is_asked_for(&self) -> bool {
        self.campaign.is_some() || self.interleavings.is_some()
    }

    pub(super) fn run(
        &self,
        request: &Request,
        format: Format,
        command: &str,
    ) -> Result<ExitCode, Failure> {
        if let Some(most) = self.interleavings {
            return interleavings(request, most, format, command);
        }
        let Some(schedules) = self.campaign else {
            return Ok(ExitCode::SUCCESS);
        };
        let plan = Campaign {
            schedules,
            shard: self.shard,
            twice_every: self.twice_every,
            resume: self.resume.clone(),
            most_shrinking: self.shrink,
        };
        let show = std::io::stderr().is_terminal() && format == Format::Human;
        let progress = |progress: CampaignProgress| {
            if show {
                write!(std::io::stderr(), "\r\u{1b}[K{}", line(&progress)).ok();
            }
        };
        let report = campaign(request, &plan, &progress);
        if show {
            write!(std::io::stderr(), "\r\u{1b}[K").ok();
        }
        let report = report.map_err(super::failure)?;
        exit::printed(print(&report, format, command))?;
        if self.save {
            let examples = report.promises.iter().filter_map(|promise| {
                let example = promise.counter_example.as_ref()?;
                let why = format!("{}: {}", promise.id, example.message);
                Some((example.schedule.as_str(), why))
            });
            let saved = save(&request.directory, examples)
                .map_err(|error| Failure::machine(error.to_string()))?;
            writeln!(std::io::stderr(), "{saved} new in {SAVED}").ok();
        }
        Ok(if report.is_empty() {
            ExitCode::from(2)
        } else if report.all_well() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

fn print(report: &CampaignReport, format: Format, command: &str) -> std::io::Result<()> {
    let mut out = anstream::stdout();
    let text = HumanCampaign { report, command };
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, report)?;
            writeln!(out)
        }
        Format::Human => write!(out, "{text}"),
        Format::Github => write!(out, "{}\n{text}", text.annotations()),
    }
}

fn interleavings(
    request: &Request,
    most: u32,
    format: Format,
    command: &str,
) -> Result<ExitCode, Failure> {
    let show = std::io::stderr().is_terminal() && format == Format::Human;
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
    let report = orders(request, most, &progress);
    if show {
        write!(std::io::stderr(), "\r\u{1b}[K").ok();
    }
    let report = report.map_err(super::failure)?;
    let mut out = anstream::stdout();
    let printed = match format {
        Format::Json => serde_json::to_writer_pretty(&mut out, &report)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out)),
        Format::Human | Format::Github => {
            let report = &report;
            write!(out, "{}", HumanOrders { report, command })
        }
    };
    exit::printed(printed)?;
    Ok(if report.is_empty() {
        ExitCode::from(2)
    } else if report.all_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn line(progress: &CampaignProgress) -> String {
    let CampaignProgress {
        done,
        all,
        broken,
        left,
    } = progress;
    let mut line = format!("{done}/{all} schedules, {broken} broken");
    if let Some(left) = left {
        line += &format!(", about {} left", about(*left));
    }
    line
}

fn about(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..100 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}
