//! The jq language: the jaq interpreter, with jq's own definitions where the two differ.
//!
//! What still differs: modules are refused, and whole numbers beyond 2^53 stay exact.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jaq_core::compile::Undefined;
use jaq_core::load::parse::{Def, Term};
use jaq_core::load::{Arena, File, Lexer, Loader, Parser};
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Compiler, Ctx, DataT, Filter, Lut, Vars, data, load};
use jaq_json::{Val, read};
use jaq_std::input::{self, Inputs, RcIter};

use super::print::{self, Layout, kind};
use super::rewrite;

struct Kind;

impl DataT for Kind {
    type V<'a> = Val;
    type Data<'a> = &'a Data<'a>;
}

struct Data<'a> {
    lut: &'a Lut<Kind>,
    inputs: Inputs<'a, Val>,
    surroundings: &'a Surroundings,
    printed: &'a RefCell<Vec<u8>>,
}

impl<'a> data::HasLut<'a, Kind> for &'a Data<'a> {
    fn lut(&self) -> &'a Lut<Kind> {
        self.lut
    }
}

impl<'a> input::HasInputs<'a, Val> for &'a Data<'a> {
    fn inputs(&self) -> Inputs<'a, Val> {
        self.inputs
    }
}

/// What a program can see besides its inputs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    pub(crate) env: BTreeMap<String, String>,
    /// Seconds since 1970.
    pub(crate) now: f64,
}

/// A program, ready to run.
pub(crate) struct Program {
    filter: Rc<Filter<Kind>>,
    values: Vec<Val>,
}

/// Why a program stopped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stop {
    /// An error that nothing caught.
    Error(Val),
    /// `halt`, with its exit code.
    Halt(i32),
    /// An input that is no JSON.
    Input(String),
}

impl Stop {
    /// As jq words it.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Halt(code) => format!("halted with {code}"),
            Self::Input(text) => text.clone(),
            Self::Error(Val::TStr(text)) => as_jq_words(&String::from_utf8_lossy(text)),
            Self::Error(value) => {
                let shown = print::json(value, &Layout::COMPACT).unwrap_or_default();
                format!("(not a string): {}", String::from_utf8_lossy(&shown))
            }
        }
    }
}

/// Compiles `code` with these global variables (`$name`); an error is the text that jq prints.
pub(crate) fn compile(code: &str, variables: Vec<(String, Val)>) -> Result<Program, String> {
    let names: Vec<String> = variables
        .iter()
        .map(|(name, _)| format!("${name}"))
        .collect();
    let key = (code.to_owned(), names);
    let known = COMPILED.with_borrow(|compiled| compiled.get(&key).cloned());
    let filter = match known {
        Some(filter) => filter,
        None => {
            let filter = Rc::new(filter(code, &key.1)?);
            COMPILED.with_borrow_mut(|compiled| {
                if compiled.len() >= MOST_COMPILED {
                    compiled.clear();
                }
                compiled.insert(key, filter.clone());
            });
            filter
        }
    };
    let values = variables.into_iter().map(|(_, value)| value).collect();
    Ok(Program { filter, values })
}

type Compiled = BTreeMap<(String, Vec<String>), Rc<Filter<Kind>>>;

thread_local! {
    /// Scripts ask with the same programs again and again.
    static COMPILED: RefCell<Compiled> = const { RefCell::new(BTreeMap::new()) };
}

const MOST_COMPILED: usize = 256;

fn filter(code: &str, names: &[String]) -> Result<Filter<Kind>, String> {
    let tokens = Lexer::new(code).lex().map_err(|errors| {
        syntax_error(errors.first().map(|(e, found)| (e.as_str(), *found)), code)
    })?;
    let body = match tokens.as_slice() {
        [] => Term::Id,
        tokens => Parser::new(tokens)
            .parse(|parser| parser.term())
            .map_err(|errors| {
                let first = errors.first();
                let found =
                    first.map(|(e, token)| (e.as_str(), token.map_or("", |token| token.as_str())));
                syntax_error(found, code)
            })?,
    };
    // The program is a definition like any other, called with its variables.
    let main = Def {
        name: "main_program",
        args: names.iter().map(String::as_str).collect(),
        body: rewrite::term(body),
    };
    let call = match names.is_empty() {
        true => "main_program".to_owned(),
        false => format!("main_program({})", names.join("; ")),
    };
    let prelude = load::parse(include_str!("prelude.jq"), |p| p.defs());
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .chain(prelude.into_iter().flatten())
        .map(shorten)
        .chain([main]);
    let arena = Arena::default();
    let program = File {
        code: call.as_str(),
        path: (),
    };
    let modules = Loader::new(definitions)
        .load(&arena, program)
        .map_err(|_| format!("jq: error: a variable's name is not valid\n{}", summary(1)))?;
    Compiler::default()
        .with_funs(functions())
        .with_global_vars(names.iter().map(String::as_str))
        .compile(modules)
        .map_err(|errors| {
            let mut text = String::new();
            let mut count = 0;
            for (name, undefined) in errors.iter().flat_map(|(_, errors)| errors) {
                let what = match undefined {
                    Undefined::Filter(arity) => format!("{name}/{arity} is not defined"),
                    Undefined::Var => format!("{name} is not defined"),
                    other => format!("{} {name} is not defined", other.as_str()),
                };
                text.push_str(&format!(
                    "jq: error: {what} at <top-level>, line 1:\n{code}\n"
                ));
                count += 1;
            }
            format!("{text}{}", summary(count))
        })
}

/// Lets built-in definitions stand beside those of a program that lives shorter.
fn shorten<'s>(definition: Def<&'static str>) -> Def<&'s str> {
    definition
}

fn summary(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("jq: {count} compile error{s}\n")
}

/// Where the text stops being a program.
fn syntax_error(found: Option<(&str, &str)>, code: &str) -> String {
    let (expected, found) = found.unwrap_or_default();
    let token: String = found.chars().take(20).take_while(|c| *c != '\n').collect();
    let unexpected = if token.is_empty() {
        "$end (Unix shell quoting issues?)".to_owned()
    } else {
        format!("'{token}'")
    };
    format!(
        "jq: error: syntax error, unexpected {unexpected}, expected {expected} at <top-level>, line 1:\n{code}\n{}",
        summary(1)
    )
}

impl Program {
    /// Runs the program on each input (once on `null` if `null_input`) and hands what happens to
    /// `each`, which returns whether to go on. An error ends the current input only, as in jq.
    pub(crate) fn run(
        &self,
        surroundings: &Surroundings,
        inputs: impl Iterator<Item = Result<Val, String>>,
        null_input: bool,
        mut each: impl FnMut(Happening) -> bool,
    ) {
        let inputs: Box<dyn Iterator<Item = Result<Val, String>>> = Box::new(inputs);
        let inputs = RcIter::new(inputs);
        let printed = RefCell::new(Vec::new());
        let data = Data {
            lut: &self.filter.lut,
            inputs: &inputs,
            surroundings,
            printed: &printed,
        };
        let context = Ctx::<Kind>::new(&data, Vars::new(self.values.clone()));
        let mut once = Some(Ok(Val::Null));
        loop {
            let next = if null_input {
                once.take()
            } else {
                (&inputs).next()
            };
            let input = match next {
                None => break,
                Some(Ok(input)) => input,
                Some(Err(text)) => {
                    each(Happening::Stopped(Stop::Input(text)));
                    break;
                }
            };
            let mut outputs = self.filter.id.run((context.clone(), input));
            loop {
                let output = outputs.next();
                let text = printed.take();
                if !text.is_empty() && !each(Happening::Printed(text)) {
                    return;
                }
                let stop = match output {
                    None => break,
                    Some(Ok(value)) => {
                        if each(Happening::Output(value)) {
                            continue;
                        }
                        return;
                    }
                    Some(Err(exception)) => match exception.get_err() {
                        Ok(error) => Stop::Error(error.into_val()),
                        Err(exception) => Stop::Halt(exception.get_halt().unwrap_or(5)),
                    },
                };
                let halted = matches!(stop, Stop::Halt(_));
                if !each(Happening::Stopped(stop)) || halted {
                    return;
                }
                break;
            }
        }
    }
}

/// What a running program does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Happening {
    Output(Val),
    /// On standard error, by `debug`, `stderr` or `halt_error`.
    Printed(Vec<u8>),
    Stopped(Stop),
}

fn functions() -> impl Iterator<Item = Fun<Kind>> {
    const OURS: &[&str] = &["env", "now", "tojson", "input"];
    let run = native::run::<Kind>;
    let ours: [Fun<Kind>; 7] = [
        run(("env", v(0), |cv| {
            let env = &cv.0.data().surroundings.env;
            let pairs = env
                .iter()
                .map(|(name, value)| (Val::from(name.clone()), Val::from(value.clone())));
            bome(Ok(Val::obj(pairs.collect())))
        })),
        run(("now", v(0), |cv| {
            bome(Ok(Val::from(cv.0.data().surroundings.now)))
        })),
        run(("input", v(0), |cv| {
            let mut inputs = cv.0.data().inputs;
            let next = inputs.next();
            let next = next.unwrap_or_else(|| Err("No more inputs".to_owned()));
            bome(next.map_err(jaq_core::Error::str))
        })),
        run(("tojson", v(0), |cv| {
            let text = print::json(&cv.1, &Layout::COMPACT);
            bome(text.map(Val::utf8_str).map_err(jaq_core::Error::str))
        })),
        run(("print_error", v(0), |cv| {
            if let Val::TStr(text) = &cv.1 {
                cv.0.data().printed.borrow_mut().extend_from_slice(text);
            }
            Box::new(std::iter::empty())
        })),
        run(("set_path", v(2), |mut cv| {
            // Arguments come off in the reverse of their order.
            let (value, path) = (cv.0.pop_var(), cv.0.pop_var());
            bome(match &path {
                Val::Arr(steps) => set(cv.1, steps, value),
                other => Err(not_a_path(other)),
            })
        })),
        run(("delete_path", v(1), |cv| {
            native::unary(cv, |value, path| match &path {
                Val::Arr(steps) => delete(value, steps),
                other => Err(not_a_path(other)),
            })
        })),
    ];
    jaq_core::funs::<Kind>()
        .chain(jaq_std::funs::<Kind>())
        .chain(jaq_json::funs::<Kind>())
        .chain(input::funs::<Kind>().into_vec().into_iter().map(run))
        .filter(|(name, _, _)| !OURS.contains(name))
        .chain(ours)
}

fn not_a_path(value: &Val) -> jaq_json::Error {
    jaq_core::Error::str(format!(
        "Path must be specified as an array, not {}",
        kind(value)
    ))
}

/// Longer arrays are not made by assigning beyond their end.
const LONGEST: usize = 1 << 24;

/// The value with another at the path; what is not there on the way is made.
fn set(value: Val, path: &[Val], new: Val) -> jaq_json::ValR {
    let Some((step, rest)) = path.split_first() else {
        return Ok(new);
    };
    match (value, step) {
        (Val::Null, Val::TStr(_)) => set(Val::obj(Default::default()), path, new),
        (Val::Null, Val::Num(_)) => set(std::iter::empty::<Val>().collect(), path, new),
        (Val::Obj(map), Val::TStr(_)) => {
            let mut map = (*map).clone();
            let old = map.get(step).cloned().unwrap_or(Val::Null);
            map.insert(step.clone(), set(old, rest, new)?);
            Ok(Val::obj(map))
        }
        (Val::Arr(items), Val::Num(number)) => {
            let mut items = (*items).clone();
            let index = match number.as_isize() {
                Some(index) if index < 0 => items.len().checked_sub(index.unsigned_abs()),
                index => index.and_then(|index| usize::try_from(index).ok()),
            };
            let index =
                index.ok_or_else(|| jaq_core::Error::str("Out of bounds negative array index"))?;
            if index > LONGEST {
                return Err(jaq_core::Error::str("Array index too large"));
            }
            if index >= items.len() {
                items.resize(index + 1, Val::Null);
            }
            let old = std::mem::take(&mut items[index]);
            items[index] = set(old, rest, new)?;
            Ok(items.into_iter().collect())
        }
        (Val::Arr(items), Val::Obj(slice)) => {
            let (from, to) = bounds(slice, items.len());
            let old: Val = items[from..to].iter().cloned().collect();
            let Val::Arr(new) = set(old, rest, new)? else {
                return Err(jaq_core::Error::str(
                    "A slice of an array can only be assigned another array",
                ));
            };
            let (head, tail) = (&items[..from], &items[to..]);
            Ok(head.iter().chain(new.iter()).chain(tail).cloned().collect())
        }
        (value, step) => Err(jaq_core::Error::str(match step {
            Val::TStr(_) => {
                let shown = print::json(step, &Layout::COMPACT).unwrap_or_default();
                let shown = String::from_utf8_lossy(&shown).into_owned();
                format!("Cannot index {} with {shown}", kind(&value))
            }
            _ => format!("Cannot index {} with {}", kind(&value), kind(step)),
        })),
    }
}

/// From where to where a slice goes.
fn bounds(slice: &jaq_json::Map, length: usize) -> (usize, usize) {
    let bound = |name: &str, default: usize| -> usize {
        let Some(Val::Num(number)) = slice.get(&Val::from(name.to_owned())) else {
            return default;
        };
        let at = number.as_isize().unwrap_or(0);
        if at < 0 {
            length.saturating_sub(at.unsigned_abs())
        } else {
            at.unsigned_abs().min(length)
        }
    };
    let (from, to) = (bound("start", 0), bound("end", length));
    (from, to.max(from))
}

/// The value without what the path names; the order of the other keys stays.
fn delete(value: Val, path: &[Val]) -> jaq_json::ValR {
    use jaq_core::ValT;
    let Some((step, rest)) = path.split_first() else {
        return Ok(Val::Null);
    };
    if !rest.is_empty() {
        let inner = value.clone().index(step)?;
        if matches!(inner, Val::Null) {
            return Ok(value);
        }
        let inner = delete(inner, rest)?;
        return set(value, std::slice::from_ref(step), inner);
    }
    match (value, step) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Obj(map), Val::TStr(_)) => {
            let mut map = (*map).clone();
            map.shift_remove(step);
            Ok(Val::obj(map))
        }
        (Val::Arr(items), Val::Num(number)) => {
            let mut items = (*items).clone();
            let index = number.as_isize().unwrap_or(isize::MAX);
            let index = if index < 0 {
                items.len().checked_sub(index.unsigned_abs())
            } else {
                usize::try_from(index).ok()
            };
            if let Some(index) = index.filter(|index| *index < items.len()) {
                items.remove(index);
            }
            Ok(items.into_iter().collect())
        }
        (Val::Arr(items), Val::Obj(slice)) => {
            let (from, to) = bounds(slice, items.len());
            let kept = items.iter().enumerate();
            let kept = kept.filter(|(at, _)| *at < from || *at >= to);
            Ok(kept.map(|(_, item)| item.clone()).collect())
        }
        (value, step) => Err(jaq_core::Error::str(format!(
            "Cannot delete field at {} index of {}",
            kind(step),
            kind(&value)
        ))),
    }
}

/// The interpreter's own errors in jq's words.
fn as_jq_words(text: &str) -> String {
    let Some(rest) = text.strip_prefix("cannot ") else {
        return text.to_owned();
    };
    let value = |text: &str| read::parse_single(text.as_bytes()).ok();
    let halves = |text: &str, between: &str| {
        text.match_indices(between).find_map(|(at, _)| {
            let (left, right) = (&text[..at], &text[at + between.len()..]);
            Some((
                value(left)?,
                left.to_owned(),
                value(right)?,
                right.to_owned(),
            ))
        })
    };
    if let Some(shown) = rest
        .strip_prefix("use ")
        .and_then(|rest| rest.strip_suffix(" as iterable (array or object)"))
        && let Some(value) = value(shown)
    {
        return format!("Cannot iterate over {} ({shown})", kind(&value));
    }
    if let Some((left, _, right, shown)) = rest
        .strip_prefix("index ")
        .and_then(|rest| halves(rest, " with "))
    {
        return match right {
            Val::TStr(_) => format!("Cannot index {} with string {shown}", kind(&left)),
            _ => format!("Cannot index {} with {}", kind(&left), kind(&right)),
        };
    }
    if let Some(rest) = rest.strip_prefix("calculate ") {
        for (sign, verb) in [
            (" + ", "added"),
            (" - ", "subtracted"),
            (" * ", "multiplied"),
            (" / ", "divided"),
            (" % ", "divided"),
        ] {
            if let Some((left, left_shown, right, right_shown)) = halves(rest, sign) {
                return format!(
                    "{} ({left_shown}) and {} ({right_shown}) cannot be {verb}",
                    kind(&left),
                    kind(&right)
                );
            }
        }
    }
    format!("Cannot {rest}")
}
