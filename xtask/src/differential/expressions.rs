//! Generated expressions: the same value, or both an error.

use lockkeeper_workflow::expr::{Contexts, Expr, Scope, Value, parse};
use serde_json::{Value as Json, json};

use super::facts::Facts;
use super::generator::{Case, Generator};
use super::kinds::EXPRESSION_KINDS;
use super::{Arguments, Tally, answers};
use crate::process::Failure;
use crate::tools::Tools;

/// What both sides say to one case, where they differ.
pub(super) struct Difference<'c> {
    pub(super) case: &'c Case,
    /// The tree, where ours parses.
    pub(super) tree: Option<Expr>,
    pub(super) ours: Result<Json, String>,
    pub(super) theirs: Result<Json, String>,
    pub(super) facts: Facts,
}

pub(super) fn run(tools: &Tools, arguments: &Arguments) -> Result<bool, Failure> {
    let mut generator = Generator::new(arguments.seed);
    let cases: Vec<Case> = (0..arguments.expressions)
        .map(|_| generator.case())
        .collect();
    let given = cases
        .iter()
        .map(|case| json!({ "expression": case.expression, "contexts": case.contexts }));
    let answers = answers(tools, given)?;
    let mut tally = Tally::new(EXPRESSION_KINDS.iter().map(|k| k.name), arguments.show);
    let mut values = 0;
    for (case, answer) in cases.iter().zip(answers) {
        let theirs = match (answer.get("value"), answer.get("error")) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(error)) => Err(error.as_str().unwrap_or("").to_owned()),
            (None, None) => Err("half a surrogate pair".to_owned()),
        };
        let contexts = contexts(&case.contexts);
        let names: Vec<&str> = contexts.0.iter().map(|(name, _)| name).collect();
        let scope = Scope {
            contexts: &names,
            functions: &[],
        };
        let parsed = parse(&case.expression, &scope).map_err(|e| e.to_string());
        let ours = match &parsed {
            Ok(tree) => tree
                .eval(&contexts)
                .map(|v| encoded(&v))
                .map_err(|e| e.to_string()),
            Err(error) => Err(error.clone()),
        };
        values += usize::from(ours.is_ok());
        let alike = match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            (Err(_), Err(_)) => true,
            _ => false,
        };
        if alike {
            tally.alike();
            continue;
        }
        let tree = parsed.ok();
        let facts = Facts::gather(tree.as_ref(), &contexts, &case.expression);
        let difference = Difference {
            case,
            tree,
            ours,
            theirs,
            facts,
        };
        let kind = EXPRESSION_KINDS.iter().find(|k| (k.holds)(&difference));
        tally.differs(kind.map(|k| k.name), || {
            format!(
                "{:?}\n    in {}\n    ours   {:?}\n    theirs {:?}",
                case.expression, case.contexts, difference.ours, difference.theirs
            )
        });
    }
    println!("  {values} of them have a value here, the rest are errors");
    Ok(tally.report())
}

fn contexts(text: &str) -> Contexts {
    match Value::from_json(text) {
        Ok(Value::Object(object)) => Contexts((*object).clone()),
        // The generator writes objects.
        _ => Contexts::new(),
    }
}

/// The value in the form that `differential.mjs` answers in.
fn encoded(value: &Value) -> Json {
    match value {
        Value::Null => json!({ "kind": "Null" }),
        Value::Bool(b) => json!({ "kind": "Boolean", "value": b }),
        Value::Number(n) if n.is_nan() => json!({ "kind": "Number", "value": "nan" }),
        Value::Number(n) => json!({ "kind": "Number", "value": format!("{:x}", n.to_bits()) }),
        Value::String(s) => json!({ "kind": "String", "value": s }),
        Value::Array(items) => {
            let items: Vec<Json> = items.iter().map(encoded).collect();
            json!({ "kind": "Array", "value": items })
        }
        Value::Object(object) => {
            let pairs: Vec<Json> = object.iter().map(|(k, v)| json!([k, encoded(v)])).collect();
            json!({ "kind": "Object", "value": pairs })
        }
    }
}
