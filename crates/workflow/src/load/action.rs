//! `action.yml`.

use indexmap::IndexMap;

use super::reader::{Fields, Reader};
use super::step::StepsOf;
use crate::condition::Condition;
use crate::expr::Scope;
use crate::model::{
    ActionFile, ActionInput, ActionOutput, Branding, CompositeRuns, DockerRuns, JavaScriptRuns,
    Keys, Runs, RunsKind,
};
use crate::place::Spanned;
use crate::suggest;
use crate::tables::action_keys as keys;
use crate::tables::action_values::USING;
use crate::yaml::{Kind, Node};

impl Reader<'_, '_> {
    pub(super) fn action(&mut self, root: &Node<'_>) -> Option<ActionFile> {
        let (fields, mut unread) = self.loose_fields(root, keys::ACTION_ROOT_STRICT)?;
        let name = fields.get("name").and_then(|n| self.text(n));
        let author = fields.get("author").and_then(|n| self.text(n));
        let description = fields.get("description").and_then(|n| self.raw(n));
        let mut inputs = IndexMap::new();
        for (id, body) in self.named_of(&fields, "inputs") {
            let key = id.value.clone();
            if let Some(input) = self.action_input(id, body, &mut unread) {
                inputs.insert(key, input);
            }
        }
        let mut outputs = IndexMap::new();
        for (id, body) in self.named_of(&fields, "outputs") {
            let key = id.value.clone();
            if let Some(output) = self.action_output(id, body) {
                outputs.insert(key, output);
            }
        }
        let branding = fields.get("branding").and_then(|n| self.branding(n));
        let runs = self
            .required(&fields, "runs", root)
            .and_then(|n| self.runs(n));
        Some(ActionFile {
            name,
            author,
            description,
            inputs,
            outputs,
            runs: runs?,
            branding,
            unread,
            keys: fields.keys(),
            place: self.place(root),
        })
    }

    fn named_of<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
    ) -> Vec<(Spanned<String>, &'n Node<'n>)> {
        let node = fields.get(key).filter(|n| !n.is_null());
        node.and_then(|n| self.entries(n, "a mapping"))
            .unwrap_or_default()
    }

    /// Text for people, in which `${{ }}` means nothing.
    fn raw(&mut self, node: &Node<'_>) -> Option<Spanned<String>> {
        match node.scalar() {
            Some(scalar) => Some(Spanned::new(
                scalar.to_text().into_owned(),
                self.place(node),
            )),
            None => {
                self.unexpected(node, "a single value");
                None
            }
        }
    }

    fn action_input(
        &mut self,
        id: Spanned<String>,
        body: &Node<'_>,
        unread: &mut Vec<Spanned<String>>,
    ) -> Option<ActionInput> {
        let mut input = ActionInput {
            description: None,
            required: false,
            default: None,
            deprecation_message: None,
            keys: Keys::default(),
            place: self.place(body),
            id,
        };
        if body.is_null() {
            input.place = input.id.place.clone();
            return Some(input);
        }
        let (fields, others) = self.loose_fields(body, keys::INPUT_STRICT)?;
        unread.extend(others);
        input.description = fields.get("description").and_then(|n| self.raw(n));
        input.deprecation_message = fields.get("deprecationMessage").and_then(|n| self.raw(n));
        input.required = fields.get("required").is_some_and(|n| {
            n.scalar()
                .is_some_and(|s| s.text.eq_ignore_ascii_case("true"))
        });
        input.default = fields
            .get("default")
            .and_then(|n| self.template(n, &Scope::ACTION_INPUT_DEFAULT));
        input.keys = fields.keys();
        Some(input)
    }

    fn action_output(&mut self, id: Spanned<String>, body: &Node<'_>) -> Option<ActionOutput> {
        let mut output = ActionOutput {
            description: None,
            value: None,
            keys: Keys::default(),
            place: self.place(body),
            id,
        };
        if body.is_null() {
            output.place = output.id.place.clone();
            return Some(output);
        }
        let fields = self.fields(body, keys::OUTPUT_DEFINITION)?;
        output.description = fields.get("description").and_then(|n| self.raw(n));
        output.value = fields
            .get("value")
            .and_then(|n| self.template(n, &Scope::ACTION_OUTPUT));
        output.keys = fields.keys();
        Some(output)
    }

    fn runs(&mut self, node: &Node<'_>) -> Option<Runs> {
        let (loose, _) = self.loose_fields(node, &["using"])?;
        let using = self
            .required(&loose, "using", node)
            .and_then(|n| self.word(n))?;
        let name = using.value.to_ascii_lowercase();
        let keys = match name.as_str() {
            "composite" => keys::COMPOSITE_RUNS_STRICT,
            "docker" => keys::CONTAINER_RUNS_STRICT,
            _ if USING.contains(&name.as_str()) => keys::NODE_RUNS_STRICT,
            _ => {
                let suggestion = suggest::did_you_mean(&using.value, USING.iter().copied())
                    .or_else(|| Some(format!("one of {}", USING.join(", "))));
                let message = format!("Unexpected value '{}'", using.value);
                self.problem_with(&using.place, message, suggestion);
                return None;
            }
        };
        let fields = self.fields(node, keys)?;
        let kind = match name.as_str() {
            "composite" => {
                let steps = self.required(&fields, "steps", node)?;
                let steps = self.steps(steps, StepsOf::CompositeAction);
                RunsKind::Composite(CompositeRuns { steps })
            }
            "docker" => RunsKind::Docker(Box::new(self.docker(node, &fields)?)),
            _ => RunsKind::JavaScript(Box::new(self.javascript(node, &fields)?)),
        };
        Some(Runs {
            using,
            kind,
            keys: fields.keys(),
            place: self.place(node),
        })
    }

    fn javascript(&mut self, node: &Node<'_>, fields: &Fields<'_>) -> Option<JavaScriptRuns> {
        let main = self
            .required(fields, "main", node)
            .and_then(|n| self.word(n));
        Some(JavaScriptRuns {
            pre: self.optional_word(fields, "pre"),
            pre_if: self.runs_if(fields, "pre-if"),
            post: self.optional_word(fields, "post"),
            post_if: self.runs_if(fields, "post-if"),
            main: main?,
        })
    }

    fn docker(&mut self, node: &Node<'_>, fields: &Fields<'_>) -> Option<DockerRuns> {
        let image = self
            .required(fields, "image", node)
            .and_then(|n| self.word(n));
        let scope = &Scope::ACTION_CONTAINER;
        let args = fields
            .get("args")
            .and_then(|n| self.sequence(n, "a sequence of arguments"))
            .unwrap_or(&[]);
        let args = args
            .iter()
            .filter_map(|n| self.template(n, scope))
            .collect();
        let env = fields
            .get("env")
            .map(|n| self.pairs_or_expression(n, scope))
            .unwrap_or_default();
        Some(DockerRuns {
            entrypoint: self.optional_word(fields, "entrypoint"),
            args,
            env,
            pre_entrypoint: self.optional_word(fields, "pre-entrypoint"),
            pre_if: self.runs_if(fields, "pre-if"),
            post_entrypoint: self.optional_word(fields, "post-entrypoint"),
            post_if: self.runs_if(fields, "post-if"),
            image: image?,
        })
    }

    fn optional_word(&mut self, fields: &Fields<'_>, key: &str) -> Option<Spanned<String>> {
        fields.get(key).and_then(|n| self.word(n))
    }

    fn runs_if(&mut self, fields: &Fields<'_>, key: &str) -> Option<Spanned<Condition>> {
        let node = fields.get(key)?;
        let Kind::Scalar(scalar) = &node.kind else {
            self.unexpected(node, "a condition");
            return None;
        };
        let scope = &Scope::ACTION_RUNS_IF;
        let place = self.place(node);
        let condition = Condition::read_late(scalar, place.clone(), scope, self.source);
        Some(Spanned::new(condition, place))
    }

    fn branding(&mut self, node: &Node<'_>) -> Option<Branding> {
        let (fields, _) = self.loose_fields(node, keys::BRANDING)?;
        Some(Branding {
            icon: fields.get("icon").and_then(|n| self.text(n)),
            color: fields.get("color").and_then(|n| self.text(n)),
            keys: fields.keys(),
            place: self.place(node),
        })
    }
}
