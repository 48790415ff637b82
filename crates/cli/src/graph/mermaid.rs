//! The plan as a Mermaid flowchart in a Markdown fence.

use std::collections::BTreeMap;
use std::fmt::Write;

use lockkeeper_workflow::Trigger;
use lockkeeper_workflow::plan::{CallPlan, Instance, JobPlan, Skip, Verdict};

use super::{Shown, base};

/// Instances that are drawn apart.
const MAX_INSTANCES: usize = 4;

pub(super) fn page(shown: &[Shown<'_>]) -> String {
    let mut chart = Chart::default();
    let starts = |shown: &&Shown<'_>| !matches!(shown.plan.trigger, Some(Trigger::Not(_)));
    for shown in shown.iter().filter(starts) {
        chart.workflow(shown);
    }
    if chart.count == 0 {
        chart.line(1, "n0[\"no workflow starts\"]:::skipped");
    }
    let mut text = "```mermaid\nflowchart LR\n".to_owned();
    text.push_str(&chart.nodes);
    text.push_str(&chart.edges);
    text.push_str("  classDef skipped stroke:gray,color:gray,stroke-dasharray:4 4\n");
    text.push_str("  classDef unknown stroke:orange,stroke-dasharray:4 4\n");
    text.push_str("  classDef fails stroke:red,color:red\n");
    text.push_str("  classDef gated stroke-width:3px\n");
    text.push_str("```\n");
    text
}

#[derive(Default)]
struct Chart {
    nodes: String,
    edges: String,
    count: usize,
    /// No event in particular: a condition is not a verdict yet.
    survey: bool,
}

impl Chart {
    /// Ids are numbers: no name of a job can be mistaken for syntax.
    fn id(&mut self) -> String {
        self.count += 1;
        format!("n{}", self.count)
    }

    fn line(&mut self, depth: usize, text: &str) {
        let indent = "  ".repeat(depth);
        self.nodes.push_str(&indent);
        self.nodes.push_str(text);
        self.nodes.push('\n');
    }

    fn workflow(&mut self, shown: &Shown<'_>) {
        let id = self.id();
        let mut title = escape(base(&shown.plan.file));
        if shown.plan.name != shown.plan.file {
            write!(title, ": {}", escape(&shown.plan.name)).ok();
        }
        if let Some(Trigger::Unknown(_)) = &shown.plan.trigger {
            title.push_str(" (may start)");
        }
        self.survey = shown.plan.trigger.is_none();
        self.line(1, &format!("subgraph {id}[\"{title}\"]"));
        self.jobs(&shown.plan.jobs, 2);
        self.line(1, "end");
    }

    fn jobs(&mut self, jobs: &[JobPlan], depth: usize) {
        let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for job in jobs {
            let drawn = self.job(job, depth);
            for from in job
                .needs
                .iter()
                .filter_map(|need| ids.get(need.as_str()))
                .flatten()
            {
                for to in &drawn {
                    writeln!(self.edges, "  {from} --> {to}").ok();
                }
            }
            ids.insert(&job.id, drawn);
        }
    }

    /// The ids of what is drawn for a job.
    fn job(&mut self, job: &JobPlan, depth: usize) -> Vec<String> {
        let class = match &job.verdict {
            Verdict::Skipped(Skip::Condition { .. }) if self.survey => ":::unknown",
            Verdict::Skipped(_) => ":::skipped",
            Verdict::Unknown(_) => ":::unknown",
            Verdict::Fails(_) => ":::fails",
            Verdict::Runs if job.fails() => ":::fails",
            Verdict::Runs => "",
        };
        let mut drawn = Vec::new();
        for instance in job.instances.iter().take(MAX_INSTANCES) {
            let id = self.id();
            match &instance.call {
                Some(call) if !call.jobs.is_empty() => self.call(&id, instance, call, depth),
                _ => {
                    let label = label(instance);
                    let gated = instance.environment.is_some() && class.is_empty();
                    let class = if gated { ":::gated" } else { class };
                    self.line(depth, &format!("{id}[\"{label}\"]{class}"));
                }
            }
            drawn.push(id);
        }
        let rest = job.instances.len().saturating_sub(MAX_INSTANCES);
        if rest > 0 || drawn.is_empty() {
            let id = self.id();
            let mut label = escape(&job.name.shown);
            if rest > 0 {
                write!(label, "<br/>and {rest} more").ok();
            }
            self.line(depth, &format!("{id}[\"{label}\"]{class}"));
            drawn.push(id);
        }
        drawn
    }

    fn call(&mut self, id: &str, instance: &Instance, call: &CallPlan, depth: usize) {
        let title = escape(&instance.name.shown);
        self.line(depth, &format!("subgraph {id}[\"{title}\"]"));
        self.jobs(&call.jobs, depth + 1);
        self.line(depth, "end");
    }
}

fn label(instance: &Instance) -> String {
    let mut label = escape(&instance.name.shown);
    if let Some(gate) = &instance.environment {
        write!(label, "<br/>gate: {}", escape(&gate.name.shown)).ok();
    }
    if let Some(lock) = &instance.lock {
        write!(label, "<br/>lock: {}", escape(&lock.group.shown)).ok();
    }
    if let Some(call) = &instance.call {
        write!(label, "<br/>calls {}", escape(&call.uses)).ok();
    }
    label
}

/// A text that Mermaid and Markdown show and do not interpret: all but letters, digits, blanks and
/// a few harmless signs are written as entities. So are signs that would begin a list.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut begins = true;
    for c in text.chars() {
        let lists = begins && matches!(c, '.' | ')' | '-');
        begins &= c.is_ascii_digit();
        if lists {
            write!(escaped, "#{};", u32::from(c)).ok();
        } else if c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '/' | '(' | ')' | '-' | '_')
        {
            escaped.push(c);
        } else if c.is_control() {
            escaped.push(' ');
        } else {
            write!(escaped, "#{};", u32::from(c)).ok();
        }
    }
    escaped
}
