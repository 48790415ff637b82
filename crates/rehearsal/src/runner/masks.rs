//! Texts that no log may show.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What is hidden: values, and the forms in which programs often print them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Masks {
    values: BTreeSet<String>,
    /// The longest first, so that what contains another is hidden whole.
    ordered: Vec<String>,
}

impl Masks {
    /// Hides `text`, and each of its lines when it has several.
    pub(crate) fn add(&mut self, text: &str) {
        for part in std::iter::once(text).chain(text.split(['\r', '\n'])) {
            let part = part.trim_matches(['\r', '\n']);
            if !part.trim().is_empty() && self.values.insert(part.to_owned()) {
                self.ordered.extend(forms(part));
            }
        }
        self.ordered
            .sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.ordered.dedup();
    }

    pub(crate) fn apply(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for mask in &self.ordered {
            if shown.contains(mask.as_str()) {
                shown = shown.replace(mask.as_str(), "***");
            }
        }
        shown
    }

    pub(crate) fn hides(&self, text: &str) -> bool {
        self.ordered.iter().any(|mask| text.contains(mask.as_str()))
    }
}

/// A value as it is, in JSON, in a URL, in XML, and in Base64 wherever it may begin.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let json = serde_json::Value::from(value).to_string();
    forms.push(json[1..json.len() - 1].to_owned());
    forms.push(
        value
            .bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    (byte as char).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect(),
    );
    forms.push(
        value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&apos;"),
    );
    for shift in 0..3 {
        if let Some(rest) = value.as_bytes().get(shift..).filter(|rest| rest.len() >= 6) {
            // The last characters depend on what follows, if anything does.
            let whole = rest.len() / 3 * 3;
            forms.push(STANDARD.encode(&rest[..whole]));
            forms.push(STANDARD.encode(rest));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_hide_whole_values_and_their_lines() {
        let mut masks = Masks::default();
        masks.add("abc\nabcdef");
        masks.add(" ");
        assert_eq!(masks.apply("x abcdef y abc z"), "x *** y *** z");
        assert!(masks.hides("--abc--") && !masks.hides("ab"));
    }

    #[test]
    fn usual_encodings_are_hidden_too() {
        let mut masks = Masks::default();
        masks.add("pass \"word\"&1");
        for text in [
            r#"{"p":"pass \"word\"&1"}"#,
            "?p=pass%20%22word%22%261",
            "<p>pass &quot;word&quot;&amp;1</p>",
        ] {
            assert!(masks.hides(text), "{text}");
        }
        for prefix in ["", "u", "us"] {
            let text = STANDARD.encode(format!("{prefix}pass \"word\"&1"));
            assert!(masks.hides(&text), "{text}");
        }
    }
}
