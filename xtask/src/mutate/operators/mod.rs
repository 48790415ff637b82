//! What is done to the generated files: an operator is a file here and a line in [`OPERATORS`].

use super::document::Document;
use super::edit::{Edit, Edits};
use super::filter::Filter;
use super::script::Script;
use super::source::{Language, Source};

mod filter;
mod script;
mod template;
mod workflow;

pub(crate) struct Operator {
    /// In kebab-case; unique.
    pub(crate) id: &'static str,
    /// What it does, in a sentence.
    pub(crate) does: &'static str,
    pub(crate) over: Over,
}

/// What an operator reads, and how it finds its sites.
pub(crate) enum Over {
    Workflow(fn(&Document<'_>, &mut Edits<'_>)),
    Template(fn(&Document<'_>, &mut Edits<'_>)),
    /// Script files, and the `run:` of steps.
    Script(fn(&Script<'_>, &mut Edits<'_>)),
    /// The jq programs in scripts.
    Filter(fn(&Filter<'_, '_>, &mut Edits<'_>)),
}

/// Every operator, in the order of the table.
pub(crate) const OPERATORS: &[&Operator] = &[
    &workflow::conditions::DROP,
    &workflow::conditions::NEVER,
    &workflow::conditions::EQUALITY,
    &workflow::conditions::LOGIC,
    &workflow::concurrency::DROP,
    &workflow::concurrency::CANCEL,
    &workflow::concurrency::ENTRY,
    &workflow::concurrency::SHARED,
    &workflow::continue_on_error::STEP,
    &workflow::continue_on_error::JOB,
    &workflow::defaults::OPERATOR,
    &workflow::entries::ENV,
    &workflow::entries::WITH,
    &workflow::entries::OUTPUT,
    &workflow::entries::SERVICE,
    &workflow::entries::ID,
    &workflow::entries::TIMEOUT,
    &workflow::entries::ENVIRONMENT,
    &workflow::entries::ENVIRONMENT_ENTRY,
    &workflow::entries::NEED,
    &workflow::entries::STEP,
    &workflow::entries::JOB,
    &workflow::permissions::DROP,
    &workflow::permissions::WIDEN,
    &workflow::permissions::ALL,
    &workflow::pins::ACTION,
    &workflow::pins::IMAGE,
    &workflow::swap_environment::OPERATOR,
    &workflow::timeouts::OPERATOR,
    &workflow::triggers::FILTER,
    &workflow::triggers::EVENT,
    &script::arguments::EMPTY,
    &script::arguments::OPTION,
    &script::assignments::OPERATOR,
    &script::background::OPERATOR,
    &script::branches::ELSE,
    &script::branches::CASE,
    &script::commands::DROP,
    &script::commands::IGNORE,
    &script::commands::ONCE,
    &script::commands::REFUSAL,
    &script::comparisons::EQUALITY,
    &script::comparisons::BOUNDARY,
    &script::conditions::NEGATE,
    &script::conditions::TRUE,
    &script::conditions::FALSE,
    &script::endings::STATUS,
    &script::endings::LOOP,
    &script::guards::OPERATOR,
    &script::logic::OPERATOR,
    &script::numbers::ZERO,
    &script::numbers::HUNDREDFOLD,
    &script::numbers::FIELD,
    &script::order::OPERATOR,
    &script::redirects::OPERATOR,
    &script::settings::SET,
    &script::settings::TRAP,
    &script::words::STATE,
    &script::words::ENVIRONMENT,
    &filter::equality::OPERATOR,
    &filter::ends::OPERATOR,
    &filter::logic::OPERATOR,
    &filter::quantifiers::OPERATOR,
    &filter::selections::OPERATOR,
    &filter::words::OPERATOR,
    &template::actions::DROP,
    &template::actions::WIDEN,
    &template::conditions::POLICY,
    &template::conditions::TRUST,
    &template::effects::OPERATOR,
    &template::lifecycle::COUNT,
    &template::lifecycle::RULE,
    &template::resources::DROP,
    &template::resources::WIDEN,
    &template::statements::OPERATOR,
    &template::swap_environment::OPERATOR,
    &template::tags::OPERATOR,
];

impl Operator {
    /// The changes that it makes in a file, one for each site.
    pub(crate) fn edits(&self, source: &Source) -> Vec<Edit> {
        let mut edits = Edits::new(&source.text);
        match (&self.over, source.language) {
            (Over::Workflow(find), Language::Workflow)
            | (Over::Template(find), Language::Template) => {
                if let Some(document) = Document::read(&source.path, &source.text) {
                    find(&document, &mut edits);
                }
            }
            (Over::Script(find), _) => {
                for script in source.scripts() {
                    find(&script, &mut edits);
                }
            }
            (Over::Filter(find), _) => {
                for script in source.scripts() {
                    for filter in Filter::all(&script) {
                        find(&filter, &mut edits);
                    }
                }
            }
            _ => {}
        }
        edits.found()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::OPERATORS;
    use crate::mutate::source::{Language, Source};

    /// What an operator makes of a text, one result for each site.
    fn made(operator: &str, language: Language, text: &str) -> Vec<String> {
        let source = Source {
            path: "a-file".into(),
            text: text.into(),
            language,
        };
        let operator = OPERATORS
            .iter()
            .find(|o| o.id == operator)
            .expect("an operator");
        let edits = operator.edits(&source).into_iter();
        edits.map(|edit| edit.apply(text)).collect()
    }

    #[test]
    fn entries_are_taken_out_with_what_belongs_to_them() {
        let workflow = "jobs:\n  a:\n    needs: [b, c] # both\n    env:\n      ONE: 1\n    steps:\n      - run: |\n          true\n          # a step's own\n      - name: x\n        run: y\n";
        let made = |operator| made(operator, Language::Workflow, workflow);
        let steps = made("workflow-drop-step");
        assert!(steps[0].ends_with("    steps:\n      - name: x\n        run: y\n"));
        assert!(
            steps[1].ends_with("          # a step's own\n"),
            "{}",
            steps[1]
        );
        let needs = made("workflow-drop-need");
        assert!(needs[0].contains("needs: [c] # both") && needs[1].contains("needs: [b] # both"));
        assert!(made("workflow-drop-env")[0].contains("    env:\n      {}\n    steps"));
        let on_error = made("workflow-continue-on-error-step");
        assert!(on_error[1].contains("- continue-on-error: true\n        name: x\n"));
    }

    #[test]
    fn bash_is_changed_by_its_grammar_and_not_where_only_people_read() {
        let script = "if [[ $a == b ]]; then\n  printf '%s\\n' \"a == $b\"\n  call one \"$two\" || fail \"$three is == four\"\nfi\nprintf '%s\\n' \"$x\" >\"$file\"\n# if [[ $a == b ]]\n";
        let made = |operator| made(operator, Language::Script, script);
        let equality = made("script-equality");
        assert_eq!(equality, [script.replacen("==", "!=", 1)]);
        assert_eq!(
            made("script-condition-true"),
            [script.replacen("[[ $a == b ]]", "true", 1)]
        );
        let guards = made("script-drop-guard");
        assert_eq!(
            guards,
            [script.replace("fail \"$three is == four\"", "true")]
        );
        let arguments = made("script-empty-argument");
        let expected = [
            script.replace("\"$two\"", "''"),
            script.replace("\"$x\"", "''"),
        ];
        assert_eq!(arguments, expected);
    }

    #[test]
    fn jq_is_changed_by_its_tokens() {
        let script = "jq -e '.a[0] | select(.b == \"COMPLETED\") and \"a == b\"' file\n";
        let made = |operator| made(operator, Language::Script, script);
        assert_eq!(made("jq-equality"), [script.replacen("==", "!=", 1)]);
        assert_eq!(
            made("jq-other-word"),
            [script.replace("COMPLETED", "FAILED")]
        );
        let all = script.replace("(.b == \"COMPLETED\")", "(true)");
        assert_eq!(made("jq-select-all"), [all]);
    }

    #[test]
    fn ids_are_unique_and_in_kebab_case() {
        let ids: BTreeSet<_> = OPERATORS.iter().map(|operator| operator.id).collect();
        assert_eq!(ids.len(), OPERATORS.len());
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(ids.iter().all(|id| id.chars().all(plain)));
    }
}
