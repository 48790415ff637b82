//! What a scalar means: the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>).

use crate::expr::Value;

/// A plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Value {
    null(text)
        .or_else(|| boolean(text))
        .or_else(|| integer(text))
        .or_else(|| float(text))
        .unwrap_or_else(|| Value::from(text))
}

/// A scalar with a tag of the core schema; `None` if the tag is another or the text does not fit.
pub(super) fn tagged(suffix: &str, text: &str) -> Option<Value> {
    match suffix {
        "str" => Some(Value::from(text)),
        "null" => null(text),
        "bool" => boolean(text),
        "int" => integer(text),
        "float" => float(text).or_else(|| integer(text)),
        _ => None,
    }
}

fn null(text: &str) -> Option<Value> {
    matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Value::Null)
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Value> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let legal = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            return legal.then(|| {
                let n = digits.chars().filter_map(|c| c.to_digit(radix));
                Value::Number(n.fold(0.0, |sum, d| sum * f64::from(radix) + f64::from(d)))
            });
        }
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    decimal(text)
}

fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return Some(Value::Number(sign * f64::INFINITY));
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Value::Number(f64::NAN));
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    if let Some(e) = exponent {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        if e.is_empty() || !digits(e) {
            return None;
        }
    }
    decimal(text)
}

fn decimal(text: &str) -> Option<Value> {
    let text = text.strip_prefix('+').unwrap_or(text);
    text.parse().ok().map(Value::Number)
}
