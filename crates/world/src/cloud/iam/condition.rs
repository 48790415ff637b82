//! The `Condition` element.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::context::{Context, Known};
use super::pattern::{Fit, Grammar, Pattern};
use crate::cloud::timestamp;

/// One key under one operator, with what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    key: String,
    operator: Operator,
    values: Vec<Pattern>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Operator {
    kind: Kind,
    negated: bool,
    if_exists: bool,
    set: Option<Set>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Also with wildcards: they are in the patterns.
    Text,
    TextAnyCase,
    Arn,
    Number(Compare),
    Date(Compare),
    Bool,
    Binary,
    Address,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compare {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Operator {
    fn parse(text: &str) -> Option<(Self, bool)> {
        let (set, rest) = match text.split_once(':') {
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Some(Set::All), rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Some(Set::Any), rest),
            Some(_) => return None,
            None => (None, text),
        };
        let rest = rest.to_ascii_lowercase();
        let (name, if_exists) = match rest.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (rest.as_str(), false),
        };
        let (kind, negated, wildcards) = match name {
            "stringequals" => (Kind::Text, false, false),
            "stringnotequals" => (Kind::Text, true, false),
            "stringequalsignorecase" => (Kind::TextAnyCase, false, false),
            "stringnotequalsignorecase" => (Kind::TextAnyCase, true, false),
            "stringlike" => (Kind::Text, false, true),
            "stringnotlike" => (Kind::Text, true, true),
            "arnequals" | "arnlike" => (Kind::Arn, false, true),
            "arnnotequals" | "arnnotlike" => (Kind::Arn, true, true),
            "numericequals" => (Kind::Number(Compare::Equal), false, false),
            "numericnotequals" => (Kind::Number(Compare::Equal), true, false),
            "numericlessthan" => (Kind::Number(Compare::Less), false, false),
            "numericlessthanequals" => (Kind::Number(Compare::LessOrEqual), false, false),
            "numericgreaterthan" => (Kind::Number(Compare::Greater), false, false),
            "numericgreaterthanequals" => (Kind::Number(Compare::GreaterOrEqual), false, false),
            "dateequals" => (Kind::Date(Compare::Equal), false, false),
            "datenotequals" => (Kind::Date(Compare::Equal), true, false),
            "datelessthan" => (Kind::Date(Compare::Less), false, false),
            "datelessthanequals" => (Kind::Date(Compare::LessOrEqual), false, false),
            "dategreaterthan" => (Kind::Date(Compare::Greater), false, false),
            "dategreaterthanequals" => (Kind::Date(Compare::GreaterOrEqual), false, false),
            "bool" => (Kind::Bool, false, false),
            "binaryequals" => (Kind::Binary, false, false),
            "ipaddress" => (Kind::Address, false, false),
            "notipaddress" => (Kind::Address, true, false),
            "null" if !if_exists => (Kind::Null, false, false),
            _ => return None,
        };
        let operator = Self {
            kind,
            negated,
            if_exists,
            set,
        };
        Some((operator, wildcards))
    }
}

impl Condition {
    /// Reads a `Condition` element; what is wrong with it, in words.
    pub(crate) fn read(element: &Value, variables: bool) -> Result<Vec<Self>, String> {
        let mut conditions = Vec::new();
        for (name, keys) in element.as_object().ok_or("`Condition` is no object")? {
            let (operator, wildcards) =
                Operator::parse(name).ok_or_else(|| format!("the condition operator `{name}`"))?;
            let grammar = Grammar {
                wildcards,
                variables: variables
                    && matches!(operator.kind, Kind::Text | Kind::TextAnyCase | Kind::Arn),
            };
            let keys = keys
                .as_object()
                .ok_or_else(|| format!("`{name}` is no object"))?;
            for (key, values) in keys {
                let values =
                    texts(values).ok_or_else(|| format!("the values of `{key}` under `{name}`"))?;
                conditions.push(Self {
                    key: key.to_lowercase(),
                    operator,
                    values: values
                        .iter()
                        .map(|value| Pattern::new(value, grammar))
                        .collect(),
                });
            }
        }
        Ok(conditions)
    }

    pub(crate) fn holds(&self, context: &Context) -> Fit {
        let Operator {
            kind,
            negated,
            if_exists,
            set,
        } = self.operator;
        let actual = match context.get(&self.key) {
            Known::Nothing => return Fit::Unknown(self.key.clone()),
            Known::Values(values) => values,
            Known::Absent => &[],
        };
        if kind == Kind::Null {
            let absent = actual.is_empty();
            return Fit::any(self.values.iter().map(|value| {
                Fit::of(match value.text().to_ascii_lowercase().as_str() {
                    "true" => absent,
                    "false" => !absent,
                    _ => false,
                })
            }));
        }
        if actual.is_empty() {
            // An absent key satisfies what negates, and "all" of its values.
            return Fit::of(if_exists || set == Some(Set::All) || (negated && set.is_none()));
        }
        let one = |value: &String| {
            let fit = Fit::any(
                self.values
                    .iter()
                    .map(|pattern| matches(kind, pattern, value, context)),
            );
            if negated { fit.not() } else { fit }
        };
        let all = match set {
            Some(Set::All) => true,
            Some(Set::Any) => false,
            None => negated,
        };
        if all {
            Fit::all(actual.iter().map(one))
        } else {
            Fit::any(actual.iter().map(one))
        }
    }
}

fn matches(kind: Kind, pattern: &Pattern, value: &str, context: &Context) -> Fit {
    let expected = pattern.text();
    match kind {
        Kind::Text => pattern.fits(value, context),
        Kind::TextAnyCase => pattern.fits_any_case(value, context),
        Kind::Arn => pattern.fits_arn(value, context),
        Kind::Number(compare) => {
            let numbers = value.parse::<f64>().ok().zip(expected.parse::<f64>().ok());
            let ordering = numbers.and_then(|(value, expected)| value.partial_cmp(&expected));
            Fit::of(ordering.is_some_and(|ordering| compare.holds(ordering)))
        }
        Kind::Date(compare) => {
            let read = |text: &str| timestamp::read(&Value::from(text));
            let dates = read(value).zip(read(expected));
            Fit::of(dates.is_some_and(|(value, expected)| compare.holds(value.cmp(&expected))))
        }
        Kind::Bool => {
            Fit::of(["true", "false"].iter().any(|word| {
                value.eq_ignore_ascii_case(word) && expected.eq_ignore_ascii_case(word)
            }))
        }
        Kind::Binary => {
            let bytes = STANDARD
                .decode(value)
                .ok()
                .zip(STANDARD.decode(expected).ok());
            Fit::of(bytes.is_some_and(|(value, expected)| value == expected))
        }
        Kind::Address => Fit::of(contains(expected, value).unwrap_or(false)),
        Kind::Null => Fit::No,
    }
}

/// Whether a network in CIDR notation, or a single address, contains an address.
fn contains(network: &str, address: &str) -> Option<bool> {
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, Some(length.parse::<u32>().ok()?)),
        None => (network, None),
    };
    let within = |base: u128, address: u128, width: u32| {
        let length = length.unwrap_or(width);
        (length <= width).then(|| {
            let shift = width - length;
            shift >= 128 || base >> shift == address >> shift
        })
    };
    match (base.parse().ok()?, address.parse().ok()?) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            within(base.to_bits().into(), address.to_bits().into(), 32)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => within(base.to_bits(), address.to_bits(), 128),
        _ => Some(false),
    }
}

/// A text or a list of texts; numbers and truth values stand for their texts.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    match value {
        Value::Array(items) => items.iter().map(one).collect(),
        other => Some(vec![one(other)?]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(condition: Value, context: &Context) -> bool {
        let conditions = Condition::read(&condition, true).unwrap();
        Fit::all(conditions.iter().map(|one| one.holds(context))) == Fit::Yes
    }

    #[test]
    fn operators() {
        let mut context = Context::whole();
        context.set("app:count", "10");
        context.set("app:when", "2026-05-01T00:00:00Z");
        context.set("app:from", "2001:db8::7");
        context.set("app:blob", "AQID");
        context.set("app:flag", "True");
        context.set("app:who", "arn:aws:iam::111122223333:role/deploy");
        context.set("aws:username", "ana");
        context.set_all("app:tags", vec!["a".into(), "b".into()]);
        for (condition, expected) in [
            (json!({ "NumericLessThan": { "app:count": 10 } }), false),
            (
                json!({ "NumericGreaterThanEquals": { "app:count": "9.5" } }),
                true,
            ),
            (json!({ "NumericNotEquals": { "app:none": 1 } }), true),
            (json!({ "NumericEquals": { "app:count": "ten" } }), false),
            (
                json!({ "DateLessThan": { "app:when": "2026-05-01T00:00:01Z" } }),
                true,
            ),
            (json!({ "DateGreaterThan": { "app:when": "0" } }), true),
            (
                json!({ "IpAddress": { "app:from": "2001:db8::/32" } }),
                true,
            ),
            (json!({ "IpAddress": { "app:from": "10.0.0.0/8" } }), false),
            (
                json!({ "NotIpAddress": { "app:from": ["10.0.0.0/8", "::/0"] } }),
                false,
            ),
            (json!({ "BinaryEquals": { "app:blob": "AQID" } }), true),
            (json!({ "Bool": { "app:flag": true } }), true),
            (json!({ "Bool": { "app:flag": "yes" } }), false),
            (
                json!({ "ArnLike": { "app:who": "arn:aws:iam::*:role/*" } }),
                true,
            ),
            (
                json!({ "ArnNotEquals": { "app:who": "arn:aws:iam::*:role/other" } }),
                true,
            ),
            (
                json!({ "StringEquals": { "app:who": "arn:aws:iam::*:role/deploy" } }),
                false,
            ),
            (
                json!({ "StringLike": { "app:who": "*${aws:username}*" } }),
                false,
            ),
            (
                json!({ "StringNotEqualsIgnoreCase": { "app:flag": "TRUE" } }),
                false,
            ),
            (
                json!({ "ForAllValues:StringLike": { "app:tags": ["a", "c"] } }),
                false,
            ),
            (
                json!({ "ForAnyValue:StringNotEquals": { "app:tags": "a" } }),
                true,
            ),
            (
                json!({ "ForAnyValue:StringNotEquals": { "app:none": "a" } }),
                false,
            ),
            (json!({ "Null": { "app:none": true } }), true),
            (json!({ "Null": { "app:none": "false" } }), false),
            (json!({ "BoolIfExists": { "app:none": true } }), true),
        ] {
            assert_eq!(holds(condition.clone(), &context), expected, "{condition}");
        }
        for unreadable in [
            json!({ "StringMatches": { "a": "b" } }),
            json!({ "NullIfExists": { "a": "true" } }),
            json!({ "ForSomeValues:StringLike": { "a": "b" } }),
            json!([]),
            json!({ "StringLike": "a" }),
            json!({ "StringLike": { "a": {} } }),
        ] {
            assert!(Condition::read(&unreadable, true).is_err(), "{unreadable}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let context = Context::partial();
        let read = |value| Condition::read(&value, true).unwrap()[0].holds(&context);
        assert_eq!(
            read(json!({ "StringEquals": { "aws:SourceIp": "x" } })),
            Fit::Unknown("aws:sourceip".into())
        );
        assert_eq!(contains("10.0.0.0/33", "10.0.0.1"), None);
        assert_eq!(contains("0.0.0.0/0", "10.0.0.1"), Some(true));
    }
}
