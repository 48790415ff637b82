//! Values as jq prints them.

use jaq_json::{Num, Val};

/// How values are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// What one level is indented by; everything is on one line without.
    pub(crate) indent: Option<String>,
    pub(crate) sort_keys: bool,
    pub(crate) ascii: bool,
}

impl Layout {
    pub(crate) const COMPACT: Self = Self {
        indent: None,
        sort_keys: false,
        ascii: false,
    };
}

/// The value's JSON, or what is wrong with it: keys that are no strings.
pub(crate) fn json(value: &Val, layout: &Layout) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    write(&mut out, value, layout, 0)?;
    Ok(out)
}

fn write(out: &mut Vec<u8>, value: &Val, layout: &Layout, level: usize) -> Result<(), String> {
    match value {
        Val::Null => out.extend_from_slice(b"null"),
        Val::Bool(true) => out.extend_from_slice(b"true"),
        Val::Bool(false) => out.extend_from_slice(b"false"),
        Val::Num(number) => out.extend_from_slice(number_text(number).as_bytes()),
        Val::TStr(bytes) | Val::BStr(bytes) => string(out, bytes, layout.ascii),
        Val::Arr(items) if items.is_empty() => out.extend_from_slice(b"[]"),
        Val::Arr(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                separate(out, layout, level + 1, at > 0);
                write(out, item, layout, level + 1)?;
            }
            separate(out, layout, level, false);
            out.push(b']');
        }
        Val::Obj(map) if map.is_empty() => out.extend_from_slice(b"{}"),
        Val::Obj(map) => {
            out.push(b'{');
            let mut entries: Vec<_> = map.iter().collect();
            if layout.sort_keys {
                entries.sort_by(|a, b| a.0.cmp(b.0));
            }
            for (at, (key, item)) in entries.into_iter().enumerate() {
                separate(out, layout, level + 1, at > 0);
                let Val::TStr(name) = key else {
                    let shown = String::from_utf8_lossy(&json(key, &Layout::COMPACT)?).into_owned();
                    return Err(format!(
                        "Object keys must be strings: {} ({shown})",
                        kind(key)
                    ));
                };
                string(out, name, layout.ascii);
                out.push(b':');
                if layout.indent.is_some() {
                    out.push(b' ');
                }
                write(out, item, layout, level + 1)?;
            }
            separate(out, layout, level, false);
            out.push(b'}');
        }
    }
    Ok(())
}

fn separate(out: &mut Vec<u8>, layout: &Layout, level: usize, comma: bool) {
    if comma {
        out.push(b',');
    }
    if let Some(indent) = &layout.indent {
        out.push(b'\n');
        for _ in 0..level {
            out.extend_from_slice(indent.as_bytes());
        }
    }
}

fn string(out: &mut Vec<u8>, bytes: &[u8], ascii: bool) {
    out.push(b'"');
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            control if control < ' ' || control == '\u{7f}' => {
                out.extend_from_slice(format!("\\u{:04x}", control as u32).as_bytes());
            }
            wide if ascii && !wide.is_ascii() => {
                for unit in wide.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
            other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// A number: a literal as it was written, a computed one as its shortest decimal with at most 17
/// digits, without a fraction where it has none.
pub(crate) fn number_text(number: &Num) -> String {
    match number {
        Num::Int(whole) => whole.to_string(),
        Num::BigInt(whole) => whole.to_string(),
        Num::Dec(literal) if !literal.contains(['e', 'E']) => literal.to_string(),
        Num::Dec(literal) => float(literal.parse().unwrap_or(f64::NAN)),
        Num::Float(value) => float(*value),
    }
}

fn float(value: f64) -> String {
    if value.is_nan() {
        return "null".to_owned();
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    // Rust's exponent form has the shortest digits that read back as the same number.
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let point = exponent + 1;
    let count = digits.len() as i32;
    if point <= -4 || point > count + 15 {
        let fraction = &digits[1..];
        let dot = if fraction.is_empty() { "" } else { "." };
        let sign_of_exponent = if exponent < 0 { '-' } else { '+' };
        return format!(
            "{sign}{}{dot}{fraction}e{sign_of_exponent}{:02}",
            &digits[..1],
            exponent.abs()
        );
    }
    if point <= 0 {
        let zeros = "0".repeat(point.unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    if point >= count {
        let zeros = "0".repeat((point - count) as usize);
        return format!("{sign}{digits}{zeros}");
    }
    let (whole, fraction) = digits.split_at(point as usize);
    format!("{sign}{whole}.{fraction}")
}

/// The name of a value's type.
pub(crate) fn kind(value: &Val) -> &'static str {
    match value {
        Val::Null => "null",
        Val::Bool(_) => "boolean",
        Val::Num(_) => "number",
        Val::TStr(_) | Val::BStr(_) => "string",
        Val::Arr(_) => "array",
        Val::Obj(_) => "object",
    }
}
