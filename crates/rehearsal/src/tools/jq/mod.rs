//! `jq`: a real process of the step, since all it does is read and write there; and the language
//! for `gh --jq`.

mod engine;
mod print;
mod rewrite;

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use jaq_json::{Val, read};

pub(crate) use engine::{Happening, Surroundings, compile};
pub(crate) use print::{Layout, json};

/// Deeper input is refused, as jq refuses it.
const DEPTH: usize = 10_000;
/// Enough for values of that depth.
const STACK: usize = 512 << 20;

const USAGE: &str = "Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq\n";

/// Runs `jq` with its arguments, its own name left out.
pub fn main(args: &[OsString]) -> ExitCode {
    let args: Vec<String> = args
        .iter()
        .map(|arg| String::from_utf8_lossy(arg.as_bytes()).into_owned())
        .collect();
    let worker = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let mut out = std::io::stdout().lock();
            answer(
                &args,
                std::io::stdin().lock(),
                &mut out,
                &mut std::io::stderr(),
            )
        });
    let code = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) | Err(_) => 2,
    };
    ExitCode::from(code)
}

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

/// Why `jq` does not start: what it prints, and its exit code.
struct Refusal(String, u8);

impl Options {
    fn parse(args: &[String]) -> Result<Self, Refusal> {
        let mut options = Self::default();
        let mut words = Words::Files;
        let mut literal = false;
        let mut rest = args.iter();
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
                        return Err(Refusal(text, 2));
                    };
                    let value = named_value(arg, name, value)?;
                    options.named.push((name.clone(), value));
                }
                "--indent" => {
                    let count = rest.next().and_then(|text| text.parse::<usize>().ok());
                    options.indent = match count {
                        Some(0) => Indent::None,
                        Some(count @ 1..=7) => Indent::Spaces(count),
                        Some(_) => {
                            let text = "jq: Cannot indent more than 7 characters\n";
                            return Err(Refusal(format!("{text}{USAGE}"), 2));
                        }
                        None => {
                            let text = "jq: --indent takes one parameter\n";
                            return Err(Refusal(format!("{text}{USAGE}"), 2));
                        }
                    };
                }
                "--tab" => options.indent = Indent::Tab,
                "--raw-output0" => {
                    options.raw = true;
                    options.nul = true;
                }
                "--version" => return Err(Refusal("jq-1.7.1\n".to_owned(), 0)),
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
                                'V' => Refusal("jq-1.7.1\n".to_owned(), 0),
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
                    Refusal(
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
    Refusal(
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

fn named_value(option: &str, name: &str, value: &str) -> Result<Val, Refusal> {
    let refuse = |text: String| Refusal(format!("jq: {text}\n{USAGE}"), 2);
    let file = || {
        std::fs::read(value).map_err(|error| {
            refuse(format!(
                "Bad JSON in --{name} {value}: Could not open {value}: {}",
                words(&error)
            ))
        })
    };
    match option {
        "--arg" => Ok(Val::from(value.to_owned())),
        "--argjson" => one_value(value.as_bytes())
            .ok_or_else(|| refuse("Invalid JSON text passed to --argjson".to_owned())),
        "--rawfile" => Ok(Val::utf8_str(file()?)),
        _ => values(&file()?)
            .into_iter()
            .collect::<Result<Vec<Val>, String>>()
            .map(|all| all.into_iter().collect())
            .map_err(|error| refuse(format!("Bad JSON in --slurpfile {name} {value}: {error}"))),
    }
}

/// The system's words for an error, without its number.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Answers one call; returns its exit code. Files are read where they are.
pub fn answer(
    args: &[String],
    stdin: impl Read,
    stdout: &mut impl Write,
    stderr: &mut impl Write,
) -> u8 {
    let (text, code) = match Options::parse(args) {
        Ok(options) => match execute(&options, stdin, stdout, stderr) {
            Ok(code) => return code,
            Err(Refusal(text, code)) => (text, code),
        },
        Err(Refusal(text, code)) => (text, code),
    };
    if code == 0 {
        return u8::from(stdout.write_all(text.as_bytes()).is_err()) * 2;
    }
    complain(stderr, &text);
    code
}

fn complain(stderr: &mut impl Write, text: &str) {
    // Nothing is left to be done when standard error is closed.
    stderr.write_all(text.as_bytes()).ok();
}

fn execute(
    options: &Options,
    mut stdin: impl Read,
    stdout: &mut impl Write,
    stderr: &mut impl Write,
) -> Result<u8, Refusal> {
    let Some(given) = &options.program else {
        let text = "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] -n FILTER\n";
        return Err(Refusal(format!("{text}{USAGE}"), 2));
    };
    let code = if options.from_file {
        std::fs::read_to_string(given).map_err(|error| {
            let text = format!("jq: error: Could not open {given}: {}\n", words(&error));
            Refusal(text, 2)
        })?
    } else {
        given.clone()
    };
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let surroundings = Surroundings {
        env: std::env::vars_os()
            .map(|(name, value)| {
                let text = |part: OsString| String::from_utf8_lossy(part.as_bytes()).into_owned();
                (text(name), text(value))
            })
            .collect(),
        now: since_1970.map_or(0.0, |since| since.as_secs_f64()),
    };
    let variables = options.variables(&surroundings);
    let program = compile(&code, variables).map_err(|text| Refusal(text, 3))?;

    let mut missing = false;
    let mut text = Vec::new();
    // A program that takes no input must not wait for one, unless it asks.
    if !options.null_input || code.contains("input") {
        if options.files.is_empty() {
            stdin.read_to_end(&mut text).ok();
        }
        for file in &options.files {
            match std::fs::read(file) {
                Ok(bytes) => text.extend(bytes),
                Err(error) => {
                    complain(
                        stderr,
                        &format!("jq: error: Could not open {file}: {}\n", words(&error)),
                    );
                    missing = true;
                }
            }
        }
    }
    let inputs = inputs(options, &text);
    let layout = options.layout();
    let mut code = 0;
    let mut last: Option<bool> = None;
    let mut out = Vec::new();
    program.run(
        &surroundings,
        inputs.into_iter(),
        options.null_input,
        |happening| {
            match happening {
                engine::Happening::Printed(text) => {
                    // A closed output is met again at the end.
                    stdout.write_all(&out).ok();
                    out.clear();
                    complain(stderr, &String::from_utf8_lossy(&text));
                    true
                }
                engine::Happening::Output(value) => {
                    last = Some(!matches!(value, Val::Null | Val::Bool(false)));
                    if options.seq {
                        out.push(0x1e);
                    }
                    match (&value, options.raw) {
                        (Val::TStr(text), true) => out.extend_from_slice(text),
                        _ => match json(&value, &layout) {
                            Ok(text) => out.extend(text),
                            Err(error) => {
                                complain(stderr, &format!("jq: error (at <stdin>:0): {error}\n"));
                                code = 5;
                                return true;
                            }
                        },
                    }
                    match (options.nul, options.join) {
                        (true, _) => out.push(0),
                        (false, true) => {}
                        (false, false) => out.push(b'\n'),
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
                    complain(stderr, &text);
                    code = failed;
                    true
                }
            }
        },
    );
    if stdout
        .write_all(&out)
        .and_then(|()| stdout.flush())
        .is_err()
    {
        return Ok(2);
    }
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
