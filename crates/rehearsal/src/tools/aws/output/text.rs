//! `--output text`: tab-separated scalars, one line an object, keys sorted.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::request::python;

pub(in super::super) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, None, None, &mut out);
    out
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn write(value: &Value, name: Option<&str>, columns: Option<&BTreeSet<&str>>, out: &mut String) {
    match value {
        Value::Object(members) => object(members, name, columns, out),
        Value::Array(items) => list(items, name, out),
        scalar => {
            out.push_str(&python::str(scalar));
            out.push('\n');
        }
    }
}

fn list(items: &[Value], name: Option<&str>, out: &mut String) {
    if items.iter().any(Value::is_object) {
        // Every object fills the same columns.
        let columns: BTreeSet<&str> = items
            .iter()
            .filter_map(Value::as_object)
            .flatten()
            .filter(|(_, member)| is_scalar(member))
            .map(|(key, _)| key.as_str())
            .collect();
        for item in items {
            write(item, name, Some(&columns), out);
        }
    } else {
        let (scalars, others): (Vec<&Value>, Vec<&Value>) =
            items.iter().partition(|item| is_scalar(item));
        if !scalars.is_empty() {
            scalar_list(&scalars, name, out);
        }
        for item in others {
            write(item, name, None, out);
        }
    }
}

fn scalar_list(items: &[&Value], name: Option<&str>, out: &mut String) {
    let items = items.iter().map(|item| python::str(item));
    match name {
        Some(name) => {
            for item in items {
                out.push_str(&format!("{}\t{item}\n", name.to_uppercase()));
            }
        }
        None => {
            out.push_str(&items.collect::<Vec<_>>().join("\t"));
            out.push('\n');
        }
    }
}

fn object(
    members: &Map<String, Value>,
    name: Option<&str>,
    columns: Option<&BTreeSet<&str>>,
    out: &mut String,
) {
    let sorted: BTreeSet<&str> = members.keys().map(String::as_str).collect();
    let mut scalars: Vec<String> = match columns {
        Some(columns) => columns
            .iter()
            .map(|column| members.get(*column).map_or_else(String::new, python::str))
            .collect(),
        None => sorted
            .iter()
            .map(|key| &members[*key])
            .filter(|member| is_scalar(member))
            .map(python::str)
            .collect(),
    };
    if !scalars.is_empty() {
        if let Some(name) = name {
            scalars.insert(0, name.to_uppercase());
        }
        out.push_str(&scalars.join("\t"));
        out.push('\n');
    }
    for key in sorted {
        let other = match columns {
            Some(columns) => !columns.contains(key),
            None => !is_scalar(&members[key]),
        };
        if other {
            write(&members[key], Some(key), None, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_and_lists() {
        assert_eq!(text(&json!("x")), "x\n");
        assert_eq!(text(&json!(null)), "None\n");
        assert_eq!(text(&json!(true)), "True\n");
        assert_eq!(text(&json!([])), "");
        assert_eq!(text(&json!(["a", null, 3])), "a\tNone\t3\n");
        assert_eq!(text(&json!([["a", 1], ["b", 2]])), "a\t1\nb\t2\n");
        assert_eq!(text(&json!(["z", ["a", 1]])), "z\na\t1\n");
    }

    #[test]
    fn objects_have_sorted_columns_and_named_children() {
        let value = json!({"services": [
            {"serviceName": "api", "desiredCount": 2, "events": [{"id": "1", "message": "m"}]},
            {"serviceName": "web", "status": "ACTIVE", "tags": ["a", "b"]}
        ], "failures": []});
        assert_eq!(
            text(&value),
            "SERVICES\t2\tapi\t\nEVENTS\t1\tm\nSERVICES\t\tweb\tACTIVE\nTAGS\ta\nTAGS\tb\n"
        );
        assert_eq!(
            text(&json!({"Account": "1", "Arn": "a", "UserId": "u"})),
            "1\ta\tu\n"
        );
    }
}
