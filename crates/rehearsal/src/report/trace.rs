//! Chrome's trace format, for Perfetto and `chrome://tracing`: a process for each story, a thread
//! for each job, deployment and service. Virtual microseconds.
//! <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Report;
use super::film::{Film, Run, Service};

/// Writes all stories of a report.
///
/// # Errors
/// When `out` cannot be written.
pub fn trace(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut events = Vec::new();
    for (process, recording) in report.recordings.iter().enumerate() {
        let mut story = Story {
            process: process + 1,
            threads: 0,
            events: &mut events,
        };
        let name = format!("{} ({})", recording.scenario, recording.settings);
        story.name("process_name", 0, &name);
        story.tell(&Film::of(&recording.events));
    }
    serde_json::to_writer(
        &mut *out,
        &json!({ "displayTimeUnit": "ms", "traceEvents": events }),
    )?;
    out.write_all(b"\n")
}

struct Story<'e> {
    process: usize,
    threads: usize,
    events: &'e mut Vec<Value>,
}

impl Story<'_> {
    fn name(&mut self, what: &str, thread: usize, name: &str) {
        let (pid, args) = (self.process, json!({ "name": name }));
        let event = json!({ "ph": "M", "name": what, "pid": pid, "tid": thread, "args": args });
        self.events.push(event);
    }

    fn thread(&mut self, name: &str) -> usize {
        self.threads += 1;
        self.name("thread_name", self.threads, name);
        self.threads
    }

    fn slice(&mut self, thread: usize, name: &str, from: u64, to: u64, args: Value) {
        self.events.push(json!({
            "ph": "X", "name": name, "pid": self.process, "tid": thread,
            "ts": from * 1000, "dur": to.saturating_sub(from) * 1000, "args": args,
        }));
    }

    fn tell(&mut self, film: &Film) {
        let people = self.thread("people and faults");
        for deed in &film.people {
            self.events.push(json!({
                "ph": "i", "s": "p", "name": format!("{} {}", deed.who, deed.what),
                "pid": self.process, "tid": people, "ts": deed.at * 1000,
            }));
        }
        for run in &film.runs {
            self.run(film, run);
        }
        for lock in &film.locks {
            let thread = self.thread(&format!("group {}", lock.group));
            let holder = format!("run #{}", lock.run);
            let to = lock.to.unwrap_or(film.end);
            self.slice(thread, &holder, lock.from, to, json!({}));
        }
        for service in &film.services {
            self.service(film, service);
        }
    }

    fn run(&mut self, film: &Film, run: &Run) {
        let name = format!("{} #{} attempt {}", run.workflow, run.id, run.attempt);
        let thread = self.thread(&name);
        let args = json!({ "trigger": run.trigger, "sha": run.sha, "actor": run.actor, "conclusion": run.conclusion });
        let end = run.ended.unwrap_or(film.end);
        self.slice(thread, &run.workflow, run.created, end, args);
        for job in run.jobs.iter().filter(|job| job.started.is_some()) {
            let thread = self.thread(&format!("{name}: {}", job.name));
            if let Some(review) = &job.review {
                let args =
                    json!({ "environment": review.environment, "reviewers": review.reviewers });
                let to = review.to.unwrap_or(film.end);
                self.slice(thread, "waits for a review", review.from, to, args);
            }
            for step in &job.steps {
                let args = json!({ "file": run.workflow, "line": step.line, "conclusion": step.conclusion });
                let to = step.ended.unwrap_or(film.end);
                self.slice(thread, &step.name, step.started, to, args);
            }
        }
    }

    fn service(&mut self, film: &Film, service: &Service) {
        let thread = self.thread(&format!("{}: deployments", service.name));
        for deployment in &service.deployments {
            let to = deployment.states.last().map_or(film.end, |state| state.0);
            let args = json!({ "rollback": deployment.rollback, "states": deployment.states });
            self.slice(thread, &deployment.digest, deployment.started, to, args);
        }
        for (at, targets) in &service.serving {
            self.events.push(json!({
                "ph": "C", "name": format!("{}: targets", service.name),
                "pid": self.process, "ts": at * 1000, "args": targets,
            }));
        }
    }
}
