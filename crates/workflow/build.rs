//! Makes constants of the tables in `data/`, so that nothing is parsed when a program starts.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

fn main() {
    let read = |name: &str| -> Value {
        println!("cargo::rerun-if-changed=data/{name}");
        let text = fs::read_to_string(Path::new("data").join(name));
        let text = text.unwrap_or_else(|error| panic!("data/{name}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("data/{name}: {error}"))
    };
    println!("cargo::rerun-if-changed=build.rs");
    let mut language = read("language.json");
    for difference in list(&read("differences.json")) {
        apply(&mut language, difference);
    }
    let mut out = String::new();
    tables(&language, &mut out);
    payloads(&read("webhooks.json"), &mut out);
    let folder = env::var_os("OUT_DIR").expect("cargo gives build scripts a folder");
    fs::write(Path::new(&folder).join("tables.rs"), out).expect("that folder can be written to");
}

/// Lays one entry of `differences.json` over the tables.
fn apply(language: &mut Value, difference: &Value) {
    let path: Vec<&str> = strings(&difference["at"]).collect();
    let (last, way) = path.split_last().expect("a difference says where it is");
    assert!(difference["why"].is_string(), "{path:?}: why?");
    let mut at = language;
    for key in way {
        at = at
            .get_mut(*key)
            .unwrap_or_else(|| panic!("{path:?}: no {key}"));
    }
    let before = at[*last].clone();
    if let Some(is) = difference.get("is") {
        at[*last] = is.clone();
    }
    let words = at[*last].as_array_mut();
    if let Some(words) = words {
        for word in list(&difference["adds"]) {
            assert!(!words.contains(word), "{path:?} has {word} now: drop that");
            words.push(word.clone());
        }
        for word in list(&difference["drops"]) {
            assert!(
                words.contains(word),
                "{path:?} has no {word} now: drop that"
            );
            words.retain(|w| w != word);
        }
    }
    assert_ne!(
        before, at[*last],
        "{path:?} differs no more: drop the entry"
    );
}

fn tables(language: &Value, out: &mut String) {
    let packages = list(&language["packages"]).map(|package| {
        let part = |key: &str| format!("{key}: {}", package[key]);
        let parts = ["name", "version", "published"].map(part).join(", ");
        format!("Package {{ {parts} }}")
    });
    constant(out, "PACKAGES", "Package", packages);

    let mut functions = Vec::new();
    for (name, limits) in object(&language["functions"]) {
        functions.push(function(name, &number(&limits[0]), &number(&limits[1])));
    }
    constant(out, "FUNCTIONS", "FunctionRule", functions.into_iter());

    for (schema, places) in object(&language["places"]) {
        writeln!(out, "pub(crate) mod {schema}_places {{ use super::*;").expect(TEXT);
        for (name, place) in object(places) {
            let contexts = words(&place["contexts"]);
            let functions: Vec<String> = strings(&place["functions"]).map(signature).collect();
            writeln!(
                out,
                "pub(crate) const {}: Scope<'static> = Scope {{ contexts: {contexts}, functions: \
                 &[{}] }};",
                constant_name(name),
                functions.join(", ")
            )
            .expect(TEXT);
        }
        out.push_str("}\n");
    }
    constant(
        out,
        "CONDITIONAL",
        "FunctionRule",
        conditional(language).into_iter(),
    );
    for group in ["keys", "values"] {
        for (schema, lists) in object(&language[group]) {
            writeln!(out, "pub(crate) mod {schema}_{group} {{").expect(TEXT);
            for (name, of) in object(lists) {
                let name = constant_name(name);
                writeln!(out, "pub(crate) const {name}: &[&str] = {};", words(of)).expect(TEXT);
            }
            out.push_str("}\n");
        }
    }
    let events = object(&language["events"]).map(|(name, of)| {
        let (keys, types) = (words(&of["keys"]), words(&of["types"]));
        let default_types = words(&of["default_types"]);
        format!(
            "EventRule {{ name: {name:?}, keys: {keys}, types: {types}, default_types: \
             {default_types} }}"
        )
    });
    constant(out, "EVENTS", "EventRule", events);
    let scopes = object(&language["permissions"]).map(|(name, levels)| {
        let has = |level: &str| strings(levels).any(|l| l == level);
        let grant = match (has("read"), has("write")) {
            (true, true) => "Any",
            (false, true) => "WriteOnly",
            (true, false) => "ReadOnly",
            (false, false) => panic!("{name} can be given nothing"),
        };
        format!("({name:?}, Grant::{grant})")
    });
    constant(out, "SCOPES", "(&str, Grant)", scopes);
    let contexts = object(&language["contexts"]);
    let contexts = contexts.map(|(name, members)| format!("({name:?}, {})", words(members)));
    constant(out, "CONTEXTS", "(&str, &[&str])", contexts);
    let names = object(&language["contexts"]).map(|(name, _)| format!("{name:?}"));
    constant(out, "CONTEXT_NAMES", "&str", names);
    let labels = strings(&language["runner_labels"]).map(|label| format!("{label:?}"));
    constant(out, "RUNNER_LABELS", "&str", labels);
}

/// The functions of some places, each with the most arguments that it takes anywhere.
fn conditional(language: &Value) -> Vec<String> {
    let places = object(&language["places"]).flat_map(|(_, places)| object(places));
    let mut found: Vec<&str> = Vec::new();
    for text in places.flat_map(|(_, place)| strings(&place["functions"])) {
        let name = |text: &str| text.split('(').next().map(str::to_owned);
        match found.iter_mut().find(|known| name(known) == name(text)) {
            Some(known) if text.contains("MAX") => *known = text,
            Some(_) => {}
            None => found.push(text),
        }
    }
    found.into_iter().map(signature).collect()
}

fn payloads(webhooks: &Value, out: &mut String) {
    let shapes = strings(&webhooks["shapes"]).map(|shape| {
        let members = shape.split(' ').filter(|member| !member.is_empty());
        let members = members.map(|member| match member.split_once('=') {
            Some((name, shape)) => format!("({name:?}, Some({shape}))"),
            None => format!("({member:?}, None)"),
        });
        format!("&[{}]", members.collect::<Vec<_>>().join(", "))
    });
    constant(out, "SHAPES", "&[(&str, Option<u16>)]", shapes);
    let events = object(&webhooks["events"]).map(|(event, actions)| {
        let actions = object(actions).map(|(action, shape)| format!("({action:?}, {shape})"));
        format!("({event:?}, &[{}])", actions.collect::<Vec<_>>().join(", "))
    });
    constant(out, "PAYLOADS", "(&str, &[(&str, u16)])", events);
}

const TEXT: &str = "a string takes any text";

fn constant(out: &mut String, name: &str, of: &str, items: impl Iterator<Item = String>) {
    writeln!(out, "pub(crate) static {name}: &[{of}] = &[").expect(TEXT);
    for item in items {
        writeln!(out, "    {item},").expect(TEXT);
    }
    out.push_str("];\n");
}

/// `name(least,most)`.
fn signature(text: &str) -> String {
    let parts = text.strip_suffix(')').and_then(|t| t.split_once('('));
    let (name, limits) = parts.unwrap_or_else(|| panic!("{text} is no function"));
    let (least, most) = limits
        .split_once(',')
        .unwrap_or_else(|| panic!("{text}: how many?"));
    let most = if most == "MAX" { "usize::MAX" } else { most };
    function(name, least, most)
}

fn function(name: &str, least: &str, most: &str) -> String {
    format!("FunctionRule {{ name: {name:?}, min: {least}, max: {most} }}")
}

fn number(value: &Value) -> String {
    match value {
        Value::Null => "usize::MAX".to_owned(),
        number => number.to_string(),
    }
}

fn words(value: &Value) -> String {
    let words: Vec<String> = strings(value).map(|word| format!("{word:?}")).collect();
    format!("&[{}]", words.join(", "))
}

fn constant_name(definition: &str) -> String {
    definition.to_ascii_uppercase().replace('-', "_")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    list(value).filter_map(Value::as_str)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
