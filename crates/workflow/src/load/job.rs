//! `jobs.<id>`.

use indexmap::IndexMap;

use super::reader::{Fields, Reader};
use super::step::StepsOf;
use crate::condition::Condition;
use crate::expr::Scope;
use crate::model::{
    CallSecrets, Defaults, EnvironmentUse, Job, JobCall, Keys, RunsOn, Services, Snapshot,
};
use crate::place::Spanned;
use crate::tables::workflow_keys as keys;
use crate::tables::workflow_keys::{JOB_FACTORY as JOB_KEYS, WORKFLOW_JOB as CALL_KEYS};
use crate::yaml::{Kind, Node};

impl Reader<'_, '_> {
    pub(super) fn job(&mut self, id: Spanned<String>, body: &Node<'_>) -> Option<Job> {
        // The first key that only one kind of job has decides which kind this is.
        let calls = match &body.kind {
            Kind::Mapping(entries) => entries
                .iter()
                .filter_map(|(key, _)| key.scalar())
                .find_map(|key| {
                    let key = key.text.as_ref();
                    let (job, call) = (JOB_KEYS.contains(&key), CALL_KEYS.contains(&key));
                    (job != call).then_some(call)
                })
                .unwrap_or(false),
            _ => false,
        };
        let fields = self.fields(body, if calls { CALL_KEYS } else { JOB_KEYS })?;
        let get = |key: &str| fields.get(key);
        let scope = &Scope::JOB;
        let name = get("name").and_then(|n| self.template(n, scope));
        let needs = get("needs").map(|n| self.words(n)).unwrap_or_default();
        let if_ = get("if").and_then(|n| self.condition(n, &Scope::JOB_IF));
        let runs_on = if calls {
            None
        } else {
            self.required(&fields, "runs-on", body)
                .and_then(|n| self.runs_on(n))
        };
        let environment = get("environment").and_then(|n| self.environment(n));
        let concurrency = get("concurrency").and_then(|n| self.concurrency(n, scope));
        let outputs = get("outputs")
            .map(|n| self.pairs(n, &Scope::RUNNER))
            .unwrap_or_default();
        let env = get("env")
            .map(|n| self.pairs_or_expression(n, &Scope::JOB_ENV))
            .unwrap_or_default();
        let defaults = get("defaults").map_or_else(Defaults::default, |n| {
            self.defaults(n, &Scope::JOB_DEFAULTS)
        });
        let steps = get("steps")
            .map(|n| self.steps(n, StepsOf::Job))
            .unwrap_or_default();
        self.unique_step_ids(&steps, &mut IndexMap::new());
        self.step_targets(&steps);
        let timeout_minutes = get("timeout-minutes").and_then(|n| self.number(n, scope));
        let continue_on_error = get("continue-on-error").and_then(|n| self.boolean(n, scope));
        let permissions = get("permissions").and_then(|n| self.permissions(n));
        let cache_mode = get("cache-mode").and_then(|n| self.cache_mode(n));
        let services = get("services").map_or_else(Services::default, |n| self.services(n));
        let container = get("container").and_then(|n| self.container(n, None));
        let strategy = get("strategy").and_then(|n| self.strategy(n));
        let snapshot = get("snapshot").and_then(|n| self.snapshot(n));
        let cancel_timeout_minutes =
            get("cancel-timeout-minutes").and_then(|n| self.number(n, scope));
        let call = if calls {
            self.call(&fields, body)
        } else {
            None
        };
        Some(Job {
            id,
            name,
            needs,
            if_,
            runs_on,
            environment,
            concurrency,
            outputs,
            env,
            defaults,
            steps,
            timeout_minutes,
            continue_on_error,
            permissions,
            cache_mode,
            services,
            container,
            cancel_timeout_minutes,
            snapshot,
            strategy,
            call,
            keys: fields.keys(),
            place: self.place(body),
        })
    }

    pub(super) fn condition(
        &mut self,
        node: &Node<'_>,
        scope: &Scope<'_>,
    ) -> Option<Spanned<Condition>> {
        let Kind::Scalar(scalar) = &node.kind else {
            self.unexpected(node, "a condition");
            return None;
        };
        let place = self.place(node);
        let problems = &mut self.problems;
        let condition = Condition::read(scalar, place.clone(), scope, self.source, problems);
        Some(Spanned::new(condition, place))
    }

    fn runs_on(&mut self, node: &Node<'_>) -> Option<RunsOn> {
        let place = self.place(node);
        let scope = &Scope::JOB;
        let mut runs_on = RunsOn {
            group: None,
            labels: Vec::new(),
            keys: Keys::default(),
            place,
        };
        match &node.kind {
            Kind::Scalar(_) => runs_on.labels = vec![self.filled(node, scope)?],
            Kind::Sequence(items) => {
                runs_on.labels = items.iter().filter_map(|i| self.filled(i, scope)).collect();
            }
            Kind::Mapping(_) => {
                let fields = self.fields(node, keys::RUNS_ON_MAPPING)?;
                runs_on.keys = fields.keys();
                runs_on.group = fields.get("group").and_then(|n| self.filled(n, scope));
                if let Some(group) = runs_on.group.as_ref().and_then(|g| g.as_literal()) {
                    self.check_group(group, fields.get("group").unwrap_or(node));
                }
                runs_on.labels = match fields.get("labels").map(|n| (n, &n.kind)) {
                    Some((_, Kind::Sequence(items))) => {
                        items.iter().filter_map(|i| self.filled(i, scope)).collect()
                    }
                    Some((labels, _)) => self.filled(labels, scope).into_iter().collect(),
                    None => Vec::new(),
                };
            }
        }
        Some(runs_on)
    }

    fn snapshot(&mut self, node: &Node<'_>) -> Option<Snapshot> {
        let place = self.place(node);
        if node.scalar().is_some() {
            return Some(Snapshot {
                image_name: self.word(node)?,
                if_: None,
                version: None,
                keys: Keys::default(),
                place,
            });
        }
        let fields = self.fields(node, keys::SNAPSHOT_MAPPING)?;
        let image_name = self
            .required(&fields, "image-name", node)
            .and_then(|n| self.word(n));
        let if_ = fields
            .get("if")
            .and_then(|n| self.condition(n, &Scope::SNAPSHOT_IF));
        let version = fields.get("version").and_then(|n| self.word(n));
        Some(Snapshot {
            image_name: image_name?,
            if_,
            version,
            keys: fields.keys(),
            place,
        })
    }

    fn check_group(&mut self, group: &str, node: &Node<'_>) {
        let Some((prefix, name)) = group.split_once('/') else {
            return;
        };
        if name.is_empty() || prefix.is_empty() {
            let message = format!("Invalid runs-on group name '{group}'.");
            self.problem(&self.place(node), message);
        } else if !["org", "organization", "ent", "enterprise"].contains(&prefix)
            || name.contains('/')
        {
            let message = format!(
                "Invalid runs-on group name '{group}'. Please use 'organization/' or \
                 'enterprise/' prefix to target a single runner group."
            );
            self.problem(&self.place(node), message);
        }
    }

    fn environment(&mut self, node: &Node<'_>) -> Option<EnvironmentUse> {
        let place = self.place(node);
        let scope = &Scope::JOB;
        if node.scalar().is_some() {
            return Some(EnvironmentUse {
                name: self.template(node, scope)?,
                url: None,
                deployment: None,
                keys: Keys::default(),
                place,
            });
        }
        let fields = self.fields(node, keys::JOB_ENVIRONMENT_MAPPING)?;
        let name = self
            .required(&fields, "name", node)
            .and_then(|n| self.template(n, scope));
        let url = fields
            .get("url")
            .and_then(|n| self.template(n, &Scope::ENVIRONMENT_URL));
        let deployment = fields
            .get("deployment")
            .and_then(|n| self.boolean(n, scope));
        Some(EnvironmentUse {
            name: name?,
            url,
            deployment,
            keys: fields.keys(),
            place,
        })
    }

    fn call(&mut self, fields: &Fields<'_>, body: &Node<'_>) -> Option<JobCall> {
        let uses = self
            .required(fields, "uses", body)
            .and_then(|n| self.word(n))?;
        if !is_workflow_path(&uses.value) {
            self.problem_with(
                &uses.place,
                format!("invalid value workflow reference: {}", uses.value),
                Some(
                    "write `./.github/workflows/file.yml` or \
                     `owner/repo/.github/workflows/file.yml@ref`"
                        .to_owned(),
                ),
            );
        }
        let with = fields
            .get("with")
            .map(|n| self.pairs(n, &Scope::JOB))
            .unwrap_or_default();
        let secrets = match fields.get("secrets") {
            None => CallSecrets::None,
            Some(node) => match &node.kind {
                Kind::Scalar(s) if s.text == "inherit" => CallSecrets::Inherit,
                Kind::Mapping(_) => CallSecrets::Given(self.pairs(node, &Scope::JOB_ENV)),
                _ => {
                    self.unexpected(node, "`inherit` or a mapping of secrets");
                    CallSecrets::None
                }
            },
        };
        Some(JobCall {
            uses,
            with,
            secrets,
        })
    }
}

fn is_workflow_path(text: &str) -> bool {
    let file = |path: &str| path.ends_with(".yml") || path.ends_with(".yaml");
    if let Some(path) = text.strip_prefix("./").or_else(|| text.strip_prefix("$/")) {
        return path
            .strip_prefix(".github/workflows/")
            .is_some_and(|f| file(f) && !f.contains('/') && !f.contains('@'));
    }
    let Some((path, git_ref)) = text.split_once('@') else {
        return false;
    };
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts.as_slice(), [owner, repo, ".github", "workflows", name]
        if !owner.is_empty() && !repo.is_empty() && file(name))
        && !git_ref.is_empty()
}
