//! `on`.

use indexmap::IndexMap;

use super::reader::{Fields, Reader};
use crate::events::{self, EventRule};
use crate::expr::Scope;
use crate::filter;
use crate::model::{
    Cron, Filter, Filters, Input, InputType, Keys, OtherEvent, Triggers, WorkflowCall,
    WorkflowCallOutput, WorkflowCallSecret, WorkflowDispatch, WorkflowRun,
};
use crate::place::{Place, Spanned};
use crate::suggest;
use crate::tables::workflow_keys as keys;
use crate::yaml::{Kind, Node};

impl Reader<'_, '_> {
    pub(super) fn triggers(&mut self, node: &Node<'_>) -> Triggers {
        let mut on = Triggers::none(self.place(node));
        match &node.kind {
            Kind::Scalar(_) => {
                if let Some(name) = self.word(node) {
                    self.event(name, None, &mut on);
                }
            }
            Kind::Sequence(items) => {
                for item in items {
                    if let Some(name) = self.word(item) {
                        self.event(name, None, &mut on);
                    }
                }
            }
            Kind::Mapping(_) => {
                for (name, body) in self.entries(node, "events").unwrap_or_default() {
                    self.event(name, Some(body), &mut on);
                }
            }
        }
        on
    }

    fn event(&mut self, name: Spanned<String>, body: Option<&Node<'_>>, on: &mut Triggers) {
        let Some(rule) = events::rule(&name.value) else {
            let suggestion =
                suggest::did_you_mean(&name.value, events::EVENTS.iter().map(|e| e.name))
                    .or_else(|| Some("GitHub knows no event of this name".to_owned()));
            let message = format!("Unexpected value '{}'", name.value);
            self.problem_with(&name.place, message, suggestion);
            return;
        };
        let place = name.place.clone();
        on.keys.0.push(Spanned::new(rule.name, place.clone()));
        let bare = body.is_none();
        let body = body.filter(|n| !n.is_null());
        if let Some(body) = body {
            self.ignored_filters(rule, body);
        }
        match rule.name {
            "push" => on.push = Some(self.filters(rule, place, body)),
            "pull_request" => on.pull_request = Some(self.filters(rule, place, body)),
            "pull_request_target" => {
                on.pull_request_target = Some(self.filters(rule, place, body));
            }
            "merge_group" => on.merge_group = Some(self.filters(rule, place, body)),
            "workflow_dispatch" => on.workflow_dispatch = Some(self.dispatch(rule, place, body)),
            "workflow_call" => on.workflow_call = Some(self.call_trigger(rule, place, body)),
            "workflow_run" => on.workflow_run = Some(self.workflow_run(rule, place, body)),
            "schedule" => match body {
                Some(body) => on.schedule = self.schedule(body),
                None if bare => {
                    let why = "a schedule without `cron` never starts anything";
                    self.unmodelled("on.schedule".to_owned(), &place, why);
                }
                None => self.problem_with(
                    &place,
                    "Unexpected value 'schedule'",
                    Some("give it a sequence of `cron: …`".to_owned()),
                ),
            },
            _ => {
                let fields = body.and_then(|b| self.event_fields(b, rule));
                let fields = fields.as_ref();
                let types = fields.map(|f| self.types(rule, f)).unwrap_or_default();
                let mut words = |key: &str| match fields.and_then(|f| f.get(key)) {
                    Some(node) => self.words(node),
                    None => Vec::new(),
                };
                let (names, versions) = (words("names"), words("versions"));
                on.other.push(OtherEvent {
                    name,
                    types,
                    names,
                    versions,
                    keys: fields.map(Fields::keys).unwrap_or_default(),
                });
            }
        }
    }

    fn event_fields<'n>(&mut self, body: &'n Node<'n>, rule: &EventRule) -> Option<Fields<'n>> {
        let mut known = rule.keys.to_vec();
        known.extend(
            events::FILTERS
                .iter()
                .copied()
                .filter(|f| !rule.keys.contains(f)),
        );
        self.fields(body, &known)
    }

    /// GitHub reads over filters that an event does not have, such as `branches` of a dispatch.
    fn ignored_filters(&mut self, rule: &EventRule, body: &Node<'_>) {
        let Kind::Mapping(entries) = &body.kind else {
            return;
        };
        for (key, _) in entries {
            let Some(name) = key.scalar().map(|s| s.text.as_ref()) else {
                continue;
            };
            if events::FILTERS.contains(&name) && !rule.keys.contains(&name) {
                let path = format!("on.{}.{name}", rule.name);
                let why = "GitHub ignores this filter: the event has none of the kind";
                self.unmodelled(path, &self.place(key), why);
            }
        }
    }

    fn filters(&mut self, rule: &EventRule, place: Place, body: Option<&Node<'_>>) -> Filters {
        let fields = body.and_then(|b| self.event_fields(b, rule));
        let mut filters = Filters {
            branches: None,
            tags: None,
            paths: None,
            types: Vec::new(),
            keys: Keys::default(),
            place,
        };
        if let Some(fields) = &fields {
            filters.keys = fields.keys();
            filters.branches = self.filter(fields, "branches", "branches-ignore");
            filters.tags = self.filter(fields, "tags", "tags-ignore");
            filters.paths = self.filter(fields, "paths", "paths-ignore");
            filters.types = self.types(rule, fields);
        }
        filters
    }

    fn types(&mut self, rule: &EventRule, fields: &Fields<'_>) -> Vec<Spanned<String>> {
        let Some(node) = fields.get("types") else {
            return Vec::new();
        };
        let types = self.words(node);
        for kind in &types {
            // An empty list: any word (`repository_dispatch`).
            if !rule.types.is_empty() && !rule.types.contains(&kind.value.as_str()) {
                let suggestion = suggest::did_you_mean(&kind.value, rule.types.iter().copied())
                    .or_else(|| Some(format!("known types: {}", rule.types.join(", "))));
                let message = format!("Unexpected value '{}'", kind.value);
                self.problem_with(&kind.place, message, suggestion);
            }
        }
        types
    }

    fn filter(&mut self, fields: &Fields<'_>, include: &str, ignore: &str) -> Option<Filter> {
        let (included, ignored) = (fields.get(include), fields.get(ignore));
        if let (Some((a, _)), Some((b, _))) = (fields.entry(include), fields.entry(ignore)) {
            // The second of them is one too many.
            let later = if a.place.span.start > b.place.span.start {
                a
            } else {
                b
            };
            let place = later.place.clone();
            let way_out = format!("keep `{include}` and take back with patterns that begin with !");
            self.problem_with(
                &place,
                format!("you may only define one of `{include}` and `{ignore}` for a single event"),
                Some(way_out),
            );
        }
        let patterns = self.words(included.or(ignored)?);
        for pattern in &patterns {
            if let Err(error) = filter::Pattern::new(&pattern.value) {
                self.problem(&pattern.place, error.to_string());
            }
        }
        Some(if included.is_some() {
            Filter::Include(patterns)
        } else {
            Filter::Ignore(patterns)
        })
    }

    fn workflow_run(
        &mut self,
        rule: &EventRule,
        place: Place,
        body: Option<&Node<'_>>,
    ) -> WorkflowRun {
        let fields = body.and_then(|b| self.event_fields(b, rule));
        let mut run = WorkflowRun {
            workflows: Vec::new(),
            types: Vec::new(),
            branches: None,
            keys: Keys::default(),
            place,
        };
        if let Some(fields) = &fields {
            run.keys = fields.keys();
            run.workflows = fields
                .get("workflows")
                .map(|n| self.words(n))
                .unwrap_or_default();
            run.types = self.types(rule, fields);
            run.branches = self.filter(fields, "branches", "branches-ignore");
        }
        run
    }

    fn schedule(&mut self, body: &Node<'_>) -> Vec<Cron> {
        let Some(items) = self.sequence(body, "a sequence of `cron: …`") else {
            return Vec::new();
        };
        let mut schedule = Vec::new();
        for item in items {
            let Some(fields) = self.fields(item, keys::CRON_MAPPING) else {
                continue;
            };
            let cron = self
                .required(&fields, "cron", item)
                .and_then(|n| self.word(n));
            let timezone = fields.get("timezone").and_then(|n| self.word(n));
            if let Some(cron) = cron {
                if let Err(why) = crate::events::check_cron(&cron.value) {
                    let message = format!("Invalid cron expression '{}'", cron.value);
                    self.problem_with(&cron.place, message, Some(why));
                }
                schedule.push(Cron {
                    cron,
                    timezone,
                    keys: fields.keys(),
                });
            }
        }
        schedule
    }

    fn dispatch(
        &mut self,
        rule: &EventRule,
        place: Place,
        body: Option<&Node<'_>>,
    ) -> WorkflowDispatch {
        let mut inputs = IndexMap::new();
        let fields = body.and_then(|b| self.event_fields(b, rule));
        let node = fields
            .as_ref()
            .and_then(|f| f.get("inputs"))
            .filter(|n| !n.is_null());
        let entries = node.and_then(|n| self.entries(n, "a mapping of inputs"));
        for (name, body) in entries.unwrap_or_default() {
            if let Some(input) = self.input(&name, body, true) {
                inputs.insert(name.value, input);
            }
        }
        WorkflowDispatch {
            inputs,
            keys: fields.as_ref().map(Fields::keys).unwrap_or_default(),
            place,
        }
    }

    fn input(&mut self, name: &Spanned<String>, body: &Node<'_>, dispatch: bool) -> Option<Input> {
        let mut input = Input {
            kind: InputType::String,
            default: None,
            required: false,
            options: Vec::new(),
            description: None,
            keys: Keys::default(),
            place: name.place.clone(),
        };
        if dispatch && body.is_null() {
            return Some(input);
        }
        let keys = if dispatch {
            keys::WORKFLOW_DISPATCH_INPUT
        } else {
            keys::WORKFLOW_CALL_INPUT_DEFINITION
        };
        let fields = self.fields(body, keys)?;
        input.keys = fields.keys();
        let kind = if dispatch {
            fields.get("type")
        } else {
            self.required(&fields, "type", body)
        };
        if let Some(node) = kind {
            input.kind = self.input_type(node, dispatch)?;
        }
        input.required = match fields.get("required") {
            Some(node) => self.flag(node).unwrap_or(false),
            None => false,
        };
        input.description = fields
            .get("description")
            .and_then(|n| self.text(n))
            .map(|d| d.value);
        let scope = if dispatch {
            Scope::NONE
        } else {
            Scope::CALL_INPUT_DEFAULT
        };
        input.default = fields.get("default").and_then(|n| {
            let template = self.template(n, &scope)?;
            self.check_default(&template, input.kind, n);
            Some(template)
        });
        if let Some(node) = fields.get("options") {
            let items = self.sequence(node, "a sequence of options").unwrap_or(&[]);
            input.options = items.iter().filter_map(|i| self.text(i)).collect();
        }
        if input.kind == InputType::Choice && input.options.is_empty() {
            self.problem_with(
                &name.place,
                format!("the choice input '{}' has no options", name.value),
                Some("list them under `options`".to_owned()),
            );
        }
        if input.kind == InputType::Choice
            && let Some(default) = input.default.as_ref()
            && let Some(text) = default.as_literal()
            && !text.is_empty()
            && !input.options.iter().any(|o| o.value == text)
        {
            let message = format!("the default '{text}' is none of the options");
            self.problem(default.place(), message);
        }
        Some(input)
    }

    fn check_default(&mut self, template: &crate::Template, kind: InputType, node: &Node<'_>) {
        use crate::expr::Value;
        let Some(value) = template.literal() else {
            return;
        };
        let fits = match (kind, value) {
            (_, Value::Null) => true,
            (InputType::Boolean, Value::Bool(_)) => true,
            (InputType::Boolean, Value::String(s)) => s == "true" || s == "false",
            (InputType::Number, Value::Number(_)) => true,
            (InputType::Number, Value::String(_)) => !value.to_number().is_nan(),
            (InputType::Boolean | InputType::Number, _) => false,
            _ => true,
        };
        if !fits {
            self.unexpected(node, "a value of the input's type");
        }
    }

    fn input_type(&mut self, node: &Node<'_>, dispatch: bool) -> Option<InputType> {
        let text = node.scalar().map_or("", |s| s.text.as_ref());
        let kind = match text {
            "string" => Some(InputType::String),
            "boolean" => Some(InputType::Boolean),
            "number" => Some(InputType::Number),
            "choice" if dispatch => Some(InputType::Choice),
            "environment" if dispatch => Some(InputType::Environment),
            _ => None,
        };
        if kind.is_none() {
            let known: &[&str] = if dispatch {
                &["string", "boolean", "number", "choice", "environment"]
            } else {
                &["string", "boolean", "number"]
            };
            let suggestion = suggest::did_you_mean(text, known.iter().copied())
                .or_else(|| Some(format!("one of {}", known.join(", "))));
            self.problem_with(
                &self.place(node),
                format!("Unexpected value '{text}'"),
                suggestion,
            );
        }
        kind
    }

    fn call_trigger(
        &mut self,
        rule: &EventRule,
        place: Place,
        body: Option<&Node<'_>>,
    ) -> WorkflowCall {
        let mut call = WorkflowCall {
            inputs: IndexMap::new(),
            outputs: IndexMap::new(),
            secrets: IndexMap::new(),
            keys: Keys::default(),
            place,
        };
        let Some(fields) = body.and_then(|b| self.event_fields(b, rule)) else {
            return call;
        };
        call.keys = fields.keys();
        for (name, body) in self.named(&fields, "inputs") {
            if let Some(input) = self.input(&name, body, false) {
                call.inputs.insert(name.value, input);
            }
        }
        for (name, body) in self.named(&fields, "outputs") {
            let Some(inner) = self.fields(body, keys::WORKFLOW_CALL_OUTPUT_DEFINITION) else {
                continue;
            };
            let description = inner.get("description").and_then(|n| self.text(n));
            let value = self
                .required(&inner, "value", body)
                .and_then(|n| self.template(n, &Scope::CALL_OUTPUT));
            if let Some(value) = value {
                call.outputs.insert(
                    name.value,
                    WorkflowCallOutput {
                        description: description.map(|d| d.value),
                        value,
                        keys: inner.keys(),
                        place: name.place,
                    },
                );
            }
        }
        for (name, body) in self.named(&fields, "secrets") {
            let mut secret = WorkflowCallSecret {
                description: None,
                required: false,
                keys: Keys::default(),
                place: name.place,
            };
            if !body.is_null()
                && let Some(inner) =
                    self.fields(body, keys::WORKFLOW_CALL_SECRET_MAPPING_DEFINITION)
            {
                let description = inner.get("description").and_then(|n| self.text(n));
                secret.keys = inner.keys();
                secret.description = description.map(|d| d.value);
                secret.required = match inner.get("required") {
                    Some(node) => self.flag(node).unwrap_or(false),
                    None => false,
                };
            }
            call.secrets.insert(name.value, secret);
        }
        call
    }

    fn named<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
    ) -> Vec<(Spanned<String>, &'n Node<'n>)> {
        let node = fields.get(key).filter(|n| !n.is_null());
        node.and_then(|n| self.entries(n, "a mapping"))
            .unwrap_or_default()
    }
}
