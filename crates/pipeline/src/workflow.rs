//! Workflows, jobs and steps as data, and how they are written.

use crate::pins::Pins;
use crate::yaml::{Map, Yaml};

/// A workflow file.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub(crate) name: String,
    pub(crate) run_name: Option<String>,
    pub(crate) on: Map,
    pub(crate) concurrency: Concurrency,
    pub(crate) jobs: Vec<Job>,
}

#[derive(Debug, Clone)]
pub(crate) struct Concurrency {
    pub(crate) above: Vec<String>,
    pub(crate) group: String,
    pub(crate) cancel_in_progress: bool,
    /// Every waiting run is kept, in the order of arrival, instead of the newest alone.
    pub(crate) keep_all: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Job {
    pub(crate) id: &'static str,
    pub(crate) name: String,
    pub(crate) above: Vec<String>,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) condition: Option<String>,
    pub(crate) timeout_minutes: i64,
    pub(crate) environment: Option<Environment>,
    pub(crate) concurrency: Option<Concurrency>,
    pub(crate) permissions: Vec<(&'static str, &'static str)>,
    pub(crate) outputs: Vec<(&'static str, String)>,
    pub(crate) env: Vec<(&'static str, String)>,
    pub(crate) services: Vec<(&'static str, Map)>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) url: Option<String>,
    /// A deployment record is made for the job.
    pub(crate) deployment: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) id: Option<&'static str>,
    pub(crate) above: Vec<String>,
    pub(crate) condition: Option<String>,
    pub(crate) env: Vec<(&'static str, String)>,
    pub(crate) work: Work,
}

#[derive(Debug, Clone)]
pub(crate) enum Work {
    Run(String),
    Uses {
        action: &'static str,
        with: Vec<(&'static str, Yaml)>,
    },
}

impl Step {
    pub(crate) fn run(name: impl Into<String>, script: impl Into<String>) -> Self {
        Self::new(name, Work::Run(script.into()))
    }

    pub(crate) fn uses(
        name: impl Into<String>,
        action: &'static str,
        with: Vec<(&'static str, Yaml)>,
    ) -> Self {
        Self::new(name, Work::Uses { action, with })
    }

    fn new(name: impl Into<String>, work: Work) -> Self {
        Self {
            name: name.into(),
            id: None,
            above: Vec::new(),
            condition: None,
            env: Vec::new(),
            work,
        }
    }

    pub(crate) fn id(mut self, id: &'static str) -> Self {
        self.id = Some(id);
        self
    }

    pub(crate) fn when(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// One more input of the action.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Yaml>) -> Self {
        if let Work::Uses { with, .. } = &mut self.work {
            with.push((name, value.into()));
        }
        self
    }

    pub(crate) fn above(mut self, line: impl Into<String>) -> Self {
        self.above.push(line.into());
        self
    }

    fn to_yaml(&self, pins: &Pins) -> Map {
        let mut map = Map::new();
        map.push("name", self.name.as_str());
        if let Some(id) = self.id {
            map.push("id", id);
        }
        if let Some(condition) = &self.condition {
            map.push_under(&self.above, "if", condition.as_str());
        }
        let above: &[String] = if self.condition.is_some() {
            &[]
        } else {
            &self.above
        };
        match &self.work {
            Work::Run(script) => {
                push_env(&mut map, &self.env);
                map.push_under(above, "run", script.as_str());
            }
            Work::Uses { action, with } => {
                push_env(&mut map, &self.env);
                let (reference, version) = pins.reference(action);
                map.push_beside("uses", reference, version);
                if !with.is_empty() {
                    let mut inputs = Map::new();
                    for (name, value) in with {
                        inputs.push(*name, value.clone());
                    }
                    map.push_under(above, "with", inputs);
                }
            }
        }
        map
    }
}

fn push_env(map: &mut Map, env: &[(&'static str, String)]) {
    if !env.is_empty() {
        let mut values = Map::new();
        for (name, value) in env {
            values.push(*name, value.as_str());
        }
        map.push("env", values);
    }
}

impl Concurrency {
    fn to_yaml(&self) -> Map {
        let map = Map::new()
            .with("group", self.group.as_str())
            .with("cancel-in-progress", self.cancel_in_progress);
        if self.keep_all {
            map.with("queue", "max")
        } else {
            map
        }
    }
}

impl Job {
    fn to_yaml(&self, pins: &Pins) -> Map {
        let mut map = Map::new().with("name", self.name.as_str());
        if !self.needs.is_empty() {
            map.push("needs", flow(&self.needs));
        }
        if let Some(condition) = &self.condition {
            map.push("if", condition.as_str());
        }
        map.push("runs-on", RUNNER);
        map.push("timeout-minutes", self.timeout_minutes);
        if let Some(environment) = &self.environment {
            let mut value = Map::new().with("name", environment.name.as_str());
            if let Some(url) = &environment.url {
                value.push("url", url.as_str());
            }
            if !environment.deployment {
                value.push("deployment", false);
            }
            map.push("environment", value);
        }
        if let Some(concurrency) = &self.concurrency {
            map.push_under(&concurrency.above, "concurrency", concurrency.to_yaml());
        }
        let mut permissions = Map::new();
        for (name, access) in &self.permissions {
            permissions.push_beside(*name, *access, why_permitted(name, access));
        }
        map.push("permissions", permissions);
        if !self.outputs.is_empty() {
            let mut outputs = Map::new();
            for (name, value) in &self.outputs {
                outputs.push(*name, value.as_str());
            }
            map.push("outputs", outputs);
        }
        push_env(&mut map, &self.env);
        if !self.services.is_empty() {
            let mut services = Map::new();
            for (name, service) in &self.services {
                services.push(*name, service.clone());
            }
            map.push("services", services);
        }
        let steps = self.steps.iter().map(|step| step.to_yaml(pins).into());
        map.push("steps", steps.collect::<Vec<Yaml>>());
        map
    }
}

/// What a job does with a permission.
fn why_permitted(name: &str, access: &str) -> &'static str {
    match (name, access) {
        ("id-token", _) => "exchanged for AWS credentials",
        ("actions", "write") => "to cancel runs that wait",
        ("actions", _) => "to see the environment's protection and this run's approval",
        _ => "to check out",
    }
}

/// Pinned, so that the image changes when the team says so.
pub(crate) const RUNNER: &str = "ubuntu-24.04";

impl Workflow {
    pub(crate) fn to_yaml(&self, pins: &Pins) -> Map {
        let mut map = Map::new().with("name", self.name.as_str());
        if let Some(run_name) = &self.run_name {
            map.push("run-name", run_name.as_str());
        }
        map.push("on", self.on.clone());
        map.push("permissions", Map::new());
        map.push_under(
            &self.concurrency.above,
            "concurrency",
            self.concurrency.to_yaml(),
        );
        map.push(
            "defaults",
            Map::new().with("run", Map::new().with("shell", "bash")),
        );
        let mut jobs = Map::new();
        for job in &self.jobs {
            jobs.push_under(&job.above, job.id, job.to_yaml(pins));
        }
        map.push("jobs", jobs);
        map
    }
}

pub(crate) fn flow(words: &[&str]) -> Yaml {
    Yaml::Flow(words.iter().map(|word| (*word).to_owned()).collect())
}
