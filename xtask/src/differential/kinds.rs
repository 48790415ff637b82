//! The known differences, one entry a kind. `crates/workflow/CONFORMANCE.md` says who is right.

use super::expressions::Difference;
use super::facts::javascript;
use lockkeeper_workflow::expr::Value;
use serde_json::Value as Json;

pub(super) struct ExpressionKind {
    pub(super) name: &'static str,
    /// Whether a difference is of this kind, by what stands in the case.
    pub(super) holds: fn(&Difference<'_>) -> bool,
}

pub(super) const EXPRESSION_KINDS: &[ExpressionKind] = &[
    ExpressionKind {
        name: "an argument or index that is not needed is an error",
        holds: |d| d.ours.is_ok() && d.theirs.is_err() && d.facts.errors,
    },
    ExpressionKind {
        name: "JavaScript bounds its own recursion where GitHub bounds the tree",
        holds: |d| d.ours.is_ok() && theirs_say(d, "Exceeded max expression depth"),
    },
    ExpressionKind {
        name: "a chain of comparisons, which nests to the left, deeper than 50",
        holds: |d| {
            let ours = d
                .ours
                .as_ref()
                .is_err_and(|e| e.contains("Exceeded max expression depth"));
            ours && d.theirs.is_ok() && d.facts.bare.matches("==").count() >= 50
        },
    },
    ExpressionKind {
        name: "a comma before the closing parenthesis",
        holds: |d| d.tree.is_none() && d.theirs.is_ok() && trailing_comma(&d.facts.bare),
    },
    ExpressionKind {
        name: "more than one doubled quote in a string",
        holds: |d| {
            d.case.expression.matches("''").count() > 1
                && d.facts.strings.iter().any(|s| s.matches('\'').count() > 1)
        },
    },
    ExpressionKind {
        name: "a blank of Unicode, where JavaScript or .NET knows it as none",
        holds: |d| {
            d.facts
                .strings
                .iter()
                .any(|s| s.contains(['\u{feff}', '\u{85}']))
                || d.facts.bare.contains('\u{a0}')
        },
    },
    ExpressionKind {
        name: "half a surrogate pair in JSON",
        holds: |d| d.ours.is_err() && d.facts.strings.iter().any(|s| s.contains("\\ud8")),
    },
    ExpressionKind {
        name: "text behind the number of a replacement, in format()",
        holds: |d| {
            d.ours.is_err()
                && d.theirs.is_ok()
                && d.facts.calls("format")
                && d.facts.strings.iter().any(|s| specifier(s))
        },
    },
    ExpressionKind {
        name: "keys that differ by case alone",
        holds: |d| {
            let json = |s: &String| s.contains("\"a\"") && s.contains("\"A\"");
            d.facts.strings.iter().any(json) || raw_twins(&d.case.contexts)
        },
    },
    ExpressionKind {
        name: "keys that are integers come first in JavaScript",
        holds: |d| {
            d.facts.keys.iter().any(|keys| {
                keys.iter()
                    .any(|k| !k.is_empty() && k.bytes().all(|b| b.is_ascii_digit()))
            })
        },
    },
    ExpressionKind {
        name: "toJSON of infinity or NaN",
        holds: |d| d.facts.calls("tojson") && d.facts.numbers.iter().any(|n| !n.is_finite()),
    },
    ExpressionKind {
        name: "numbers in text: 15 digits and .NET's exponent",
        holds: |d| d.facts.numbers.iter().any(|n| printed_apart(*n)),
    },
    ExpressionKind {
        name: "numbers from text: .NET's spellings, 32 bits of hexadecimal",
        holds: |d| {
            d.facts.strings.iter().any(|s| read_apart(s))
                || d.facts.bare.contains("0x1FFFFFFFF")
                || d.facts.bare.contains("0xFFFFFFFF")
        },
    },
    ExpressionKind {
        name: "letters whose case JavaScript maps to several, or not back",
        holds: |d| d.facts.strings.iter().any(|s| s.chars().any(folded_apart)),
    },
];

fn theirs_say(d: &Difference<'_>, words: &str) -> bool {
    d.theirs.as_ref().is_err_and(|e| e.contains(words))
}

fn trailing_comma(bare: &str) -> bool {
    bare.match_indices(',')
        .any(|(at, _)| bare[at + 1..].trim_start().starts_with(')'))
}

/// `{0` with something other than `}` behind the digits.
fn specifier(text: &str) -> bool {
    text.match_indices('{').any(|(at, _)| {
        let rest = &text[at + 1..];
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        after.len() < rest.len() && !after.starts_with('}')
    })
}

/// Keys of one object of a JSON text that are the same but for case, before any reader joined them.
fn raw_twins(json: &str) -> bool {
    fn any(json: &Json) -> bool {
        match json {
            Json::Array(items) => items.iter().any(any),
            Json::Object(map) => {
                let mut folded: Vec<String> = map.keys().map(|k| k.to_lowercase()).collect();
                folded.sort();
                folded.windows(2).any(|pair| pair[0] == pair[1]) || map.values().any(any)
            }
            _ => false,
        }
    }
    serde_json::from_str(json).is_ok_and(|json| any(&json))
}

fn printed_apart(n: f64) -> bool {
    let ours = Value::Number(n).to_text();
    // The npm package rounds to 15 places behind the point first, but not in toJSON.
    let rounded: f64 = format!("{n:.15}").parse().unwrap_or(n);
    ours != javascript(rounded) || ours != javascript(n)
}

fn read_apart(text: &str) -> bool {
    let text = text.trim();
    let prefixed = ["0b", "0B", "0X", "0O"].iter().any(|p| text.starts_with(p));
    let wide = text.starts_with("0x") && text.len() > 9;
    prefixed
        || wide
        || (text.to_ascii_lowercase().ends_with("infinity") && !text.ends_with("Infinity"))
}

fn folded_apart(c: char) -> bool {
    !c.is_ascii() && {
        let upper: String = c.to_uppercase().collect();
        let back: String = upper.to_lowercase();
        let lower: String = c.to_lowercase().collect();
        upper.chars().count() > 1
            || upper.is_ascii()
            || lower.is_ascii()
            || lower.chars().count() > 1
            || (back != c.to_string() && lower != upper && back != lower)
    }
}
