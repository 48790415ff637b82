//! `gh run list`, `view`, `watch`, `cancel` and `rerun`.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::arguments::Arguments;
use super::api::encode;
use super::talk::{Pause, Reply};
use super::{Command, Outcome, filter};

impl Command<'_, '_> {
    pub(super) fn run_list(&mut self) -> Outcome {
        let known = &[
            "--workflow= -w",
            "--branch= -b",
            "--status= -s",
            "--event= -e",
            "--commit= -c",
            "--user= -u",
            "--limit= -L",
            "--json=",
            "--jq= -q",
            "--repo= -R",
            "--all -a",
        ];
        let read = match self.read("gh run list", known, &[]) {
            Ok(read) => read,
            Err(code) => return Ok(code),
        };
        let slug = self.repository(&read);
        let base = match read.value("--workflow") {
            None => format!("repos/{slug}/actions/runs"),
            Some(workflow) => match self.workflow(&slug, workflow)? {
                Ok(id) => format!("repos/{slug}/actions/workflows/{id}/runs"),
                Err(code) => return Ok(code),
            },
        };
        let limit = read.value("--limit").unwrap_or("20");
        let mut path = format!("{base}?per_page={}", encode(limit));
        for (option, name) in [
            ("--branch", "branch"),
            ("--status", "status"),
            ("--event", "event"),
            ("--commit", "head_sha"),
            ("--user", "actor"),
        ] {
            if let Some(value) = read.value(option) {
                path.push_str(&format!("&{name}={}", encode(value)));
            }
        }
        let body = match self.get(&path)? {
            Ok(body) => body,
            Err(code) => return Ok(code),
        };
        let runs = body["workflow_runs"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if let Some(fields) = read.value("--json") {
            let all: Result<Vec<Value>, String> = runs
                .iter()
                .map(|run| filter::pick(fields, &run_fields(run, None)))
                .collect();
            return Ok(self.print_json(&read, all.map(Value::Array)));
        }
        for run in &runs {
            let text = |name: &str| run[name].as_str().unwrap_or_default().to_owned();
            self.desk.out(format!(
                "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                text("status"),
                text("conclusion"),
                text("display_title"),
                text("name"),
                text("head_branch"),
                text("event"),
                run["id"],
                "1m0s",
                text("created_at")
            ));
        }
        Ok(0)
    }

    /// The run that the first word names.
    fn named_run(&mut self, read: &Arguments) -> Result<Result<(String, Value), i32>, Pause> {
        let Some(id) = read
            .words
            .first()
            .filter(|id| id.bytes().all(|b| b.is_ascii_digit()))
        else {
            self.desk
                .err("run ID required when not running interactively\n");
            return Ok(Err(1));
        };
        let path = format!("repos/{}/actions/runs/{id}", self.repository(read));
        let run = match self.get(&path)? {
            Ok(run) => run,
            Err(code) => return Ok(Err(code)),
        };
        Ok(Ok((path, run)))
    }

    pub(super) fn run_view(&mut self) -> Outcome {
        let known = &[
            "--json=",
            "--jq= -q",
            "--repo= -R",
            "--exit-status",
            "--verbose -v",
        ];
        let read = match self.read("gh run view", known, &[]) {
            Ok(read) => read,
            Err(code) => return Ok(code),
        };
        let (path, run) = match self.named_run(&read)? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let jobs = match self.get(&format!("{path}/jobs?per_page=100"))? {
            Ok(jobs) => jobs,
            Err(code) => return Ok(code),
        };
        if let Some(fields) = read.value("--json") {
            let picked = filter::pick(fields, &run_fields(&run, Some(&jobs)));
            let code = self.print_json(&read, picked);
            return Ok(if code != 0 {
                code
            } else {
                exit_status(&read, &run)
            });
        }
        let conclusion = run["conclusion"].as_str().or(run["status"].as_str());
        self.desk.out(format!(
            "{} {} · {}\n",
            conclusion.unwrap_or_default(),
            run["display_title"].as_str().unwrap_or_default(),
            run["id"]
        ));
        for job in jobs["jobs"].as_array().into_iter().flatten() {
            let state = job["conclusion"].as_str().or(job["status"].as_str());
            self.desk.out(format!(
                "{}\t{} (ID {})\n",
                state.unwrap_or_default(),
                job["name"].as_str().unwrap_or_default(),
                job["id"]
            ));
        }
        Ok(exit_status(&read, &run))
    }

    pub(super) fn run_watch(&mut self) -> Outcome {
        let known = &["--exit-status", "--interval= -i", "--repo= -R"];
        let read = match self.read("gh run watch", known, &["--compact"]) {
            Ok(read) => read,
            Err(code) => return Ok(code),
        };
        let seconds = read.value("--interval").and_then(|n| n.parse().ok());
        let interval = Duration::from_secs(seconds.unwrap_or(3).clamp(1, 3600));
        loop {
            let (_, run) = match self.named_run(&read)? {
                Ok(found) => found,
                Err(code) => return Ok(code),
            };
            if run["status"] == "completed" {
                self.desk.out(format!(
                    "Run {} ({}) completed with '{}'\n",
                    run["name"].as_str().unwrap_or_default(),
                    run["id"],
                    run["conclusion"].as_str().unwrap_or_default()
                ));
                return Ok(exit_status(&read, &run));
            }
            self.talk.wait(interval)?;
        }
    }

    pub(super) fn run_cancel(&mut self) -> Outcome {
        let read = match self.read("gh run cancel", &["--repo= -R", "--force"], &[]) {
            Ok(read) => read,
            Err(code) => return Ok(code),
        };
        let verb = if read.has("--force") {
            "force-cancel"
        } else {
            "cancel"
        };
        let (path, run) = match self.named_run(&read)? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let path = format!("{path}/{verb}");
        match self.talk.ask(self.desk, "POST", &path, None)? {
            Reply::Answer { status, .. } if status < 300 => {
                self.desk.out(format!(
                    "✓ Request to cancel workflow {} submitted.\n",
                    run["id"]
                ));
                Ok(0)
            }
            Reply::Answer { status: 409, .. } => {
                self.desk
                    .err("Cannot cancel a workflow run that is completed\n");
                Ok(1)
            }
            reply => Ok(self.failed(&path, &reply)),
        }
    }

    pub(super) fn run_rerun(&mut self) -> Outcome {
        let read = match self.read("gh run rerun", &["--repo= -R"], &[]) {
            Ok(read) => read,
            Err(code) => return Ok(code),
        };
        let (path, run) = match self.named_run(&read)? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let path = format!("{path}/rerun");
        match self.talk.ask(self.desk, "POST", &path, None)? {
            Reply::Answer { status, .. } if status < 300 => {
                self.desk
                    .out(format!("✓ Requested rerun of run {}\n", run["id"]));
                Ok(0)
            }
            reply => {
                self.desk
                    .err(format!("run {} cannot be rerun: ", run["id"]));
                Ok(self.failed(&path, &reply))
            }
        }
    }

    fn print_json(&mut self, read: &Arguments, value: Result<Value, String>) -> i32 {
        let text = value.and_then(|value| match read.value("--jq") {
            Some(expression) => filter::jq(self.desk, expression, &value),
            None => Ok(format!("{value}\n")),
        });
        match text {
            Ok(text) => {
                self.desk.out(text);
                0
            }
            Err(text) => {
                self.desk.err(format!("{}\n", text.trim_end()));
                1
            }
        }
    }
}

fn exit_status(read: &Arguments, run: &Value) -> i32 {
    let bad = run["status"] == "completed"
        && !matches!(
            run["conclusion"].as_str(),
            Some("success" | "skipped" | "neutral")
        );
    i32::from(read.has("--exit-status") && bad)
}

/// The fields of `--json`, in gh's names.
fn run_fields(run: &Value, jobs: Option<&Value>) -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        ("attempt", run["run_attempt"].clone()),
        (
            "conclusion",
            Value::from(run["conclusion"].as_str().unwrap_or_default()),
        ),
        ("createdAt", run["created_at"].clone()),
        ("databaseId", run["id"].clone()),
        ("displayTitle", run["display_title"].clone()),
        ("event", run["event"].clone()),
        ("headBranch", run["head_branch"].clone()),
        ("headSha", run["head_sha"].clone()),
        ("name", run["name"].clone()),
        ("number", run["run_number"].clone()),
        ("startedAt", run["run_started_at"].clone()),
        ("status", run["status"].clone()),
        ("updatedAt", run["updated_at"].clone()),
        ("url", run["html_url"].clone()),
        ("workflowDatabaseId", run["workflow_id"].clone()),
        ("workflowName", run["name"].clone()),
    ];
    if let Some(jobs) = jobs {
        let shown: Vec<Value> = jobs["jobs"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|job| {
                json!({
                    "completedAt": job["completed_at"],
                    "conclusion": job["conclusion"].as_str().unwrap_or_default(),
                    "databaseId": job["id"],
                    "name": job["name"],
                    "startedAt": job["started_at"],
                    "status": job["status"],
                    "url": job["html_url"],
                })
            })
            .collect();
        fields.push(("jobs", Value::Array(shown)));
    }
    fields
}
