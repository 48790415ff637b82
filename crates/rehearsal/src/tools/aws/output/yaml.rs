//! `--output yaml`: block style, keys sorted.

use std::collections::BTreeMap;

use serde_json::Value;

pub(super) fn document(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Array(items) if !items.is_empty() => block(value, 0, &mut out),
        Value::Object(members) if !members.is_empty() => block(value, 0, &mut out),
        other => {
            out.push_str(&other.to_string());
            out.push('\n');
        }
    }
    out
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => false,
    }
}

/// A collection that is not empty, each line indented by `indent`, the first one too.
fn block(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Array(items) => {
            for item in items {
                out.push_str(&pad);
                out.push_str("- ");
                if is_block(item) {
                    let mut inner = String::new();
                    block(item, indent + 2, &mut inner);
                    out.push_str(inner.trim_start_matches(' '));
                } else {
                    out.push_str(&scalar(item));
                    out.push('\n');
                }
            }
        }
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (key, member) in sorted {
                out.push_str(&pad);
                out.push_str(&plain(key));
                out.push(':');
                if is_block(member) {
                    out.push('\n');
                    let deeper = if member.is_array() {
                        indent
                    } else {
                        indent + 2
                    };
                    block(member, deeper, out);
                } else {
                    out.push(' ');
                    out.push_str(&scalar(member));
                    out.push('\n');
                }
            }
        }
        _ => {}
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// A string as it is where no reader could take it for something else, else quoted.
fn plain(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return Value::from(text).to_string();
    }
    // By YAML 1.2, where `yes`, `no`, `on` and `off` are words like others.
    let words = ["", "null", "~", "true", "false", "=", "<<"];
    let first = text.chars().next().unwrap_or(' ');
    let ambiguous = words.contains(&text.to_ascii_lowercase().as_str())
        || text.starts_with(' ')
        || text.ends_with(' ')
        || text.ends_with(':')
        || text.contains(": ")
        || text.contains(" #")
        || "-?:".contains(first) && (text.len() == 1 || text[1..].starts_with(' '))
        || ",[]{}#&*!|>'\"%@`".contains(first)
        || number(text);
    match ambiguous {
        true => format!("'{}'", text.replace('\'', "''")),
        false => text.to_owned(),
    }
}

/// Whether YAML would read a number or an instant.
fn number(text: &str) -> bool {
    let body = text.trim_start_matches(['+', '-']);
    let digits = |c: char| c.is_ascii_hexdigit() || "_.:xo+-TZe ".contains(c);
    body.starts_with(|c: char| c.is_ascii_digit() || c == '.') && body.chars().all(digits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested() {
        let value = json!({"b": [{"y": "1", "x": [1, 2]}], "a": {"empty": [], "n": null}});
        assert_eq!(
            document(&value),
            "a:\n  empty: []\n  n: null\nb:\n- x:\n  - 1\n  - 2\n  y: '1'\n"
        );
        assert_eq!(document(&json!("x")), "\"x\"\n");
    }
}
