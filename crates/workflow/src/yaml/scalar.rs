//! What a scalar means: the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>).

use super::Resolved;

/// A plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Resolved {
    // Most scalars are words: only these bytes begin anything else.
    let special = |b: &u8| {
        matches!(
            b,
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F'
        )
    };
    if text.as_bytes().first().is_some_and(|b| !special(b)) {
        return Resolved::String;
    }
    null(text)
        .or_else(|| boolean(text))
        .or_else(|| integer(text))
        .or_else(|| float(text))
        .unwrap_or(Resolved::String)
}

/// A scalar with a tag of the core schema; `None` if the tag is another or the text does not fit.
pub(super) fn tagged(suffix: &str, text: &str) -> Option<Resolved> {
    match suffix {
        "str" => Some(Resolved::String),
        "null" => null(text),
        "bool" => boolean(text),
        "int" => integer(text),
        "float" => float(text).or_else(|| integer(text)),
        _ => None,
    }
}

fn null(text: &str) -> Option<Resolved> {
    matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Resolved::Null)
}

fn boolean(text: &str) -> Option<Resolved> {
    match text {
        "true" | "True" | "TRUE" => Some(Resolved::Bool(true)),
        "false" | "False" | "FALSE" => Some(Resolved::Bool(false)),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Resolved> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let legal = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            return legal.then(|| {
                let n = digits.chars().filter_map(|c| c.to_digit(radix));
                Resolved::Number(n.fold(0.0, |sum, d| sum * f64::from(radix) + f64::from(d)))
            });
        }
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    decimal(text)
}

fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return Some(Resolved::Number(sign * f64::INFINITY));
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Resolved::Number(f64::NAN));
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

fn decimal(text: &str) -> Option<Resolved> {
    let text = text.strip_prefix('+').unwrap_or(text);
    text.parse().ok().map(Resolved::Number)
}
