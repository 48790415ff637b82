//! The options that every command takes.

use super::super::failure::Failure;
use super::super::output::Format;
use super::super::query::Query;
use super::argparse::{self, Given, Options, Takes};
use super::python;
use crate::tools::Invocation;

/// AWS CLI version 2 on GitHub's `ubuntu-24.04` image of August 2026.
pub(in super::super) const VERSION: &str =
    "aws-cli/2.36.24 Python/3.14.4 Linux/6.17.0-1010-azure exe/x86_64.ubuntu.24";

const OPTIONS: &[(&str, Takes, &[&str])] = &[
    ("--debug", Takes::Nothing, &[]),
    ("--endpoint-url", Takes::One, &[]),
    ("--no-verify-ssl", Takes::Nothing, &[]),
    ("--no-paginate", Takes::Nothing, &[]),
    (
        "--output",
        Takes::One,
        &["json", "text", "table", "yaml", "yaml-stream", "off"],
    ),
    ("--query", Takes::One, &[]),
    ("--profile", Takes::One, &[]),
    ("--region", Takes::One, &[]),
    ("--version", Takes::Nothing, &[]),
    ("--color", Takes::One, &["on", "off", "auto"]),
    ("--no-sign-request", Takes::Nothing, &[]),
    ("--ca-bundle", Takes::One, &[]),
    ("--cli-read-timeout", Takes::One, &[]),
    ("--cli-connect-timeout", Takes::One, &[]),
    (
        "--cli-binary-format",
        Takes::One,
        &["base64", "raw-in-base64-out"],
    ),
    ("--no-cli-pager", Takes::Nothing, &[]),
    ("--cli-auto-prompt", Takes::Nothing, &[]),
    ("--no-cli-auto-prompt", Takes::Nothing, &[]),
    (
        "--cli-error-format",
        Takes::One,
        &["legacy", "json", "yaml", "text", "table", "enhanced"],
    ),
];

/// Global options whose effect is outside the model.
const NOT_MODELLED: &[&str] = &["--debug", "--endpoint-url", "--cli-auto-prompt"];

#[derive(Debug, Clone)]
pub(in super::super) struct Globals {
    /// From the option, else the environment; may be empty, as variables can be.
    pub(in super::super) region: Option<String>,
    pub(in super::super) profile: Option<String>,
    /// As named; an unknown name from the environment shows only when output is written.
    pub(in super::super) output: String,
    pub(in super::super) query: Option<Query>,
    pub(in super::super) paginate: bool,
    pub(in super::super) signed: bool,
    pub(in super::super) raw_blobs: bool,
    /// Seconds until the client gives up on an answer, none if never.
    pub(in super::super) read_timeout: Option<u64>,
    /// Options given that have no effect here.
    pub(in super::super) not_modelled: Vec<String>,
}

/// What the first pass over the command line found.
pub(in super::super) enum Found {
    Version,
    Command {
        command: String,
        rest: Vec<String>,
        globals: Box<Globals>,
    },
}

/// How errors are written, as far as the command line can be read.
pub(in super::super) fn error_format(call: &Invocation) -> String {
    let args = call.args();
    let option = args.iter().enumerate().rev().find_map(|(at, arg)| {
        match arg.strip_prefix("--cli-error-format")? {
            "" => args.get(at + 1).cloned(),
            value => value.strip_prefix('=').map(str::to_owned),
        }
    });
    option
        .or_else(|| call.env("AWS_CLI_ERROR_FORMAT").map(str::to_lowercase))
        .unwrap_or_else(|| "enhanced".to_owned())
}

pub(in super::super) fn read(call: &Invocation, commands: &[String]) -> Result<Found, Failure> {
    let options: Options = OPTIONS
        .iter()
        .map(|(name, takes, _)| ((*name).to_owned(), *takes))
        .collect();
    let parsed = argparse::parse(&options, call.args(), true).map_err(Failure::arguments)?;
    if parsed.given.contains_key("--version") {
        return Ok(Found::Version);
    }
    for (name, _, choices) in OPTIONS {
        if let Some(Given::One(value)) = parsed.given.get(*name)
            && !choices.is_empty()
            && !choices.contains(&value.as_str())
        {
            return Err(invalid_choice(name, value, choices.iter().copied()));
        }
    }
    let one = |name: &str| match parsed.given.get(name) {
        Some(Given::One(value)) => Some(value.clone()),
        _ => None,
    };
    let whole = |name: &str| match one(name) {
        Some(value) => python::int(&value).map(Some).map_err(|_| {
            let shown = python::repr(&value);
            Failure::arguments(format!("argument {name}: invalid int value: {shown}"))
        }),
        None => Ok(None),
    };
    let read_timeout = match whole("--cli-read-timeout")? {
        None => Some(60),
        Some(seconds) => u64::try_from(seconds).ok().filter(|seconds| *seconds > 0),
    };
    whole("--cli-connect-timeout")?;
    let Some(command) = parsed.word else {
        return Err(Failure::arguments(
            "the following arguments are required: command",
        ));
    };
    if !commands.contains(&command) {
        return Err(invalid_choice(
            "command",
            &command,
            commands.iter().map(String::as_str),
        ));
    }
    let query = match one("--query") {
        None => None,
        Some(text) => Some(Query::compile(&text).map_err(|error| {
            Failure::parameters(format!("Bad value for --query {text}: {error}"))
        })?),
    };
    if let Some(url) = one("--endpoint-url")
        && !url.contains(':')
    {
        return Err(Failure::parameters(format!(
            "Bad value for --endpoint-url \"{url}\": scheme is missing.  Must be of the form \
             http://<hostname>/ or https://<hostname>/"
        )));
    }
    // An empty variable counts: it names the empty region or profile.
    let variable = |name: &str| call.env.get(name).cloned();
    let globals = Globals {
        region: one("--region")
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION")),
        profile: one("--profile")
            .or_else(|| variable("AWS_PROFILE"))
            .or_else(|| variable("AWS_DEFAULT_PROFILE")),
        output: one("--output")
            .or_else(|| variable("AWS_DEFAULT_OUTPUT"))
            .unwrap_or_else(|| "json".to_owned()),
        query,
        paginate: !parsed.given.contains_key("--no-paginate"),
        signed: !parsed.given.contains_key("--no-sign-request"),
        raw_blobs: one("--cli-binary-format").as_deref() == Some("raw-in-base64-out"),
        read_timeout,
        not_modelled: NOT_MODELLED
            .iter()
            .filter(|name| parsed.given.contains_key(**name))
            .map(|name| format!("aws {name}"))
            .collect(),
    };
    Ok(Found::Command {
        command,
        rest: parsed.rest,
        globals: Box::new(globals),
    })
}

impl Globals {
    pub(in super::super) fn format(&self) -> Result<Format, Failure> {
        Format::named(&self.output)
            .ok_or_else(|| Failure::general(format!("Unknown output type: {}", self.output)))
    }
}

/// argparse's word for a value that is not among its choices.
pub(in super::super) fn invalid_choice<'a>(
    argument: &str,
    value: &str,
    choices: impl Iterator<Item = &'a str>,
) -> Failure {
    let near: Vec<String> = choices
        .filter(|choice| near(value, choice))
        .take(3)
        .map(|choice| format!("  * {choice}"))
        .collect();
    let mut message = format!("argument {argument}: Found invalid choice '{value}'\n");
    if !near.is_empty() {
        message.push_str(&format!("\nMaybe you meant:\n\n{}", near.join("\n")));
    }
    Failure::arguments(message)
}

/// Whether two words share so much, in order, that one may be meant for the other.
fn near(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut row = vec![0usize; b.len() + 1];
    for x in &a {
        let mut diagonal = 0;
        for (at, y) in b.iter().enumerate() {
            let up = row[at + 1];
            row[at + 1] = if x == y {
                diagonal + 1
            } else {
                up.max(row[at])
            };
            diagonal = up;
        }
    }
    let total = a.len() + b.len();
    total > 0 && 10 * 2 * row[b.len()] >= 8 * total
}
