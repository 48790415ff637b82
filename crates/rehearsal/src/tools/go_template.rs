//! `--format '{{…}}'` of Docker's and skopeo's commands, as far as scripts use it: fields, `index`
//! and `json`.

use serde_json::Value;

/// Fills the template from `value`; an error is what is wrong or not modelled, in words.
pub(crate) fn render(template: &str, value: &Value) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        let end = rest[start..]
            .find("}}")
            .ok_or_else(|| format!("template parsing error: unclosed action in {template:?}"))?;
        let action = rest[start + 2..start + end].trim_matches(['-', ' ']);
        out.push_str(&evaluate(action, value)?);
        rest = &rest[start + end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

fn evaluate(action: &str, value: &Value) -> Result<String, String> {
    let mut words = split(action);
    if words.is_empty() {
        return Err("template parsing error: missing value for command".to_owned());
    }
    if words
        .iter()
        .any(|word| matches!(word.as_str(), "|" | "range" | "if" | "end" | "with"))
    {
        return Err(format!("template action {{{{{action}}}}} is not modelled"));
    }
    let first = words.remove(0);
    match first.as_str() {
        "json" if words.len() == 1 => Ok(field(&words[0], value)?.to_string()),
        "index" if words.len() >= 2 => {
            let mut current = field(&words[0], value)?;
            for key in &words[1..] {
                let found = match key.parse::<usize>() {
                    Ok(at) => current.get(at),
                    Err(_) => current.get(key.trim_matches('"')),
                };
                current = match found {
                    Some(found) => found,
                    None if current.is_array() => {
                        return Err(format!(
                            "template: :1:2: executing \"\" at <{action}>: error calling index: index out of range: {key}"
                        ));
                    }
                    None => &Value::Null,
                };
            }
            Ok(shown(current))
        }
        path if path.starts_with('.') && words.is_empty() => Ok(shown(field(path, value)?)),
        _ => Err(format!("template action {{{{{action}}}}} is not modelled")),
    }
}

/// Words; a quoted one stays whole, parentheses fall away (`(index .A 0)`).
fn split(action: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for character in action.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                word.push('"');
            }
            ' ' if !quoted => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            other => word.push(other),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn field<'v>(path: &str, value: &'v Value) -> Result<&'v Value, String> {
    let mut current = value;
    for name in path.split('.').filter(|name| !name.is_empty()) {
        current = current.get(name).ok_or_else(|| {
            format!(
                "template: :1:2: executing \"\" at <{path}>: map has no entry for key \"{name}\""
            )
        })?;
    }
    Ok(current)
}

/// As Go prints a value.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let mut pairs: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{k}:{}", shown(v)))
                .collect();
            pairs.sort();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_index_and_json() {
        let value = serde_json::json!({
            "RepoDigests": ["app@sha256:1"], "Config": { "Labels": { "a.b": "c" } }, "Size": 3,
        });
        let is = |template: &str, text: &str| assert_eq!(render(template, &value), Ok(text.into()));
        is("{{index .RepoDigests 0}} {{ .Size }}", "app@sha256:1 3");
        is(
            "{{index .Config.Labels \"a.b\"}}{{json .RepoDigests}}",
            "c[\"app@sha256:1\"]",
        );
        is("{{.RepoDigests}}", "[app@sha256:1]");
        assert!(render("{{range .X}}{{end}}", &value).is_err());
        assert!(render("{{index .RepoDigests 4}}", &value).is_err());
    }
}
