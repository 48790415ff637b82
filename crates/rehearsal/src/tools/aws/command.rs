//! From a command line to what must be asked of AWS.

use lockkeeper_world::outage::Api;
use serde_json::{Map, Value};

use super::configure;
use super::exchange::{Client, Exchange};
use super::failure::{Failure, Stop, USAGE};
use super::output::Format;
use super::pages::Pages;
use super::query::Query;
use super::request::argparse::{self, Options};
use super::request::globals::{self, Found, Globals};
use super::request::{arguments, validate};
use super::session;
use super::table::{self, Operation, Service, kebab};
use super::waiter::Waiting;
use crate::tools::Desk;

/// What a command line asks for.
pub(super) enum Command {
    /// It is over: what it prints, and its exit code.
    Print(String, i32),
    Ask(Box<Ask>),
}

/// A command that needs AWS.
pub(super) struct Ask {
    pub(super) client: Client,
    pub(super) exchange: Exchange,
    pub(super) service: &'static Service,
    pub(super) operation: &'static Operation,
    pub(super) name: &'static str,
    pub(super) shows: Shows,
}

/// What becomes of the answers.
pub(super) enum Shows {
    Answer(Display),
    Pages(Display, Box<Pages>),
    Waiter(Waiting, Value),
    /// Only the password of an authorization token.
    Password,
}

/// How an answer is shown.
pub(super) struct Display {
    pub(super) format: Result<Format, Failure>,
    pub(super) query: Option<Query>,
}

impl Display {
    fn of(globals: &Globals) -> Self {
        Display {
            format: globals.format(),
            query: globals.query.clone(),
        }
    }
}

/// Subcommands of the modelled services that are no operations, and are not modelled.
const OTHER_SUBCOMMANDS: &[(&str, &str)] = &[
    ("ecs", "deploy"),
    ("ecs", "execute-command"),
    ("ecs", "monitor-express-gateway-service"),
];

pub(super) fn read(desk: &mut Desk<'_>) -> Result<Command, Stop> {
    let found = globals::read(desk.call, table::commands())?;
    let (command, rest, globals) = match found {
        Found::Version => {
            return Ok(Command::Print(format!("{}\n", globals::VERSION), 0));
        }
        Found::Command {
            command,
            rest,
            globals,
        } => (command, rest, globals),
    };
    if command == "help" || rest.first().is_some_and(|word| word == "help") {
        return Ok(Command::Print(format!("{USAGE}\n"), 0));
    }
    if command == "configure" {
        let (text, exit) = configure::run(&rest, &globals, desk)?;
        return Ok(Command::Print(text, exit));
    }
    let Some((api, service)) = table::service(&command) else {
        let what = format!("aws {command} {}", rest.first().map_or("", String::as_str));
        return Err(not_modelled(what.trim(), desk));
    };
    let ask = ask(&command, api, service, &rest, &globals, desk)?;
    for what in &globals.not_modelled {
        desk.not_modelled(what);
    }
    Ok(Command::Ask(Box::new(ask)))
}

fn not_modelled(what: &str, desk: &mut Desk<'_>) -> Stop {
    desk.not_modelled(format!("{what}: refused"));
    Stop::Fail(Failure::not_modelled(what))
}

fn subcommand(
    service_name: &str,
    args: &[String],
    choices: &[String],
) -> Result<(String, Vec<String>), Failure> {
    let parsed = argparse::parse(&Options::new(), args, true).map_err(Failure::arguments)?;
    let argument = if service_name == "wait" {
        "subcommand"
    } else {
        "operation"
    };
    let Some(word) = parsed.word else {
        return Err(Failure::arguments(format!(
            "the following arguments are required: {argument}"
        )));
    };
    match choices.contains(&word) {
        true => Ok((word, parsed.rest)),
        false => {
            let choices = choices.iter().map(String::as_str);
            Err(globals::invalid_choice(argument, &word, choices))
        }
    }
}

fn ask(
    command: &str,
    api: Api,
    service: &'static Service,
    args: &[String],
    globals: &Globals,
    desk: &mut Desk<'_>,
) -> Result<Ask, Stop> {
    let others = OTHER_SUBCOMMANDS
        .iter()
        .filter(|(service, _)| *service == command)
        .map(|(_, name)| (*name).to_owned());
    let mut choices: Vec<String> = service.operations.keys().map(|name| kebab(name)).collect();
    choices.extend(others);
    if !service.waiters.is_empty() {
        choices.push("wait".to_owned());
    }
    if api == Api::Ecr {
        choices.push("get-login-password".to_owned());
    }
    let (word, rest) = subcommand(command, args, &choices)?;
    if rest.first().is_some_and(|word| word == "help") {
        return Err(not_modelled(&format!("aws {command} {word} help"), desk));
    }
    if OTHER_SUBCOMMANDS.contains(&(command, word.as_str())) {
        return Err(not_modelled(&format!("aws {command} {word}"), desk));
    }
    if word == "wait" {
        return wait(api, service, &rest, globals, desk);
    }
    if word == "get-login-password" {
        let parsed = argparse::parse(&Options::new(), &rest, false).map_err(Failure::arguments)?;
        if !parsed.rest.is_empty() {
            return Err(Failure::unknown_options(&parsed.rest).into());
        }
        return start(
            api,
            service,
            "GetAuthorizationToken",
            Map::new(),
            globals,
            desk,
            |_| Ok(Shows::Password),
        );
    }
    let Some((name, operation)) = Service::by_cli_name(&service.operations, &word) else {
        return Err(not_modelled(&format!("aws {command} {word}"), desk));
    };
    let paginator = service.paginators.get(name);
    let read = arguments::read(service, operation, paginator, &rest, globals, desk)?;
    let display = Display::of(globals);
    match (paginator, read.paging) {
        (Some(paginator), Some(paging)) => {
            let pages = Pages::new(paginator, paging, read.input.clone());
            let first = match &pages {
                Ok(pages) => pages.input(),
                Err(_) => Value::Object(read.input),
            };
            let input = first.as_object().cloned().unwrap_or_default();
            start(api, service, name, input, globals, desk, |_| {
                Ok(Shows::Pages(display, Box::new(pages?)))
            })
        }
        _ => start(api, service, name, read.input, globals, desk, |_| {
            Ok(Shows::Answer(display))
        }),
    }
}

fn wait(
    api: Api,
    service: &'static Service,
    args: &[String],
    globals: &Globals,
    desk: &mut Desk<'_>,
) -> Result<Ask, Stop> {
    let mut choices: Vec<String> = service.waiters.keys().map(|name| kebab(name)).collect();
    choices.sort();
    let (word, rest) = subcommand("wait", args, &choices)?;
    let known = Service::by_cli_name(&service.waiters, &word);
    let Some((name, waiter)) = known else {
        return Err(not_modelled(&format!("aws wait {word}"), desk));
    };
    let Some(operation) = service.operations.get(&waiter.operation) else {
        return Err(not_modelled(&format!("aws wait {word}"), desk));
    };
    let read = arguments::read(service, operation, None, &rest, globals, desk)?;
    start(
        api,
        service,
        &waiter.operation,
        read.input,
        globals,
        desk,
        |input| Ok(Shows::Waiter(Waiting::new(name, waiter), input.clone())),
    )
}

/// Checks in the CLI's order: region, parameters, credentials.
fn start(
    api: Api,
    service: &'static Service,
    name: &str,
    input: Map<String, Value>,
    globals: &Globals,
    desk: &mut Desk<'_>,
    shows: impl FnOnce(&Value) -> Result<Shows, Failure>,
) -> Result<Ask, Stop> {
    let (name, operation) = service
        .operations
        .get_key_value(name)
        .ok_or_else(|| Failure::general(format!("unknown operation {name}")))?;
    let session = session::open(globals, desk)?;
    let (mut caller, url) = session.caller(&service.endpoint_prefix, desk)?;
    let input = Value::Object(input);
    let shows = shows(&input)?;
    validate::validate(service, operation, &input)?;
    if !operation.unsigned && globals.signed && !session.has_credentials() {
        return Err(Failure::no_credentials().into());
    }
    if operation.unsigned || !globals.signed {
        caller.access_key = None;
    }
    Ok(Ask {
        client: Client::new(api, caller, url, globals.read_timeout, desk)?,
        exchange: Exchange::new(name, input),
        service,
        operation,
        name,
        shows,
    })
}
