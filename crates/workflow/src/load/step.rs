//! `jobs.<id>.steps`.

use indexmap::IndexMap;

use super::reader::{Fields, Reader};
use super::workflow::is_identifier;
use crate::expr::Scope;
use crate::model::{ActionRef, Step, StepKind};
use crate::place::{Place, Spanned};
use crate::suggest;
use crate::tables::action_keys::{
    RUN_STEP as COMPOSITE_RUN_KEYS, USES_STEP as COMPOSITE_USES_KEYS,
};
use crate::tables::workflow_keys::{
    CANCEL_STEP as CANCEL_KEYS, PARALLEL_STEP as PARALLEL_KEYS, REGULAR_STEP as USES_KEYS,
    RUN_STEP as RUN_KEYS, WAIT_ALL_STEP as WAIT_ALL_KEYS, WAIT_STEP as WAIT_KEYS,
};
use crate::yaml::{Kind, Node};

/// Whose steps these are, which decides what may stand in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepsOf {
    Job,
    /// A `parallel` group of a job.
    Parallel,
    CompositeAction,
}

impl StepsOf {
    fn scope(self) -> &'static Scope<'static> {
        match self {
            StepsOf::Job | StepsOf::Parallel => &Scope::STEP,
            StepsOf::CompositeAction => &Scope::ACTION_STEP,
        }
    }

    fn if_scope(self) -> &'static Scope<'static> {
        match self {
            StepsOf::Job | StepsOf::Parallel => &Scope::STEP_IF,
            StepsOf::CompositeAction => &Scope::ACTION_STEP_IF,
        }
    }

    /// The keys of the kind of step that has this key.
    fn keys_with(self, key: &str) -> Option<&'static [&'static str]> {
        let composite = self == StepsOf::CompositeAction;
        match key {
            "run" | "shell" | "working-directory" if composite => Some(COMPOSITE_RUN_KEYS),
            "run" | "shell" | "working-directory" => Some(RUN_KEYS),
            "uses" | "with" if composite => Some(COMPOSITE_USES_KEYS),
            "uses" | "with" => Some(USES_KEYS),
            _ if composite => None,
            "wait" => Some(WAIT_KEYS),
            "wait-all" => Some(WAIT_ALL_KEYS),
            "cancel" => Some(CANCEL_KEYS),
            "parallel" => Some(PARALLEL_KEYS),
            _ => None,
        }
    }

    fn kinds(self) -> &'static [&'static [&'static str]] {
        match self {
            StepsOf::Job | StepsOf::Parallel => &[
                RUN_KEYS,
                USES_KEYS,
                WAIT_KEYS,
                WAIT_ALL_KEYS,
                CANCEL_KEYS,
                PARALLEL_KEYS,
            ],
            StepsOf::CompositeAction => &[COMPOSITE_RUN_KEYS, COMPOSITE_USES_KEYS],
        }
    }
}

impl Reader<'_, '_> {
    pub(super) fn steps(&mut self, node: &Node<'_>, of: StepsOf) -> Vec<Step> {
        let items = self.sequence(node, "a sequence of steps").unwrap_or(&[]);
        items
            .iter()
            .filter_map(|item| self.step(item, of))
            .collect()
    }

    fn step(&mut self, node: &Node<'_>, of: StepsOf) -> Option<Step> {
        let Kind::Mapping(entries) = &node.kind else {
            self.unexpected(node, "a step");
            return None;
        };
        // The first key that only one kind of step has decides which kind this is.
        let keys = entries
            .iter()
            .filter_map(|(key, _)| key.scalar())
            .find_map(|key| of.keys_with(&key.text));
        let Some(keys) = keys else {
            self.unclear_step(node, entries, of);
            return None;
        };
        if of == StepsOf::Parallel {
            self.check_parallel(entries);
        }
        let fields = self.fields(node, keys)?;
        let scope = of.scope();
        let id = fields.get("id").and_then(|n| self.step_id(n));
        let name = fields.get("name").and_then(|n| self.template(n, scope));
        let if_ = fields
            .get("if")
            .and_then(|n| self.condition(n, of.if_scope()));
        let env = fields
            .get("env")
            .map(|n| self.pairs_or_expression(n, scope))
            .unwrap_or_default();
        let timeout_minutes = fields
            .get("timeout-minutes")
            .and_then(|n| self.number(n, scope));
        let continue_on_error = fields
            .get("continue-on-error")
            .and_then(|n| self.boolean(n, scope));
        let background = fields.get("background").and_then(|n| self.flag(n)) == Some(true);
        let kind = self.step_kind(&fields, node, of)?;
        Some(Step {
            id,
            name,
            if_,
            kind,
            env,
            timeout_minutes,
            continue_on_error,
            background,
            keys: fields.keys(),
            place: self.place(node),
        })
    }

    fn step_kind(&mut self, fields: &Fields<'_>, step: &Node<'_>, of: StepsOf) -> Option<StepKind> {
        let scope = of.scope();
        if let Some(node) = fields.get("run") {
            let shell = match of {
                StepsOf::CompositeAction => self
                    .required(fields, "shell", step)
                    .and_then(|n| self.template(n, scope)),
                _ => fields
                    .get("shell")
                    .and_then(|n| self.filled(n, &Scope::NONE)),
            };
            return Some(StepKind::Run {
                script: self.template(node, scope)?,
                shell,
                working_directory: fields
                    .get("working-directory")
                    .and_then(|n| self.template(n, scope)),
            });
        }
        if let Some(node) = fields.get("uses") {
            return self.uses(node, fields, scope);
        }
        if let Some(node) = fields.get("wait") {
            let steps = self.words(node);
            return Some(StepKind::Wait { steps });
        }
        if let Some(node) = fields.get("wait-all") {
            if !node.is_null() && self.flag(node) == Some(false) {
                self.problem_with(
                    &self.place(node),
                    "The value of 'wait-all' must be true or omitted",
                    Some("leave out the step that is not to wait".to_owned()),
                );
            }
            return Some(StepKind::WaitAll);
        }
        if let Some(node) = fields.get("cancel") {
            let step = self.word(node)?;
            return Some(StepKind::Cancel { step });
        }
        if let Some(node) = fields.get("parallel") {
            let steps = self.steps(node, StepsOf::Parallel);
            return Some(StepKind::Parallel { steps });
        }
        let runs = fields.get("shell").is_some() || fields.get("working-directory").is_some();
        let missing = if runs { "run" } else { "uses" };
        let message = format!("Required property is missing: {missing}");
        self.problem(&self.place(step), message);
        None
    }

    /// A `parallel` group takes steps that do something, and says itself that they run in the
    /// background.
    fn check_parallel(&mut self, entries: &[(Node<'_>, Node<'_>)]) {
        for (key, _) in entries {
            let message = match key.scalar().map(|s| s.text.as_ref()) {
                Some("background") => {
                    "'background' is not allowed inside a parallel block. Steps in a parallel \
                     block are automatically run as background steps."
                        .to_owned()
                }
                Some("parallel") => "Nested 'parallel' blocks are not allowed.".to_owned(),
                Some(kind @ ("wait" | "wait-all" | "cancel")) => {
                    format!("'{kind}' is not allowed inside a parallel block.")
                }
                _ => continue,
            };
            self.problem(&self.place(key), message);
        }
    }

    /// `wait` and `cancel` name steps that stand before them.
    pub(super) fn step_targets(&mut self, steps: &[Step]) {
        let mut known: Vec<&str> = Vec::new();
        for step in steps {
            let own = step.id.as_ref().map(|id| id.value.as_str());
            let targets = match &step.kind {
                StepKind::Wait { steps } => steps.as_slice(),
                StepKind::Cancel { step } => std::slice::from_ref(step),
                _ => &[],
            };
            for target in targets {
                let name = target.value.as_str();
                if name.starts_with("__") {
                    let message = format!(
                        "The identifier '{name}' is invalid. IDs starting with '__' are reserved."
                    );
                    self.problem(&target.place, message);
                } else if own.is_some_and(|own| own.eq_ignore_ascii_case(name)) {
                    let message = format!("Step '{name}' cannot reference itself");
                    self.problem(&target.place, message);
                } else if !known.iter().any(|id| id.eq_ignore_ascii_case(name)) {
                    let message = format!("Step references unknown step ID '{name}'");
                    let way_out = suggest::did_you_mean(name, known.iter().copied())
                        .or_else(|| Some("it must be the id of an earlier step".to_owned()));
                    self.problem_with(&target.place, message, way_out);
                }
            }
            known.extend(own);
            if let StepKind::Parallel { steps } = &step.kind {
                known.extend(
                    steps
                        .iter()
                        .filter_map(|s| s.id.as_ref())
                        .map(|id| id.value.as_str()),
                );
            }
        }
    }

    fn uses(
        &mut self,
        node: &Node<'_>,
        fields: &Fields<'_>,
        scope: &Scope<'_>,
    ) -> Option<StepKind> {
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
        let with = fields
            .get("with")
            .map(|n| self.pairs_or_expression(n, scope))
            .unwrap_or_default();
        Some(StepKind::Uses {
            action: Spanned::new(action, text.place),
            with,
        })
    }

    fn step_id(&mut self, node: &Node<'_>) -> Option<Spanned<String>> {
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

    fn unclear_step(&mut self, node: &Node<'_>, entries: &[(Node<'_>, Node<'_>)], of: StepsOf) {
        let known = of.kinds();
        let mut unknown = false;
        for (key, _) in entries {
            let Some(scalar) = key.scalar() else {
                self.unexpected(key, "a name");
                unknown = true;
                continue;
            };
            if scalar.value == crate::yaml::Resolved::Null {
                self.problem(&self.place(key), "Unexpected value ''");
                unknown = true;
            } else if !known.iter().any(|k| k.contains(&scalar.text.as_ref())) {
                let names = known.iter().flat_map(|k| k.iter().copied());
                let suggestion = match StepsOf::Job.keys_with(&scalar.text) {
                    Some(_) => Some("only steps of a job can be this".to_owned()),
                    None => suggest::did_you_mean(&scalar.text, names),
                };
                let message = format!("Unexpected value '{}'", scalar.text);
                self.problem_with(&self.place(key), message, suggestion);
                unknown = true;
            }
        }
        let kinds = match of {
            StepsOf::CompositeAction => "run, shell, uses, with, working-directory",
            _ => "cancel, parallel, run, shell, uses, wait, wait-all, with, working-directory",
        };
        let message = format!(
            "There's not enough info to determine what you meant. Add one of these properties: \
             {kinds}"
        );
        if !unknown
            || !self
                .problems
                .iter()
                .any(|p| node.span.range().contains(&p.place.span.start))
        {
            self.problem(&self.place(node), message);
        }
    }
}
