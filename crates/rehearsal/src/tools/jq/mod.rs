//! `jq`: answered by a process beside the controller, since a program may run for ever; and the
//! language for `gh --jq`.

mod engine;
mod print;
mod rewrite;
mod service;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;

use jaq_json::{Val, read};

use super::{FileError, Need};
pub(crate) use engine::{Happening, Surroundings, compile};
pub(crate) use print::{Layout, json};
pub(crate) use service::{NAME, Service, main};

/// Deeper input is refused, as jq refuses it.
const DEPTH: usize = 10_000;

const USAGE: &str = "Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq\n";

/// The JSON values of a text, one after the other.
pub(crate) fn values(text: &[u8]) -> Vec<Result<Val, String>> {
    if too_deep(text) {
        let text = "parse error: Exceeds depth limit for parsing".to_owned();
        return vec![Err(text)];
    }
    let mut all = Vec::new();
    for value in read::parse_many(text) {
        match value {
            Ok(value) => all.push(Ok(value)),
            Err(error) => {
                all.push(Err(parse_error(text, &error.to_string())));
                break;
            }
        }
    }
    all
}

fn too_deep(text: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return true;
        }
    }
    false
}

fn parse_error(text: &[u8], error: &str) -> String {
    let found = error
        .strip_prefix("byte offset ")
        .and_then(|rest| rest.split_once(": "));
    let Some((offset, why)) = found else {
        return format!("parse error: {error}");
    };
    let offset = offset.parse().unwrap_or(text.len()).min(text.len());
    let before = &text[..offset];
    let line = 1 + before.iter().filter(|b| **b == b'\n').count();
    let column = before.iter().rev().take_while(|b| **b != b'\n').count();
    format!("parse error: {why} at line {line}, column {column}")
}

#[derive(Default)]
struct Options {
    raw: bool,
    join: bool,
    nul: bool,
    null_input: bool,
    exit_status: bool,
    slurp: bool,
    raw_input: bool,
    ascii: bool,
    sort_keys: bool,
    from_file: bool,
    seq: bool,
    indent: Indent,
    program: Option<String>,
    files: Vec<String>,
    named: Vec<(String, Val)>,
    positional: Vec<Val>,
}

#[derive(Default)]
enum Indent {
    #[default]
    Two,
    Spaces(usize),
    Tab,
    None,
}

/// How words that are no options are taken.
#[derive(Clone, Copy, PartialEq)]
enum Words {
    Files,
    Strings,
    Json,
}

/// Why `jq` does not start.
enum Refusal {
    /// What it prints, and its exit code.
    Says(String, u8),
    /// It must read this first.
    Needs(Need),
}

use Refusal::Says;

/// One call, and what its process has read for it so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Question {
    /// Without jq's own name.
    pub(crate) args: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    /// Seconds since 1970.
    pub(crate) now: f64,
    pub(crate) stdin: Option<Vec<u8>>,
    pub(crate) files: BTreeMap<String, Result<Vec<u8>, FileError>>,
}

impl Question {
    fn file(&self, path: &str) -> Result<Result<&[u8], FileError>, Refusal> {
        match self.files.get(path) {
            Some(found) => Ok(found.as_deref().map_err(|error| *error)),
            None => Err(Refusal::Needs(Need::Read(PathBuf::from(path)))),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) code: u8,
}

impl Answer {
    fn complain(&mut self, text: &str) {
        self.stderr.extend_from_slice(text.as_bytes());
    }
}

impl Options {
    fn parse(question: &Question) -> Result<Self, Refusal> {
        let mut options = Self::default();
        let mut words = Words::Files;
        let mut literal = false;
        let mut rest = question.args.iter();
        while let Some(arg) = rest.next() {
            if literal || !arg.starts_with('-') || arg == "-" {
                options.word(arg, words)?;
                continue;
            }
            match arg.as_str() {
                "--" => literal = true,
                "--args" => words = Words::Strings,
                "--jsonargs" => words = Words::Json,
                "--arg" | "--argjson" | "--slurpfile" | "--rawfile" => {
                    let (Some(name), Some(value)) = (rest.next(), rest.next()) else {
                        let text = format!(
                            "jq: {arg} takes two parameters (e.g. {arg} varname value)\n{USAGE}"
                        );
                        return Err(Says(text, 2));
                    };
                    let value = named_value(question, arg, name, value)?;
                    options.named.push((name.clone(), value));
                }
                "--indent" => {
                    let count = rest.next().and_then(|text| text.parse::<usize>().ok());
                    options.indent = match count {
                        Some(0) => Indent::None,
                        Some(count @ 1..=7) => Indent::Spaces(count),
                        Some(_) => {
                            let text = "jq: Cannot indent more than 7 characters\n";
                            return Err(Says(format!("{text}{USAGE}"), 2));
                        }
                        None => {
                            let text = "jq: --indent takes one parameter\n";
                            return Err(Says(format!("{text}{USAGE}"), 2));
                        }
                    };
                }
                "--tab" => options.indent = Indent::Tab,
                "--raw-output0" => {
                    options.raw = true;
                    options.nul = true;
                }
                "--version" => return Err(Says("jq-1.7.1\n".to_owned(), 0)),
                long if long.starts_with("--") => {
                    let letter = match long {
                        "--raw-output" => 'r',
                        "--join-output" => 'j',
                        "--compact-output" => 'c',
                        "--null-input" => 'n',
                        "--exit-status" => 'e',
                        "--slurp" => 's',
                        "--raw-input" => 'R',
                        "--ascii-output" => 'a',
                        "--sort-keys" => 'S',
                        "--from-file" => 'f',
                        "--color-output" | "--monochrome-output" | "--unbuffered" => 'M',
                        "--seq" => {
                            options.seq = true;
                            continue;
                        }
                        _ => return Err(unknown(long)),
                    };
                    options.letter(letter);
                }
                bundle => {
                    for letter in bundle.chars().skip(1) {
                        if !options.letter(letter) {
                            return Err(match letter {
                                'V' => Says("jq-1.7.1\n".to_owned(), 0),
                                _ => unknown(bundle),
                            });
                        }
                    }
                }
            }
        }
        Ok(options)
    }

    fn letter(&mut self, letter: char) -> bool {
        match letter {
            'r' => self.raw = true,
            'j' => {
                self.raw = true;
                self.join = true;
            }
            'c' => self.indent = Indent::None,
            'n' => self.null_input = true,
            'e' => self.exit_status = true,
            's' => self.slurp = true,
            'R' => self.raw_input = true,
            'a' => self.ascii = true,
            'S' => self.sort_keys = true,
            'f' => self.from_file = true,
            // Nobody sees colours here.
            'M' | 'C' => {}
            _ => return false,
        }
        true
    }

    fn word(&mut self, word: &str, words: Words) -> Result<(), Refusal> {
        if self.program.is_none() {
            self.program = Some(word.to_owned());
            return Ok(());
        }
        match words {
            Words::Files => self.files.push(word.to_owned()),
            Words::Strings => self.positional.push(Val::from(word.to_owned())),
            Words::Json => self
                .positional
                .push(one_value(word.as_bytes()).ok_or_else(|| {
                    Says(
                        format!("jq: Invalid JSON text passed to --jsonargs\n{USAGE}"),
                        2,
                    )
                })?),
        }
        Ok(())
    }

    fn layout(&self) -> Layout {
        Layout {
            indent: match self.indent {
                Indent::Two => Some("  ".to_owned()),
                Indent::Spaces(count) => Some(" ".repeat(count)),
                Indent::Tab => Some("\t".to_owned()),
                Indent::None => None,
            },
            sort_keys: self.sort_keys,
            ascii: self.ascii,
        }
    }

    /// `$name`s, `$ARGS` and `$ENV`.
    fn variables(&self, surroundings: &Surroundings) -> Vec<(String, Val)> {
        let object = |pairs: Vec<(String, Val)>| {
            let pairs = pairs
                .into_iter()
                .map(|(name, value)| (Val::from(name), value));
            Val::obj(pairs.collect())
        };
        let mut variables: Vec<(String, Val)> = Vec::new();
        for (name, value) in &self.named {
            // The first of several wins.
            if !variables.iter().any(|(known, _)| known == name) {
                variables.push((name.clone(), value.clone()));
            }
        }
        let named = object(variables.clone());
        let positional: Val = self.positional.iter().cloned().collect();
        let args = vec![
            ("positional".to_owned(), positional),
            ("named".to_owned(), named.clone()),
        ];
        let env = surroundings.env.iter();
        let env = env.map(|(name, value)| (name.clone(), Val::from(value.clone())));
        for (name, value) in [
            ("ARGS", object(args)),
            ("__prog_args", named),
            ("ENV", object(env.collect())),
        ] {
            if !variables.iter().any(|(known, _)| known == name) {
                variables.push((name.to_owned(), value));
            }
        }
        variables
    }
}

fn unknown(option: &str) -> Refusal {
    Says(
        format!("jq: Unknown option: {option} (or one that lockkeeper does not model)\n{USAGE}"),
        2,
    )
}

fn one_value(text: &[u8]) -> Option<Val> {
    let mut all = values(text);
    if all.len() == 1 {
        all.pop()?.ok()
    } else {
        None
    }
}

fn named_value(question: &Question, option: &str, name: &str, value: &str) -> Result<Val, Refusal> {
    let refuse = |text: String| Says(format!("jq: {text}\n{USAGE}"), 2);
    let file = || {
        let found = question.file(value)?;
        found.map_err(|error| {
            refuse(format!(
                "Bad JSON in --{name} {value}: Could not open {value}: {}",
                words(error)
            ))
        })
    };
    match option {
        "--arg" => Ok(Val::from(value.to_owned())),
        "--argjson" => one_value(value.as_bytes())
            .ok_or_else(|| refuse("Invalid JSON text passed to --argjson".to_owned())),
        "--rawfile" => Ok(Val::utf8_str(file()?.to_vec())),
        _ => values(file()?)
            .into_iter()
            .collect::<Result<Vec<Val>, String>>()
            .map(|all| all.into_iter().collect())
            .map_err(|error| refuse(format!("Bad JSON in --slurpfile {name} {value}: {error}"))),
    }
}

/// The system's words for an error, without its number.
fn words(error: FileError) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Answers one call; returns its exit code. Files are read where they are.
pub fn answer(
    args: &[String],
    mut stdin: impl Read,
    stdout: &mut impl Write,
    stderr: &mut impl Write,
) -> u8 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut question = Question {
        args: args.to_vec(),
        env: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        now: since_1970.map_or(0.0, |since| since.as_secs_f64()),
        ..Question::default()
    };
    let answer = loop {
        match attempt(&question) {
            Ok(answer) => break answer,
            Err(Need::Read(path)) => {
                let number = |error: std::io::Error| error.raw_os_error().unwrap_or(libc::EIO);
                let read = std::fs::read(&path).map_err(|error| FileError(number(error)));
                question.files.insert(path.display().to_string(), read);
            }
            Err(_) => {
                let mut text = Vec::new();
                stdin.read_to_end(&mut text).ok();
                question.stdin = Some(text);
            }
        }
    };
    // Nothing is left to be done when an output is closed.
    stderr.write_all(&answer.stderr).ok();
    match stdout.write_all(&answer.stdout) {
        Ok(()) => answer.code,
        Err(_) => 2,
    }
}

/// Answers one call, if nothing is left to be read for it.
pub(crate) fn attempt(question: &Question) -> Result<Answer, Need> {
    let mut answer = Answer::default();
    let ended =
        Options::parse(question).and_then(|options| execute(&options, question, &mut answer));
    match ended {
        Ok(code) => answer.code = code,
        Err(Refusal::Needs(need)) => return Err(need),
        Err(Says(text, 0)) => answer.stdout.extend(text.into_bytes()),
        Err(Says(text, code)) => {
            answer.stderr.extend(text.into_bytes());
            answer.code = code;
        }
    }
    Ok(answer)
}

fn execute(options: &Options, question: &Question, answer: &mut Answer) -> Result<u8, Refusal> {
    let Some(given) = &options.program else {
        let text = "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] -n FILTER\n";
        return Err(Says(format!("{text}{USAGE}"), 2));
    };
    let code = if options.from_file {
        let found = question.file(given)?.map_err(|error| {
            let text = format!("jq: error: Could not open {given}: {}\n", words(error));
            Says(text, 2)
        })?;
        String::from_utf8_lossy(found).into_owned()
    } else {
        given.clone()
    };
    let surroundings = Surroundings {
        env: question.env.clone(),
        now: question.now,
    };
    let variables = options.variables(&surroundings);
    let program = compile(&code, variables).map_err(|text| Says(text, 3))?;

    let mut missing = false;
    let mut text = Vec::new();
    // A program that takes no input must not wait for one, unless it asks.
    if !options.null_input || code.contains("input") {
        if options.files.is_empty() {
            match &question.stdin {
                Some(all) => text.extend_from_slice(all),
                None => return Err(Refusal::Needs(Need::Stdin)),
            }
        }
        for file in &options.files {
            match question.file(file)? {
                Ok(bytes) => text.extend_from_slice(bytes),
                Err(error) => {
                    let why = words(error);
                    answer.complain(&format!("jq: error: Could not open {file}: {why}\n"));
                    missing = true;
                }
            }
        }
    }
    let inputs = inputs(options, &text);
    let layout = options.layout();
    let mut code = 0;
    let mut last: Option<bool> = None;
    program.run(
        &surroundings,
        inputs.into_iter(),
        options.null_input,
        |happening| {
            match happening {
                engine::Happening::Printed(text) => {
                    answer.stderr.extend(text);
                    true
                }
                engine::Happening::Output(value) => {
                    last = Some(!matches!(value, Val::Null | Val::Bool(false)));
                    if options.seq {
                        answer.stdout.push(0x1e);
                    }
                    match (&value, options.raw) {
                        (Val::TStr(text), true) => answer.stdout.extend_from_slice(text),
                        _ => match json(&value, &layout) {
                            Ok(text) => answer.stdout.extend(text),
                            Err(error) => {
                                answer.complain(&format!("jq: error (at <stdin>:0): {error}\n"));
                                code = 5;
                                return true;
                            }
                        },
                    }
                    match (options.nul, options.join) {
                        (true, _) => answer.stdout.push(0),
                        (false, true) => {}
                        (false, false) => answer.stdout.push(b'\n'),
                    }
                    true
                }
                engine::Happening::Stopped(engine::Stop::Halt(halted)) => {
                    code = halted as u8;
                    last = Some(true);
                    false
                }
                engine::Happening::Stopped(stop) => {
                    let (text, failed) = match &stop {
                        engine::Stop::Input(text) => (format!("jq: {text}\n"), 2),
                        // `error(null)` is silent about why.
                        stop => (format!("jq: error (at <stdin>:0): {}\n", stop.message()), 5),
                    };
                    answer.complain(&text);
                    code = failed;
                    true
                }
            }
        },
    );
    Ok(match (code, missing, options.exit_status, last) {
        (0, true, _, _) => 2,
        (0, _, true, None) => 4,
        (0, _, true, Some(false)) => 1,
        (code, ..) => code,
    })
}

fn inputs(options: &Options, text: &[u8]) -> Vec<Result<Val, String>> {
    if options.raw_input && options.slurp {
        return vec![Ok(Val::utf8_str(text.to_vec()))];
    }
    if options.raw_input {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if text.is_empty() {
            return Vec::new();
        }
        let lines = text.split(|byte| *byte == b'\n');
        return lines.map(|line| Ok(Val::utf8_str(line.to_vec()))).collect();
    }
    let all = values(text);
    if options.slurp {
        return vec![all.into_iter().collect()];
    }
    all
}
