//! The plan for people, on 80 columns.

use std::collections::BTreeMap;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use lockkeeper_workflow::plan::{
    Approval, Instance, JobPlan, Lock, Situation, Skip, Verdict, WorkflowPlan,
};
use lockkeeper_workflow::{Access, NotTriggered, Place, Queue, Trigger, needs_default_branch};

use super::{Args, Shown, base, triggers};
use crate::printable::printable;

const WIDTH: usize = 80;
/// Deeper jobs stand where those of this depth do.
const MAX_DEPTH: usize = 12;
/// Names, gates and locks of a matrix that are shown.
const MAX_SHOWN: usize = 8;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

pub(super) fn page(shown: &[Shown<'_>], situation: &Situation<'_>, args: &Args) -> String {
    let mut page = Page::default();
    if let Some(event) = &situation.event {
        page.line(0, BOLD, &args.headline(event));
        page.out.push('\n');
    }
    let mut deaf = Vec::new();
    for shown in shown {
        match &shown.plan.trigger {
            Some(Trigger::Not(NotTriggered::Event { .. })) => deaf.push(base(&shown.plan.file)),
            _ => page.workflow(shown),
        }
    }
    if let (Some(event), false) = (&situation.event, deaf.is_empty()) {
        let text = format!("not started by `{}`: {}", event.name, deaf.join(", "));
        page.line(0, Style::new(), &text);
        page.out.push('\n');
    }
    page.legend(situation, args);
    page.out
}

#[derive(Default)]
struct Page {
    out: String,
    gates: bool,
    locks: bool,
    unknowns: bool,
    /// No event in particular.
    survey: bool,
}

impl Page {
    /// A line of text, wrapped; what follows the first line is indented two more.
    fn line(&mut self, indent: usize, style: Style, text: &str) {
        let text = printable(text);
        let mut at = indent;
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let length = word.chars().count();
            let line = lines.last().map_or(0, |line| line.chars().count());
            if line > 0 && at + line + 1 + length > WIDTH {
                lines.push(String::new());
                at = indent + 2;
            }
            if let Some(line) = lines.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        for (number, line) in lines.iter().enumerate() {
            let indent = if number == 0 { indent } else { indent + 2 };
            writeln!(self.out, "{:indent$}{style}{line}{style:#}", "").ok();
        }
    }

    fn workflow(&mut self, shown: &Shown<'_>) {
        let plan = &shown.plan;
        let file = printable(base(&plan.file));
        write!(self.out, "{BOLD}{file}{BOLD:#}").ok();
        if plan.name != plan.file {
            write!(self.out, "  {}", printable(&plan.name)).ok();
        }
        self.out.push('\n');
        self.survey = plan.trigger.is_none();
        match &plan.trigger {
            None => {
                for line in triggers::lines(shown.workflow) {
                    self.line(2, DIM, &format!("on {line}"));
                }
            }
            Some(Trigger::Starts) => self.starts(plan),
            Some(Trigger::Not(why)) => {
                let place = why.place().map(|place| format!(" ({})", at(place)));
                let text = format!("does not start: {why}{}", place.unwrap_or_default());
                self.line(2, Style::new(), &text);
                self.out.push('\n');
                return;
            }
            Some(Trigger::Unknown(untold)) => {
                let text = format!("may start: {untold} ({})", at(untold.place()));
                self.line(2, YELLOW, &text);
            }
        }
        for problem in &plan.refused {
            let text = format!(
                "GitHub fails the run before any job starts: {} ({})",
                problem.message,
                at(&problem.place)
            );
            self.line(2, RED, &text);
        }
        if let Some(lock) = &plan.lock {
            self.lock(2, lock, "the run");
        }
        self.jobs(&plan.jobs, 2);
        self.out.push('\n');
    }

    fn starts(&mut self, plan: &WorkflowPlan) {
        let run = match &plan.run_name {
            Some(name) => format!("starts: {}", name.shown),
            None => "starts".to_owned(),
        };
        self.line(2, GREEN, &run);
        match plan.approval {
            Approval::NotNeeded => {}
            Approval::FirstTime => self.line(
                2,
                YELLOW,
                "waits until a maintainer approves it, if the contributor is new",
            ),
            Approval::Needed => {
                self.line(
                    2,
                    YELLOW,
                    "waits until someone with write access approves it",
                );
            }
        }
    }

    fn jobs(&mut self, jobs: &[JobPlan], indent: usize) {
        let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
        for job in jobs {
            let needs = job
                .needs
                .iter()
                .filter_map(|need| depths.get(need.as_str()));
            let depth = needs.max().map_or(0, |deepest| deepest + 1);
            depths.insert(&job.id, depth);
            self.job(
                job,
                indent + 2 * depth.min(MAX_DEPTH.saturating_sub(indent / 2)),
            );
        }
    }

    fn job(&mut self, job: &JobPlan, indent: usize) {
        let conditional = self.survey && job.condition.is_some();
        let (sign, word, style) = match &job.verdict {
            _ if conditional && !job.fails() => ("◐", "", YELLOW),
            Verdict::Runs if job.fails() => ("✗", "  fails", RED),
            Verdict::Runs => ("●", "", GREEN),
            Verdict::Unknown(_) => ("◐", "  unknown", YELLOW),
            Verdict::Skipped(_) => ("○", "  skipped", DIM),
            Verdict::Fails(_) => ("✗", "  fails", RED),
        };
        let name = match job.instances.as_slice() {
            [only] => &only.name.shown,
            _ => &job.name.shown,
        };
        let name = printable(name);
        let needs = match job.needs.is_empty() {
            true => String::new(),
            false => format!("  ← {}", printable(&job.needs.join(", "))),
        };
        let length = indent
            + 2
            + [&name, word, &needs]
                .iter()
                .map(|s| s.chars().count())
                .sum::<usize>();
        write!(
            self.out,
            "{:indent$}{style}{sign}{style:#} {name}{style}{word}{style:#}",
            ""
        )
        .ok();
        if length <= WIDTH {
            writeln!(self.out, "{DIM}{needs}{DIM:#}").ok();
        } else {
            self.out.push('\n');
            self.line(indent + 4, DIM, needs.trim_start());
        }
        self.why(job, indent + 4);
        if job.instances.len() > 1 {
            self.matrix(job, indent + 4);
        }
        self.waits(&job.instances, indent + 4);
        self.token(job, indent + 4);
        for instance in &job.instances {
            if let Some(call) = &instance.call {
                self.line(indent + 4, DIM, &format!("calls {}", call.uses));
                if let Some(why) = &call.unexplored {
                    self.line(
                        indent + 4,
                        YELLOW,
                        &format!("its jobs are not shown: {why}"),
                    );
                }
                self.jobs(&call.jobs, indent + 4);
            }
        }
    }

    fn why(&mut self, job: &JobPlan, indent: usize) {
        if let (true, Some(condition)) = (self.survey, &job.condition) {
            let source = one_line(&condition.value);
            self.line(
                indent,
                Style::new(),
                &format!("if {source} ({})", at(&condition.place)),
            );
        }
        let text = match &job.verdict {
            Verdict::Runs => return,
            Verdict::Skipped(Skip::Condition { .. }) | Verdict::Unknown(_)
                if self.survey && job.condition.is_some() =>
            {
                return;
            }
            Verdict::Fails(message) => format!("it cannot start: {message}"),
            Verdict::Unknown(reads) => {
                self.unknowns = true;
                let place = job.condition.as_ref().map_or(&job.place, |c| &c.place);
                format!("depends on {} ({})", reads.join(", "), at(place))
            }
            Verdict::Skipped(Skip::NotTriggered) => return,
            Verdict::Skipped(Skip::NeedFailed(need)) => {
                format!("`{need}` fails ({})", at(&job.place))
            }
            Verdict::Skipped(Skip::NeedSkipped(need)) => {
                format!("`{need}` is skipped ({})", at(&job.place))
            }
            Verdict::Skipped(Skip::NeedCancelled(need)) => {
                format!("`{need}` is cancelled ({})", at(&job.place))
            }
            Verdict::Skipped(Skip::Condition {
                source,
                place,
                decided,
            }) => {
                let part = decided
                    .as_ref()
                    .map_or(source.as_str(), |decided| &decided.part);
                let mut text = format!("`if` is false ({}): {}", at(place), one_line(part));
                for (name, value) in decided.iter().flat_map(|decided| &decided.values) {
                    let value = match value.as_str() {
                        Some(value) => format!("'{value}'"),
                        None => value.to_json(),
                    };
                    write!(text, "; {name} is {value}").ok();
                }
                text
            }
        };
        let style = match job.verdict {
            Verdict::Fails(_) => RED,
            _ => Style::new(),
        };
        self.line(indent, style, &text);
    }

    fn matrix(&mut self, job: &JobPlan, indent: usize) {
        let names: Vec<&str> = job
            .instances
            .iter()
            .take(MAX_SHOWN)
            .map(|i| i.name.shown.as_str())
            .collect();
        let mut text = format!("{} jobs: {}", job.instances.len(), names.join(", "));
        if job.instances.len() > MAX_SHOWN {
            text.push_str(", …");
        }
        if let Some(matrix) = &job.matrix {
            if let Some(parallel) = &matrix.max_parallel {
                write!(text, "; {} at a time", parallel.shown).ok();
            }
            if matrix.fail_fast == Some(false) {
                text.push_str("; a failure does not cancel the others");
            }
        }
        self.line(indent, DIM, &text);
    }

    /// Where the instances wait.
    fn waits(&mut self, instances: &[Instance], indent: usize) {
        let mut gates = Vec::new();
        let mut locks: Vec<&Lock> = Vec::new();
        for instance in instances {
            if let Some(gate) = &instance.environment {
                let mut text = format!("gate {}", gate.name.shown);
                if let Some(url) = &gate.url {
                    write!(text, " → {}", url.shown).ok();
                }
                match gate.deployment {
                    Some(true) => {}
                    Some(false) => text.push_str("; no deployment is recorded"),
                    None => text.push_str("; whether a deployment is recorded is unknown"),
                }
                if !gates.contains(&text) {
                    gates.push(text);
                }
            }
            if let Some(lock) = &instance.lock
                && !locks.iter().any(|known| known.group == lock.group)
            {
                locks.push(lock);
            }
        }
        self.gates |= !gates.is_empty();
        for gate in gates.iter().take(MAX_SHOWN) {
            self.line(indent, YELLOW, gate);
        }
        if gates.len() > MAX_SHOWN {
            self.line(
                indent,
                YELLOW,
                &format!("and {} gates more", gates.len() - MAX_SHOWN),
            );
        }
        for lock in locks.iter().take(MAX_SHOWN) {
            self.lock(indent, lock, "it");
        }
        if locks.len() > MAX_SHOWN {
            self.line(
                indent,
                YELLOW,
                &format!("and {} locks more", locks.len() - MAX_SHOWN),
            );
        }
    }

    fn lock(&mut self, indent: usize, lock: &Lock, who: &str) {
        self.locks = true;
        let mut text = format!("lock {}", lock.group.shown);
        match lock.cancel_in_progress {
            Some(true) => write!(text, "; {who} cancels what holds it").ok(),
            Some(false) => None,
            None => write!(text, "; whether {who} cancels what holds it is unknown").ok(),
        };
        if lock.queue == Queue::Max {
            text.push_str("; up to 100 wait");
        }
        self.line(indent, YELLOW, &text);
    }

    fn token(&mut self, job: &JobPlan, indent: usize) {
        let writes = job
            .permissions
            .scopes
            .iter()
            .filter(|(_, access)| *access == Access::Write);
        let scopes: Vec<&str> = writes.map(|(scope, _)| *scope).collect();
        if !scopes.is_empty() && !job.instances.is_empty() {
            self.line(
                indent,
                DIM,
                &format!("token may write {}", scopes.join(", ")),
            );
        }
    }

    fn legend(&mut self, situation: &Situation<'_>, args: &Args) {
        let mut notes = Vec::new();
        if self.gates {
            notes.push(
                "gate: the job waits for what the environment's protection rules ask".to_owned(),
            );
        }
        if self.locks {
            notes.push(
                "lock: one at a time; of those that wait only the newest stays, unless 100 may"
                    .to_owned(),
            );
        }
        if self.unknowns {
            notes.push("unknown: known only once the run is under way; never guessed".to_owned());
        }
        let fails: Vec<String> = args.fails.iter().map(|job| format!("`{job}`")).collect();
        notes.push(match fails.as_slice() {
            [] => "assumed: jobs that run succeed".to_owned(),
            fails => format!(
                "assumed: {} fails, other jobs that run succeed",
                fails.join(", ")
            ),
        });
        if let Some(event) = situation
            .event
            .as_ref()
            .filter(|e| needs_default_branch(&e.name))
        {
            let event = &event.name;
            notes.push(format!(
                "assumed: these files are on the default branch too, else `{event}` does not start them"
            ));
        }
        for note in notes {
            self.line(0, DIM, &note);
        }
    }
}

fn at(place: &Place) -> String {
    format!("{}:{}", base(&place.file), place.line)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
