//! An operation's options and what their values mean.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::super::failure::{Failure, Stop};
use super::super::table::{Operation, Paginator, Service, Shape, kebab};
use super::argparse::{self, Given, Options, Takes};
use super::globals::Globals;
use super::{json, python, shorthand};
use crate::tools::Desk;

/// An operation's options that the CLI renames.
const RENAMED: &[(&str, &str)] = &[
    ("no-enable-execute-command", "disable-execute-command"),
    ("no-interactive", "non-interactive"),
];

const PAGING: &[&str] = &["--starting-token", "--page-size", "--max-items"];
const WHOLE_INPUT: &[&str] = &[
    "--cli-input-json",
    "--cli-input-yaml",
    "--generate-cli-skeleton",
];

/// How a paginated answer is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Paging {
    pub(in super::super) starting_token: Option<String>,
    pub(in super::super) page_size: Option<i64>,
    pub(in super::super) max_items: Option<i64>,
}

/// A command line, read.
#[derive(Debug)]
pub(in super::super) struct Arguments {
    pub(in super::super) input: Map<String, Value>,
    /// Set where the CLI itself goes through the pages.
    pub(in super::super) paging: Option<Paging>,
}

/// One option of the operation.
struct Member<'a> {
    option: String,
    name: &'a str,
    shape: &'a Shape,
    /// What the option sets, where it is one of a pair of flags.
    flag: Option<bool>,
    required: bool,
}

fn members<'a>(service: &'a Service, operation: &Operation) -> Vec<Member<'a>> {
    let Some(Shape::Structure {
        members,
        required,
        tokens,
        ..
    }) = service.input(operation)
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, shape) in members {
        let Some(shape) = service.shape(shape) else {
            continue;
        };
        let needed = required.contains(name) && !tokens.contains(name);
        let mut add = |cli: &str, flag: Option<bool>| {
            let cli = RENAMED
                .iter()
                .find(|(from, _)| *from == cli)
                .map_or(cli, |(_, to)| to);
            found.push(Member {
                option: format!("--{cli}"),
                name,
                shape,
                flag,
                required: needed && flag.is_none(),
            });
        };
        match shape {
            Shape::Boolean => {
                add(&kebab(name), Some(true));
                add(&format!("no-{}", kebab(name)), Some(false));
            }
            _ => add(&kebab(name), None),
        }
    }
    found
}

/// Reads what follows the operation's name.
pub(in super::super) fn read(
    service: &Service,
    operation: &Operation,
    paginator: Option<&Paginator>,
    args: &[String],
    globals: &Globals,
    desk: &mut Desk<'_>,
) -> Result<Arguments, Stop> {
    let members = members(service, operation);
    let mut options = Options::new();
    for member in &members {
        let takes = match (member.flag, member.shape) {
            (Some(_), _) => Takes::Nothing,
            (None, Shape::List { .. }) => Takes::Words,
            (None, _) => Takes::One,
        };
        options.insert(member.option.clone(), takes);
    }
    // The CLI's own paging options hide members of the same name.
    let own_paging: &[&str] = if paginator.is_some() { PAGING } else { &[] };
    for name in own_paging.iter().chain(WHOLE_INPUT) {
        options.insert((*name).to_owned(), Takes::One);
    }
    let parsed = argparse::parse(&options, args, true).map_err(Failure::arguments)?;
    let given = &parsed.given;
    let whole = WHOLE_INPUT.iter().any(|name| given.contains_key(*name));
    let missing: Vec<&str> = members
        .iter()
        .filter(|member| member.required && !given.contains_key(&member.option))
        .map(|member| member.option.as_str())
        .collect();
    if !missing.is_empty() && !whole {
        let names = missing.join(", ");
        let text = format!("the following arguments are required: {names}");
        return Err(Failure::arguments(text).into());
    }
    // The parser keeps a place for the word `help`; another word there is named last.
    let unknown: Vec<String> = parsed.rest.iter().chain(&parsed.word).cloned().collect();
    if !unknown.is_empty() {
        return Err(Failure::unknown_options(&unknown).into());
    }
    for (option, value) in given {
        if let (Some(member), Given::One(text)) = (
            members.iter().find(|member| member.option == *option),
            value,
        ) {
            typed_by_argparse(member, text)?;
        }
    }
    if let Some(option) = ["--cli-input-yaml", "--generate-cli-skeleton"]
        .into_iter()
        .find(|option| given.contains_key(*option))
    {
        desk.not_modelled(format!("aws {option}"));
        let text = format!("lockkeeper does not model {option}");
        return Err(Failure::general(text).into());
    }
    let (paging, shadowed) = paging(paginator, given, globals)?;
    let mut input = Map::new();
    for member in &members {
        if !shadowed && own_paging.contains(&member.option.as_str()) {
            continue;
        }
        let Some(value) = given.get(&member.option) else {
            continue;
        };
        let value = match (member.flag, value) {
            (Some(flag), _) => flag.into(),
            (None, value) => unpack(service, member, value, globals, desk)?,
        };
        input.insert(member.name.to_owned(), value);
    }
    if let Some(Given::One(text)) = given.get("--cli-input-json") {
        let option = "--cli-input-json";
        let text = match load(option, text, desk)? {
            Some(Loaded::Text(text)) => text,
            Some(Loaded::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            None => text.clone(),
        };
        // This one option is named without its dashes.
        let fault = |text: String| Failure::parameter("cli-input-json", text);
        let whole = json::parse(&text).map_err(|_| fault("Invalid JSON received.".to_owned()))?;
        let Value::Object(whole) = whole else {
            let kind = python::type_name(&whole);
            let text = format!("Invalid type: expecting map, received {kind}");
            return Err(Failure::parameter(option, text).into());
        };
        for (name, value) in whole {
            input.entry(name).or_insert(value);
        }
    }
    let manual = |key: &str| input.contains_key(key);
    let by_hand = paginator.is_some_and(|paginator| {
        manual(&paginator.input_token) || paginator.limit_key.as_deref().is_some_and(manual)
    });
    Ok(Arguments {
        input,
        paging: paging.filter(|_| !by_hand),
    })
}

/// Numbers that argparse itself converts.
fn typed_by_argparse(member: &Member<'_>, text: &str) -> Result<(), Failure> {
    let (kind, fits) = match member.shape {
        Shape::Long { .. } => ("int", python::int(text).is_ok()),
        Shape::Float | Shape::Double => ("float", python::float(text).is_ok()),
        _ => return Ok(()),
    };
    match fits {
        true => Ok(()),
        false => Err(Failure::arguments(format!(
            "argument {}: invalid {kind} value: {}",
            member.option,
            python::repr(text)
        ))),
    }
}

/// How the CLI pages, none if it does not; and whether the operation's own options of the same
/// names are meant.
fn paging(
    paginator: Option<&Paginator>,
    given: &indexmap::IndexMap<String, Given>,
    globals: &Globals,
) -> Result<(Option<Paging>, bool), Failure> {
    let Some(paginator) = paginator else {
        return Ok((None, true));
    };
    let option = |name: &str| format!("--{}", kebab(name));
    let limit = paginator.limit_key.as_deref().map(option);
    let token = option(&paginator.input_token);
    let manual = given.contains_key(&token)
        || limit
            .as_ref()
            .is_some_and(|limit| given.contains_key(limit));
    let number = |name: &str| match given.get(name) {
        Some(Given::One(text)) => python::int(text).map(Some).map_err(|_| {
            let shown = python::repr(text);
            Failure::arguments(format!("argument {name}: invalid int value: {shown}"))
        }),
        _ => Ok(None),
    };
    let paging = Paging {
        starting_token: match given.get("--starting-token") {
            Some(Given::One(token)) => Some(token.clone()),
            _ => None,
        },
        page_size: number("--page-size")?,
        max_items: number("--max-items")?,
    };
    if globals.paginate && !manual {
        return Ok((Some(paging), false));
    }
    let used: Vec<&str> = PAGING
        .iter()
        .copied()
        .filter(|name| given.contains_key(*name) && limit.as_deref() != Some(*name))
        .collect();
    match used[..] {
        [] => Ok((None, true)),
        _ => Err(Failure::parameters(format!(
            "Cannot specify --no-paginate along with pagination arguments: {}",
            used.join(", ")
        ))),
    }
}

enum Loaded {
    Text(String),
    Bytes(Vec<u8>),
}

/// The content of a `file://` or `fileb://` value.
fn load(option: &str, text: &str, desk: &Desk<'_>) -> Result<Option<Loaded>, Stop> {
    let (path, binary) = match (text.strip_prefix("file://"), text.strip_prefix("fileb://")) {
        (Some(path), _) => (path, false),
        (_, Some(path)) => (path, true),
        _ => return Ok(None),
    };
    let path = expand(path, desk);
    let bytes = desk.read(&path)?.map_err(|error| {
        let text = format!(
            "Unable to load paramfile {text}: [Errno {}] {error}: {}",
            error.0,
            python::repr(&path)
        );
        Failure::parameter(option, text)
    })?;
    if binary {
        return Ok(Some(Loaded::Bytes(bytes)));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(Loaded::Text(text))),
        Err(_) => {
            let text = format!(
                "Unable to load paramfile ({path}), text contents could not be decoded.  If this \
                 is a binary file, please use the fileb:// prefix instead of the file:// prefix."
            );
            Err(Failure::parameter(option, text).into())
        }
    }
}

/// `~`, `$NAME` and `${NAME}`, as far as they are set.
fn expand(path: &str, desk: &Desk<'_>) -> String {
    let env = &desk.call.env;
    let home = env.get("HOME").map_or("", String::as_str);
    let path = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        _ => path.to_owned(),
    };
    let mut out = String::new();
    let mut rest = path.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, tail) = match after.strip_prefix('{').and_then(|a| a.split_once('}')) {
            Some((name, tail)) => (name, tail),
            None => {
                let end = after
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                after.split_at(end)
            }
        };
        match env.get(name) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[at..rest.len() - tail.len()]),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn unpack(
    service: &Service,
    member: &Member<'_>,
    given: &Given,
    globals: &Globals,
    desk: &Desk<'_>,
) -> Result<Value, Stop> {
    let option = &member.option;
    let words: &[String] = match given {
        Given::One(text) => std::slice::from_ref(text),
        Given::Words(words) => words,
        Given::Flag => &[],
    };
    let loaded = match words {
        [only] => load(option, only, desk)?,
        _ => None,
    };
    let value = match (loaded, given) {
        (Some(Loaded::Bytes(bytes)), _) if matches!(member.shape, Shape::Blob) => {
            return Ok(BASE64.encode(bytes).into());
        }
        (Some(Loaded::Bytes(bytes)), _) => Given::One(String::from_utf8_lossy(&bytes).into_owned()),
        (Some(Loaded::Text(text)), _) => Given::One(text),
        (None, given) => given.clone(),
    };
    let value = unpack_value(service, member.shape, option, &value)?;
    if matches!(member.shape, Shape::Blob) {
        return blob(value, globals).map_err(Stop::Fail);
    }
    Ok(value)
}

fn blob(value: Value, globals: &Globals) -> Result<Value, Failure> {
    let text = value.as_str().unwrap_or_default();
    if globals.raw_blobs {
        return Ok(BASE64.encode(text).into());
    }
    match BASE64.decode(text) {
        Ok(_) => Ok(value),
        Err(_) => Err(Failure::general(format!("Invalid base64: \"{text}\""))),
    }
}

fn takes_shorthand(service: &Service, shape: &Shape) -> bool {
    match shape {
        Shape::Structure { document, .. } => !document,
        Shape::Map { .. } => true,
        Shape::List { member, .. } => matches!(
            service.shape(member),
            Some(Shape::Structure { .. } | Shape::List { .. } | Shape::Map { .. })
        ),
        _ => false,
    }
}

fn looks_like_json(text: &str) -> bool {
    text.trim().starts_with(['[', '{'])
}

fn unpack_value(
    service: &Service,
    shape: &Shape,
    option: &str,
    given: &Given,
) -> Result<Value, Failure> {
    let first = match given {
        Given::One(text) => text.as_str(),
        Given::Words(words) => words.first().map_or("", String::as_str),
        Given::Flag => "",
    };
    if takes_shorthand(service, shape) && !looks_like_json(first) {
        let fault = |text: String| Failure::parameter(option, text);
        let read = match given {
            Given::Words(words) => words
                .iter()
                .map(|word| shorthand::parse(word).map_err(fault))
                .collect::<Result<Vec<_>, _>>()?
                .into(),
            _ => match (shorthand::parse(first).map_err(fault)?, shape) {
                // A whole file in shorthand is one object, which no list is.
                (read, Shape::List { .. }) => return Ok(read),
                (read, _) => read,
            },
        };
        return shorthand::coerce(service, shape, read);
    }
    match (shape, given) {
        (Shape::List { .. }, Given::One(text)) if text.trim_start().starts_with('[') => {
            from_json(option, text)
        }
        (Shape::List { .. }, Given::Words(words))
            if words.len() == 1 && words[0].trim().starts_with('[') =>
        {
            from_json(option, &words[0])
        }
        (Shape::List { member, .. }, given) => {
            let items: Vec<String> = match given {
                Given::Words(words) => words.clone(),
                // The CLI takes a text that came from a file letter by letter.
                Given::One(text) => text.chars().map(String::from).collect(),
                Given::Flag => Vec::new(),
            };
            let member = service.shape(member).unwrap_or(shape);
            items
                .iter()
                .map(|item| scalar_or_json(member, option, item))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::from)
        }
        (_, Given::One(text)) => scalar_or_json(shape, option, text),
        _ => Ok(Value::Null),
    }
}

fn scalar_or_json(shape: &Shape, option: &str, text: &str) -> Result<Value, Failure> {
    match shape {
        Shape::Integer { .. } | Shape::Long { .. } => {
            python::int(text).map(Value::from).map_err(Failure::general)
        }
        Shape::Float | Shape::Double => python::float(text)
            .map(Value::from)
            .map_err(Failure::general),
        Shape::Boolean => Ok((!text.is_empty() && !text.eq_ignore_ascii_case("false")).into()),
        Shape::Structure { document: true, .. } => from_json(option, text),
        Shape::Structure { .. } | Shape::Map { .. } => match looks_like_json(text) {
            true => from_json(option, text),
            false => Err(Failure::parameter(option, format!("Invalid JSON:\n{text}"))),
        },
        Shape::List { .. } => from_json(option, text),
        Shape::String { .. } | Shape::Timestamp | Shape::Blob => Ok(text.into()),
    }
}

fn from_json(option: &str, text: &str) -> Result<Value, Failure> {
    json::parse(text).map_err(|error| {
        Failure::parameter(
            option,
            format!("Invalid JSON: {error}\nJSON received: {text}"),
        )
    })
}
