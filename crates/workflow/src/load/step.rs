//! `jobs.<id>.steps`.

use indexmap::IndexMap;

use super::reader::{Fields, Reader};
use super::workflow::is_identifier;
use crate::expr::Scope;
use crate::model::{ActionRef, Step, StepKind};
use crate::place::{Place, Spanned};
use crate::suggest;
use crate::yaml::{Kind, Node};

const RUN_KEYS: &[&str] = &[
    "name",
    "id",
    "if",
    "timeout-minutes",
    "run",
    "continue-on-error",
    "env",
    "working-directory",
    "shell",
    "background",
];
const USES_KEYS: &[&str] = &[
    "name",
    "id",
    "if",
    "continue-on-error",
    "timeout-minutes",
    "uses",
    "with",
    "env",
    "background",
];
const WAIT_KEYS: &[&str] = &["name", "id", "continue-on-error", "wait"];
const WAIT_ALL_KEYS: &[&str] = &["name", "id", "continue-on-error", "wait-all"];
const CANCEL_KEYS: &[&str] = &["name", "id", "continue-on-error", "cancel"];
const PARALLEL_KEYS: &[&str] = &["parallel"];

const NOT_PARALLEL: &str = "steps are read as if they ran one after the other";

impl Reader<'_, '_> {
    pub(super) fn steps(&mut self, node: &Node, path: &str) -> Vec<Step> {
        let items = self.sequence(node, "a sequence of steps").unwrap_or(&[]);
        let mut steps = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            steps.extend(self.step(item, &format!("{path}.steps[{i}]")));
        }
        steps
    }

    fn step(&mut self, node: &Node, path: &str) -> Option<Step> {
        let Kind::Mapping(entries) = &node.kind else {
            self.unexpected(node, "a step");
            return None;
        };
        // The first key that only one kind of step has decides which kind this is.
        let keys = entries
            .iter()
            .filter_map(|(key, _)| key.scalar())
            .find_map(|key| match key.text.as_str() {
                "run" | "shell" | "working-directory" => Some(RUN_KEYS),
                "uses" | "with" => Some(USES_KEYS),
                "wait" => Some(WAIT_KEYS),
                "wait-all" => Some(WAIT_ALL_KEYS),
                "cancel" => Some(CANCEL_KEYS),
                "parallel" => Some(PARALLEL_KEYS),
                _ => None,
            });
        let Some(keys) = keys else {
            self.unclear_step(node, entries);
            return None;
        };
        let fields = self.fields(node, keys)?;
        let scope = &Scope::STEP;
        let outer = self.expanded.len();
        let id = fields.get("id").and_then(|n| self.step_id(n));
        let name = fields.get("name").and_then(|n| self.template(n, scope));
        let if_ = fields
            .get("if")
            .and_then(|n| self.condition(n, &Scope::STEP_IF));
        let env = fields
            .get("env")
            .map(|n| self.pairs_or_expression(n, scope, &format!("{path}."), "env"))
            .unwrap_or_default();
        let timeout_minutes = fields
            .get("timeout-minutes")
            .and_then(|n| self.number(n, scope));
        let continue_on_error = fields
            .get("continue-on-error")
            .and_then(|n| self.boolean(n, scope));
        let background = fields.get("background").and_then(|n| self.flag(n)) == Some(true);
        for key in ["background", "wait", "wait-all", "cancel", "parallel"] {
            self.note(&fields, path, key, NOT_PARALLEL);
        }
        let kind = self.step_kind(&fields, &node.place, path);
        // Steps of `parallel` have taken their own.
        let expanded = self.expanded.split_off(outer);
        let kind = kind?;
        Some(Step {
            id,
            name,
            if_,
            kind,
            env,
            expanded,
            timeout_minutes,
            continue_on_error,
            background,
            place: node.place.clone(),
        })
    }

    fn step_kind(&mut self, fields: &Fields<'_>, place: &Place, path: &str) -> Option<StepKind> {
        let scope = &Scope::STEP;
        if let Some(node) = fields.get("run") {
            return Some(StepKind::Run {
                script: self.template(node, scope)?,
                shell: fields
                    .get("shell")
                    .and_then(|n| self.filled(n, &Scope::NONE)),
                working_directory: fields
                    .get("working-directory")
                    .and_then(|n| self.template(n, scope)),
            });
        }
        if let Some(node) = fields.get("uses") {
            return self.uses(node, fields, path);
        }
        if let Some(node) = fields.get("wait") {
            let steps = self.words(node);
            return Some(StepKind::Wait { steps });
        }
        if let Some(node) = fields.get("wait-all") {
            if !node.is_null() {
                self.flag(node);
            }
            return Some(StepKind::WaitAll);
        }
        if let Some(node) = fields.get("cancel") {
            let step = self.word(node)?;
            return Some(StepKind::Cancel { step });
        }
        if let Some(node) = fields.get("parallel") {
            let steps = self.steps(node, &format!("{path}.parallel"));
            return Some(StepKind::Parallel { steps });
        }
        let runs = fields.get("shell").is_some() || fields.get("working-directory").is_some();
        let missing = if runs { "run" } else { "uses" };
        self.problem(place, format!("Required property is missing: {missing}"));
        None
    }

    fn uses(&mut self, node: &Node, fields: &Fields<'_>, path: &str) -> Option<StepKind> {
        let scope = &Scope::STEP;
        let text = self.word(node)?;
        let Some(action) = ActionRef::parse(&text.value) else {
            let message = format!(
                "Expected format {{org}}/{{repo}}[/path]@ref. Actual '{}'",
                text.value
            );
            let way_out = if text.value.contains('@') {
                "name an owner and a repository"
            } else {
                "say which version: add @ and a tag or commit"
            };
            self.problem_with(&text.place, message, Some(way_out.to_owned()));
            return None;
        };
        if matches!(action, ActionRef::SelfRepository(_)) {
            let why = "an action of this repository at the running commit";
            self.unmodelled(format!("{path}.uses"), &text.place, why);
        }
        let with = fields
            .get("with")
            .map(|n| self.pairs_or_expression(n, scope, &format!("{path}."), "with"))
            .unwrap_or_default();
        Some(StepKind::Uses {
            action: Spanned::new(action, text.place),
            with,
        })
    }

    fn step_id(&mut self, node: &Node) -> Option<Spanned<String>> {
        let id = self.word(node)?;
        if !is_identifier(&id.value) || id.value.starts_with("__") {
            let message = format!(
                "The identifier '{}' is invalid. IDs may only contain alphanumeric characters, \
                 '_', and '-'. IDs must start with a letter or '_' and must be less than 100 \
                 characters.",
                id.value
            );
            self.problem(&id.place, message);
            return None;
        }
        Some(id)
    }

    /// Step ids are unique within a job, without regard to case.
    pub(super) fn unique_step_ids(&mut self, steps: &[Step], seen: &mut IndexMap<String, Place>) {
        for step in steps {
            if let Some(id) = &step.id {
                let first = seen.insert(crate::expr::fold(&id.value), id.place.clone());
                if let Some(first) = first {
                    let message = format!(
                        "The identifier '{}' may not be used more than once within the same scope.",
                        id.value
                    );
                    let way_out = format!("it is used in line {} already", first.line);
                    self.problem_with(&id.place, message, Some(way_out));
                }
            }
            if let StepKind::Parallel { steps } = &step.kind {
                self.unique_step_ids(steps, seen);
            }
        }
    }

    fn unclear_step(&mut self, node: &Node, entries: &[(Node, Node)]) {
        let known = [
            RUN_KEYS,
            USES_KEYS,
            WAIT_KEYS,
            WAIT_ALL_KEYS,
            CANCEL_KEYS,
            PARALLEL_KEYS,
        ];
        let mut unknown = false;
        for (key, _) in entries {
            let Some(scalar) = key.scalar() else {
                self.unexpected(key, "a name");
                unknown = true;
                continue;
            };
            if scalar.value == crate::expr::Value::Null {
                self.problem(&key.place, "Unexpected value ''");
                unknown = true;
            } else if !known.iter().any(|k| k.contains(&scalar.text.as_str())) {
                let names = known.iter().flat_map(|k| k.iter().copied());
                let suggestion = suggest::did_you_mean(&scalar.text, names);
                let message = format!("Unexpected value '{}'", scalar.text);
                self.problem_with(&key.place, message, suggestion);
                unknown = true;
            }
        }
        let message = "There's not enough info to determine what you meant. Add one of these \
                       properties: cancel, parallel, run, shell, uses, wait, wait-all, with, \
                       working-directory";
        if !unknown
            || !self
                .problems
                .iter()
                .any(|p| node.place.span.contains(&p.place.span.start))
        {
            self.problem(&node.place, message);
        }
    }
}
