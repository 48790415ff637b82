//! Types of expressions, and of what they give to the keys that they are the values of.

use super::finding::Severity;
use super::repository::Repository;
use super::site::{self, Key, Text};
use super::types::{
    ARGUMENT, COMPARISON, Contexts, Environment, Here, InAction, Mismatch, TYPE, Type, UNDEFINED,
    infer, of_input, template,
};
use super::{Check, Report, Subject};
use crate::expr::fold;
use crate::model::ActionFile;
use crate::place::Place;
use crate::template::{Template, TemplateExpr};

pub(super) const CHECK: Check = Check {
    kinds: &[UNDEFINED, TYPE, ARGUMENT, COMPARISON],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let contexts = Contexts::new(subject.workflow, subject.repository);
    for site in &subject.sites {
        let here = Here::at(&contexts, site);
        match site.text {
            Text::Condition(_) => {
                for expression in site.expressions() {
                    judge(expression, &here, report);
                }
            }
            Text::Template(text) => match site.key {
                Key::CallInput(name) => input(text, name, &here, report),
                key => value(text, key, &here, report),
            },
        }
    }
}

/// The same for the metadata file of an action.
pub(super) fn check_action(action: &ActionFile, repository: &Repository<'_>, report: &mut Report) {
    let here = InAction::new(action, repository);
    for site in site::action_sites(action) {
        here.move_to(site.step.map(|step| step.index));
        match site.text {
            Text::Condition(_) => {
                for expression in site.expressions() {
                    judge(expression, &here, report);
                }
            }
            Text::Template(text) => value(text, site.key, &here, report),
        }
    }
}

/// What a key takes where its value is one whole expression.
enum Wanted {
    Anything,
    /// What can stand in text.
    Text,
    Number,
    Bool,
    Array,
    Object,
    /// Text, or the mapping that the text is short for.
    TextOrObject,
    /// A label, labels, or a mapping with both.
    Runner,
}

fn wanted(key: Key<'_>) -> Wanted {
    match key {
        Key::CancelInProgress
        | Key::ContinueOnError
        | Key::EnvironmentDeployment
        | Key::FailFast => Wanted::Bool,
        Key::TimeoutMinutes | Key::MaxParallel => Wanted::Number,
        Key::Strategy | Key::Matrix | Key::Expanded(_) => Wanted::Object,
        Key::MatrixRow(_) => Wanted::Array,
        Key::MatrixValue | Key::If | Key::InputDefault(_) => Wanted::Anything,
        Key::Container => Wanted::TextOrObject,
        Key::RunsOn => Wanted::Runner,
        _ => Wanted::Text,
    }
}

impl Wanted {
    fn takes(&self, of: &Type) -> bool {
        if *of == Type::Any {
            return true;
        }
        match self {
            Wanted::Anything => true,
            Wanted::Text => of.is_text(),
            Wanted::Number => matches!(of, Type::Number),
            Wanted::Bool => matches!(of, Type::Bool),
            Wanted::Array => matches!(of, Type::Array(_)),
            Wanted::Object => matches!(of, Type::Object(_)),
            Wanted::TextOrObject => of.is_text() || matches!(of, Type::Object(_)),
            Wanted::Runner => matches!(of, Type::String | Type::Array(_) | Type::Object(_)),
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Wanted::Anything => "anything",
            Wanted::Text => "text",
            Wanted::Number => "a number",
            Wanted::Bool => "true or false",
            Wanted::Array => "an array",
            Wanted::Object => "an object",
            Wanted::TextOrObject => "text or an object",
            Wanted::Runner => "a label or an array of labels",
        }
    }
}

fn value(text: &Template, key: Key<'_>, here: &dyn Environment, report: &mut Report) {
    let whole = text.whole().is_some();
    let wanted = if whole { wanted(key) } else { Wanted::Text };
    for expression in text.expressions() {
        let of = judge(expression, here, report);
        if wanted.takes(&of) {
            continue;
        }
        let place = &expression.place;
        if let Wanted::Text = wanted {
            let word = match of {
                Type::Array(_) => "only the word `Array`",
                Type::Object(_) => "only the word `Object`",
                _ => "nothing",
            };
            let message = format!("{of} is put into text, where it becomes {word}");
            let suggestion = (of != Type::Null).then(|| "use toJSON() or name a member".to_owned());
            report.warning(TYPE, place, message, suggestion);
        } else {
            let message = format!("this wants {}, and the expression is {of}", wanted.words());
            let number = matches!(
                (&wanted, &of),
                (Wanted::Number | Wanted::Bool, Type::String)
            );
            let suggestion = number.then(|| "turn text into a value with fromJSON()".to_owned());
            report.error(TYPE, place, message, suggestion);
        }
    }
}

/// The value of an input of a called workflow, which declares its type.
fn input(text: &Template, name: &str, here: &Here<'_, '_>, report: &mut Report) {
    let mut whole = None;
    for expression in text.expressions() {
        let of = judge(expression, here, report);
        if text.whole().is_none() && !of.is_text() {
            let message = format!("{of} is put into text, where it is lost");
            report.warning(TYPE, &expression.place, message, None);
        }
        whole = Some(of);
    }
    let declared = here.job.and_then(|job| job.call.as_ref());
    let declared = declared.and_then(|call| here.contexts.called(&call.uses.value));
    let Some(wanted) = declared.as_ref().and_then(|workflow| {
        let inputs = &workflow.on.workflow_call.as_ref()?.inputs;
        let named = inputs.iter().find(|(id, _)| fold(id) == fold(name));
        named.map(|(_, input)| of_input(input))
    }) else {
        return;
    };
    let given = match whole.filter(|_| text.whole().is_some()) {
        Some(of) => of,
        // What is left empty is text without letters.
        None if text.place().span.is_empty() => Type::String,
        None => template(text, here),
    };
    let fits = match (&wanted, &given) {
        (_, Type::Any) => true,
        (Type::Number, of) => *of == Type::Number,
        (Type::String, of) => matches!(of, Type::String | Type::Number),
        // Text may read `true`.
        (_, of) => !matches!(of, Type::Array(_) | Type::Object(_)),
    };
    if !fits {
        let message =
            format!("the called workflow declares `{name}` as {wanted}, and this is {given}");
        report.warning(TYPE, text.place(), message, None);
    }
}

/// Reports what does not fit in an expression, and gives its type.
fn judge(expression: &TemplateExpr, here: &dyn Environment, report: &mut Report) -> Type {
    let mut found = Vec::new();
    let of = infer(&expression.expr, &expression.source, here, &mut found);
    for mismatch in found {
        let place = expression.place_of(&mismatch.span);
        tell(mismatch, &place, report);
    }
    of
}

fn tell(mismatch: Mismatch, place: &Place, report: &mut Report) {
    let Mismatch {
        kind,
        severity,
        message,
        suggestion,
        ..
    } = mismatch;
    match severity {
        Severity::Error => report.error(kind, place, message, suggestion),
        Severity::Warning => report.warning(kind, place, message, suggestion),
    }
}
