//! The top of a workflow file, and what it has in common with jobs.

use indexmap::IndexMap;

use super::reader::Reader;
use crate::expr::{Scope, Value};
use crate::model::{
    Access, CacheMode, Concurrency, Defaults, Keys, Permissions, PermissionsKind, Queue, Triggers,
    Workflow,
};
use crate::permissions::{Grant, SCOPES};
use crate::place::{Place, Spanned};
use crate::suggest;
use crate::tables::workflow_keys as keys;
use crate::yaml::{Kind, Node};

impl Reader<'_, '_> {
    pub(super) fn workflow(&mut self, root: &Node<'_>) -> Option<Workflow> {
        let fields = self.fields(root, keys::WORKFLOW_ROOT_STRICT)?;
        let name = fields.get("name").and_then(|n| self.text(n));
        let description = fields.get("description").and_then(|n| self.text(n));
        let run_name = fields
            .get("run-name")
            .and_then(|n| self.template(n, &Scope::WORKFLOW));
        let on = match self.required(&fields, "on", root) {
            Some(node) => self.triggers(node),
            None => Triggers::none(self.place(root)),
        };
        let permissions = fields.get("permissions").and_then(|n| self.permissions(n));
        let env = fields
            .get("env")
            .map(|n| self.pairs_or_expression(n, &Scope::WORKFLOW_ENV))
            .unwrap_or_default();
        let defaults = fields
            .get("defaults")
            .map(|n| self.defaults(n, &Scope::NONE))
            .unwrap_or_default();
        let concurrency = fields
            .get("concurrency")
            .and_then(|n| self.concurrency(n, &Scope::WORKFLOW));
        let cache_mode = fields.get("cache-mode").and_then(|n| self.cache_mode(n));
        let jobs = match self.required(&fields, "jobs", root) {
            Some(node) => self.jobs(node),
            None => IndexMap::new(),
        };
        Some(Workflow {
            name,
            description,
            run_name,
            on,
            permissions,
            env,
            defaults,
            concurrency,
            cache_mode,
            jobs,
            unmodelled: std::mem::take(&mut self.unmodelled),
            unused_anchors: Vec::new(),
            keys: fields.keys(),
            place: self.place(root),
        })
    }

    pub(super) fn cache_mode(&mut self, node: &Node<'_>) -> Option<Spanned<CacheMode>> {
        let name = self.word(node)?;
        let Some(mode) = CacheMode::named(&name.value) else {
            let suggestion = suggest::did_you_mean(&name.value, CacheMode::NAMES)
                .or_else(|| Some(format!("wanted here: {}", CacheMode::NAMES.join(", "))));
            let message = format!("Unexpected value '{}'", name.value);
            self.problem_with(&name.place, message, suggestion);
            return None;
        };
        Some(Spanned::new(mode, name.place))
    }

    pub(super) fn permissions(&mut self, node: &Node<'_>) -> Option<Permissions> {
        let place = self.place(node);
        if let Kind::Scalar(scalar) = &node.kind {
            let kind = match scalar.text.as_ref() {
                "read-all" => PermissionsKind::ReadAll,
                "write-all" => PermissionsKind::WriteAll,
                _ => {
                    self.unexpected(node, "read-all, write-all or a mapping of scopes");
                    return None;
                }
            };
            return Some(Permissions { kind, place });
        }
        let names: Vec<&'static str> = SCOPES.iter().map(|(name, _)| *name).collect();
        self.fields(node, &names)?;
        let mut scopes = Vec::new();
        for (key, value) in self.entries_quietly(node) {
            let Some((_, grant)) = SCOPES.iter().find(|(name, _)| *name == key.value) else {
                continue;
            };
            let text = value.scalar().map_or("", |s| s.text.as_ref());
            let access = match (text, grant) {
                ("none", _) => Access::None,
                ("read", Grant::Any | Grant::ReadOnly) => Access::Read,
                ("write", Grant::Any | Grant::WriteOnly) => Access::Write,
                _ => {
                    let legal = match grant {
                        Grant::Any => "read, write or none",
                        Grant::WriteOnly => "write or none",
                        Grant::ReadOnly => "read or none",
                    };
                    self.unexpected(value, legal);
                    continue;
                }
            };
            scopes.push((key, Spanned::new(access, self.place(value))));
        }
        let kind = PermissionsKind::Scopes(scopes);
        Some(Permissions { kind, place })
    }

    /// Entries of a mapping whose problems are reported already.
    fn entries_quietly<'n>(&mut self, node: &'n Node<'n>) -> Vec<(Spanned<String>, &'n Node<'n>)> {
        let before = self.problems.len();
        let entries = self.entries(node, "a mapping").unwrap_or_default();
        self.problems.truncate(before);
        entries
    }

    pub(super) fn defaults(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Defaults {
        let mut defaults = Defaults::default();
        let Some(fields) = self.fields(node, keys::WORKFLOW_DEFAULTS) else {
            return defaults;
        };
        defaults.keys = fields.keys();
        let run = &mut defaults.run;
        if let Some(node) = fields.get("run")
            && let Some(fields) = self.fields(node, keys::WORKFLOW_DEFAULTS_RUN)
        {
            run.keys = fields.keys();
            run.shell = fields.get("shell").and_then(|n| self.filled(n, scope));
            run.working_directory = fields
                .get("working-directory")
                .and_then(|n| self.filled(n, scope));
        }
        defaults
    }

    pub(super) fn concurrency(
        &mut self,
        node: &Node<'_>,
        scope: &Scope<'_>,
    ) -> Option<Concurrency> {
        let place = self.place(node);
        if node.scalar().is_some() {
            return Some(Concurrency {
                group: self.filled(node, scope)?,
                cancel_in_progress: None,
                queue: Queue::Single,
                keys: Keys::default(),
                place,
            });
        }
        let fields = self.fields(node, keys::CONCURRENCY_MAPPING)?;
        let group = self
            .required(&fields, "group", node)
            .and_then(|n| self.filled(n, scope));
        let cancel_in_progress = fields
            .get("cancel-in-progress")
            .and_then(|n| self.boolean(n, scope));
        let mut queue = Queue::Single;
        if let Some(node) = fields.get("queue") {
            match node.scalar().map(|s| s.text.as_ref()) {
                Some("single") => {}
                Some("max") => queue = Queue::Max,
                other => {
                    let known = ["single", "max"];
                    let suggestion = suggest::did_you_mean(other.unwrap_or(""), known)
                        .or_else(|| Some("`single` or `max`".to_owned()));
                    let message = format!("Unexpected value '{}'", other.unwrap_or(""));
                    self.problem_with(&self.place(node), message, suggestion);
                }
            }
        }
        let cancels =
            cancel_in_progress.as_ref().and_then(|t| t.literal()) == Some(&Value::Bool(true));
        if queue == Queue::Max && cancels {
            let message = "`queue: max` and `cancel-in-progress: true` exclude each other";
            self.problem(&place, message);
        }
        Some(Concurrency {
            group: group?,
            cancel_in_progress,
            queue,
            keys: fields.keys(),
            place,
        })
    }

    pub(super) fn jobs(&mut self, node: &Node<'_>) -> IndexMap<String, crate::model::Job> {
        let mut jobs = IndexMap::new();
        let Some(entries) = self.entries(node, "a mapping of jobs") else {
            return jobs;
        };
        if entries.is_empty() {
            self.no_jobs(&self.place(node));
        }
        for (id, body) in entries {
            if !is_identifier(&id.value) {
                let message = format!(
                    "The identifier '{}' is invalid. IDs may only contain alphanumeric \
                     characters, '_', and '-'. IDs must start with a letter or '_' and must be \
                     less than 100 characters.",
                    id.value
                );
                self.problem(&id.place, message);
            }
            if let Some(job) = self.job(id, body) {
                jobs.insert(job.id.value.clone(), job);
            }
        }
        jobs
    }

    fn no_jobs(&mut self, place: &Place) {
        let message = "The workflow must contain at least one job with no dependencies.";
        self.problem(place, message);
    }
}

/// Ids of jobs and steps.
pub(super) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    text.len() < 100
        && chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}
