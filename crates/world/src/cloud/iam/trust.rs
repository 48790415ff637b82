//! A role's trust policy, judged.
//!
//! Read are `Effect`, `Principal` (`AWS`, `Federated`, `*`), `Action`, `NotAction` and
//! `Condition` with the string operators, their `IfExists` forms, `ForAnyValue`, `ForAllValues`,
//! `Bool` and `Null`. A statement with anything else is named, and counts against the asker.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cloud::wildcard;

/// Who asks to take on a role.
pub(crate) struct Asker<'a> {
    /// `sts:AssumeRoleWithWebIdentity` or `sts:AssumeRole`.
    pub(crate) action: &'a str,
    /// The provider's ARN, if it comes with a token of one.
    pub(crate) federated: Option<&'a str>,
    /// The ARNs that stand for an AWS principal: its own, its role's, its account's root.
    pub(crate) aws: &'a [String],
    /// Condition keys with their values.
    pub(crate) context: BTreeMap<String, Vec<String>>,
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    /// Elements of the policy that were not understood.
    pub(crate) not_modelled: Vec<String>,
}

pub(crate) fn judge(policy: &str, asker: &Asker<'_>) -> Verdict {
    let mut verdict = Verdict {
        allowed: false,
        not_modelled: Vec::new(),
    };
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        verdict
            .not_modelled
            .push("a policy that is not JSON".to_owned());
        return verdict;
    };
    let mut denied = false;
    for statement in list(policy.get("Statement")) {
        let Some(statement) = statement.as_object() else {
            continue;
        };
        let allow = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => continue,
        };
        match applies(statement, asker) {
            Ok(false) => {}
            Ok(true) if allow => verdict.allowed = true,
            Ok(true) => denied = true,
            Err(what) => {
                verdict.not_modelled.push(what);
                denied |= !allow;
            }
        }
    }
    verdict.allowed &= !denied;
    verdict
}

fn applies(statement: &Map<String, Value>, asker: &Asker<'_>) -> Result<bool, String> {
    for element in statement.keys() {
        const KNOWN: &[&str] = &[
            "Sid",
            "Effect",
            "Principal",
            "Action",
            "NotAction",
            "Condition",
        ];
        if !KNOWN.contains(&element.as_str()) {
            return Err(format!("`{element}` in a trust policy"));
        }
    }
    if !names_action(statement, asker.action) || !names_principal(statement, asker)? {
        return Ok(false);
    }
    let Some(condition) = statement.get("Condition") else {
        return Ok(true);
    };
    let condition = condition
        .as_object()
        .ok_or("a `Condition` of another form")?;
    for (operator, keys) in condition {
        let keys = keys.as_object().ok_or("a `Condition` of another form")?;
        for (key, expected) in keys {
            let expected: Vec<String> = list(Some(expected)).iter().filter_map(text).collect();
            if !holds(operator, asker.context.get(&key.to_lowercase()), &expected)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn names_action(statement: &Map<String, Value>, action: &str) -> bool {
    let any = |actions: Option<&Value>| {
        list(actions)
            .iter()
            .filter_map(Value::as_str)
            .any(|a| wildcard::glob(&a.to_lowercase(), &action.to_lowercase()))
    };
    match statement.get("NotAction") {
        Some(actions) => !any(Some(actions)),
        None => any(statement.get("Action")),
    }
}

fn names_principal(statement: &Map<String, Value>, asker: &Asker<'_>) -> Result<bool, String> {
    match statement.get("Principal") {
        Some(Value::String(all)) if all == "*" => Ok(true),
        Some(Value::Object(kinds)) => {
            for (kind, names) in kinds {
                let names = list(Some(names));
                let mut names = names.iter().filter_map(Value::as_str);
                let named = match kind.as_str() {
                    "Federated" => names.any(|name| asker.federated == Some(name)),
                    "AWS" => names.any(|name| {
                        name == "*"
                            || asker
                                .aws
                                .iter()
                                .any(|own| own == name || own.split(':').nth(4) == Some(name))
                    }),
                    "Service" | "CanonicalUser" => false,
                    _ => return Err(format!("a principal of the kind `{kind}`")),
                };
                if named {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => Err("a statement without `Principal`".to_owned()),
    }
}

fn holds(
    operator: &str,
    actual: Option<&Vec<String>>,
    expected: &[String],
) -> Result<bool, String> {
    let (set, rest) = match operator.split_once(':') {
        Some((set, rest)) => (Some(set), rest),
        None => (None, operator),
    };
    let (name, if_exists) = match rest.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (rest, false),
    };
    if name == "Null" {
        return Ok(expected.iter().any(|e| (e == "true") == actual.is_none()));
    }
    let (positive, negated): (fn(&str, &str) -> bool, bool) = match name {
        "StringEquals" => (|e, a| e == a, false),
        "StringNotEquals" => (|e, a| e == a, true),
        "StringEqualsIgnoreCase" => (str::eq_ignore_ascii_case, false),
        "StringNotEqualsIgnoreCase" => (str::eq_ignore_ascii_case, true),
        "StringLike" | "ArnLike" | "ArnEquals" => (wildcard::glob, false),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => (wildcard::glob, true),
        "Bool" => (str::eq_ignore_ascii_case, false),
        _ => return Err(format!("the condition operator `{operator}`")),
    };
    let Some(actual) = actual else {
        // An absent key satisfies what negates, and every set qualified with "all".
        return Ok(if_exists || negated || set == Some("ForAllValues"));
    };
    let one = |a: &String| expected.iter().any(|e| positive(e, a)) != negated;
    match set {
        None => Ok(if negated {
            actual.iter().all(one)
        } else {
            actual.iter().any(one)
        }),
        Some("ForAnyValue") => Ok(actual.iter().any(one)),
        Some("ForAllValues") => Ok(actual.iter().all(one)),
        Some(_) => Err(format!("the condition operator `{operator}`")),
    }
}

fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
