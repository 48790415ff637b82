//! Sentences as patterns, and matching them without losing a word.
//!
//! A pattern is words, with `(a|b)` for alternatives, `[a]` for what may be missing, `(a)*` for
//! what may repeat, `<name>` for a phrase of the [`lexicon`](crate::lexicon), `{kind}` or
//! `{name:kind}` for a slot and `#name(…)` for a part to remember. A hyphen in a word may be
//! written as a space or left out: `type-check` is also `type check` and `typecheck`.
//!
//! A match covers every token. Those that are no content are passed over; each content word that
//! is passed over costs one, and costs nothing is what an accepted statement costs.

use std::collections::VecDeque;
use std::ops::Range;

use crate::lexicon;
use crate::token::Token;
use crate::window::Weekday;

#[derive(Debug, Clone)]
enum Instruction {
    Word(String),
    Slot(&'static str, Slot),
    Split(Vec<usize>),
    Open(&'static str),
    Close,
    Accept,
}

/// What a slot takes: one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// A name of any kind; what it may hold is judged by its type afterwards.
    Value,
    /// A branch, where the sentence alone does not say that the word is one.
    Branch,
    /// A branch's name beside the word branch.
    NamedBranch,
    Number,
    Path,
    Url,
    Login,
    /// A word of what is marked as code.
    Code,
    /// `09:00`, `5pm`
    Time,
    /// `09:00–17:00`
    Times,
    /// `fridays`, `weekends`
    Day,
    /// `mon-thu`
    DayRange,
    /// `UTC`, `Europe/Berlin`
    Zone,
}

/// Words where a name is expected that are no name.
const PLACEHOLDERS: &[&str] = &[
    "none",
    "tbd",
    "tba",
    "todo",
    "fixme",
    "any",
    "unknown",
    "n/a",
    "na",
    "same",
    "shared",
    "default",
    "yes",
    "no",
    "not",
    "various",
    "multiple",
    "both",
    "all",
    "each",
    "every",
    "per",
    "see",
    "null",
    "optional",
    "required",
    "private",
    "public",
    "it",
    "this",
    "that",
    "these",
    "those",
    "one",
    "other",
    "another",
    "only",
    "never",
    "sometimes",
    "maybe",
    "depends",
    "varies",
    "is",
    "are",
    "should",
    "must",
    "to",
    "of",
    "and",
    "or",
    "-",
    "?",
    "x",
    "xxx",
    "your",
    "my",
    "...",
    "…",
];
/// Words before "branch" that say what kind of branch, not which.
const NO_BRANCH: &[&str] = &[
    "feature",
    "protected",
    "release",
    "production",
    "staging",
    "its",
    "long-lived",
    "integration",
    "working",
    "base",
    "target",
    "topic",
    "new",
    "deployment",
    "deploy",
    "current",
    "default",
    "given",
    "certain",
    "hotfix",
    "source",
    "single",
    "some",
    "main-line",
    "which",
    "what",
    "pr",
];

impl Slot {
    fn parse(kind: &str) -> Self {
        match kind {
            "value" => Self::Value,
            "branch" => Self::Branch,
            "named-branch" => Self::NamedBranch,
            "number" => Self::Number,
            "path" => Self::Path,
            "url" => Self::Url,
            "login" => Self::Login,
            "code" => Self::Code,
            "time" => Self::Time,
            "times" => Self::Times,
            "day" => Self::Day,
            "day-range" => Self::DayRange,
            "zone" => Self::Zone,
            other => panic!("the pattern language has no slot `{other}`"),
        }
    }

    fn takes(self, token: &Token) -> bool {
        if self == Self::Code {
            return token.code;
        }
        if !token.is_name() {
            return false;
        }
        match self {
            Self::Value => token.code || !PLACEHOLDERS.contains(&token.norm.as_str()),
            Self::NamedBranch => {
                token.code
                    || ![PLACEHOLDERS, NO_BRANCH]
                        .iter()
                        .any(|words| words.contains(&token.norm.as_str()))
            }
            Self::Branch => {
                token.code
                    || ["main", "master", "trunk", "develop", "dev", "mainline"]
                        .contains(&token.norm.as_str())
                    || (token.raw.starts_with("release") && token.raw.contains('/'))
            }
            Self::Number => token.raw.bytes().all(|b| b.is_ascii_digit()),
            Self::Path => token.raw.starts_with('/'),
            Self::Url => token.norm.starts_with("https://") || token.norm.starts_with("http://"),
            Self::Login => token.raw.starts_with('@') && token.raw.len() > 1,
            Self::Code => token.code,
            Self::Time => is_time(&token.raw),
            Self::Times => token
                .raw
                .split_once(['-', '–'])
                .is_some_and(|(from, to)| is_time(from) && is_time(to)),
            Self::Day => {
                const SEVERAL: [&str; 6] = [
                    "weekday", "weekdays", "weekend", "weekends", "workday", "workdays",
                ];
                let word = token.norm.as_str();
                SEVERAL.contains(&word) || Weekday::named(word).is_some()
            }
            Self::DayRange => token.norm.split_once('-').is_some_and(|(first, last)| {
                Weekday::named(first).is_some() && Weekday::named(last).is_some()
            }),
            Self::Zone => {
                let clock = (1..=5).contains(&token.raw.len())
                    && token.raw.bytes().all(|b| b.is_ascii_uppercase());
                let place = token.raw.split_once('/').is_some_and(|(area, city)| {
                    [area, city]
                        .iter()
                        .all(|part| part.starts_with(|first: char| first.is_ascii_uppercase()))
                });
                clock || place
            }
        }
    }
}

/// Has the build of a time; whether there is one is judged afterwards.
fn is_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let half = lower.strip_suffix("am").or(lower.strip_suffix("pm"));
    let clock = half.unwrap_or(&lower);
    clock.starts_with(|first: char| first.is_ascii_digit())
        && clock.chars().all(|c| c.is_ascii_digit() || c == ':')
        && (half.is_some() || clock.contains(':'))
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    program: Vec<Instruction>,
}

/// A part of a statement that a slot or `#name(…)` holds.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    pub(crate) name: &'static str,
    pub(crate) tokens: Range<usize>,
}

/// How a pattern fits a statement.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) captures: Vec<Capture>,
    /// Content tokens that no part of the pattern accounts for.
    pub(crate) skipped: Vec<usize>,
    /// How many words of the pattern were found.
    pub(crate) matched: usize,
}

impl Pattern {
    /// Compiles a pattern that is part of this program; a mistake in it is a bug and panics.
    pub(crate) fn compile(text: &'static str) -> Self {
        let mut compiler = Compiler {
            program: Vec::new(),
        };
        compiler.source(text);
        compiler.program.push(Instruction::Accept);
        Self {
            program: compiler.program,
        }
    }

    /// Every word that the pattern can hold.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.program
            .iter()
            .filter_map(|instruction| match instruction {
                Instruction::Word(word) => Some(word.as_str()),
                _ => None,
            })
    }

    /// How many words of any kind its slots can take, or more.
    pub(crate) fn slots(&self) -> usize {
        let slots = self
            .program
            .iter()
            .filter(|instruction| matches!(instruction, Instruction::Slot(..)))
            .count();
        let repeats = self.program.iter().enumerate().any(|(at, instruction)| {
            matches!(instruction, Instruction::Split(targets) if targets.iter().any(|to| *to <= at))
        });
        if slots > 0 && repeats {
            usize::MAX
        } else {
            slots
        }
    }

    /// The cheapest way to read all of `tokens` that leaves at most `allowance` content words over.
    pub(crate) fn find(&self, tokens: &[Token], allowance: usize) -> Option<Match> {
        let mut trail: Vec<Step> = vec![Step {
            pc: 0,
            at: 0,
            cost: 0,
            from: None,
        }];
        let mut queue: VecDeque<usize> = VecDeque::from([0]);
        let mut seen = vec![false; self.program.len() * (tokens.len() + 1)];
        while let Some(index) = queue.pop_front() {
            let step = trail[index];
            let place = &mut seen[step.pc * (tokens.len() + 1) + step.at];
            if std::mem::replace(place, true) {
                continue;
            }
            let instruction = &self.program[step.pc];
            let token = tokens.get(step.at);
            if matches!(instruction, Instruction::Accept) && token.is_none() {
                return Some(self.trace(&trail, index, tokens));
            }
            let mut go = |pc: usize, at: usize, cost: usize| {
                if cost <= allowance {
                    trail.push(Step {
                        pc,
                        at,
                        cost,
                        from: Some(index),
                    });
                    if cost > step.cost {
                        queue.push_back(trail.len() - 1)
                    } else {
                        queue.push_front(trail.len() - 1)
                    }
                }
            };
            if let Some(token) = token {
                // Passing over comes last among equals: it is pushed first.
                go(
                    step.pc,
                    step.at + 1,
                    step.cost + usize::from(!token.is_filler()),
                );
            }
            match instruction {
                Instruction::Accept => {}
                Instruction::Word(word) => {
                    if token.is_some_and(|t| t.norm == *word) {
                        go(step.pc + 1, step.at + 1, step.cost);
                    }
                }
                Instruction::Slot(_, slot) => {
                    if token.is_some_and(|t| slot.takes(t)) {
                        go(step.pc + 1, step.at + 1, step.cost);
                    }
                }
                Instruction::Split(targets) => {
                    for &target in targets.iter().rev() {
                        go(target, step.at, step.cost);
                    }
                }
                Instruction::Open(_) | Instruction::Close => go(step.pc + 1, step.at, step.cost),
            }
        }
        None
    }

    fn trace(&self, trail: &[Step], end: usize, tokens: &[Token]) -> Match {
        let mut path = vec![end];
        while let Some(from) = trail[path[path.len() - 1]].from {
            path.push(from);
        }
        path.reverse();
        let (mut captures, mut skipped, mut open) = (Vec::new(), Vec::new(), Vec::new());
        let mut matched = 0;
        for pair in path.windows(2) {
            let (step, next) = (trail[pair[0]], trail[pair[1]]);
            if step.pc == next.pc {
                if tokens[step.at].is_content() {
                    skipped.push(step.at);
                }
                continue;
            }
            match &self.program[step.pc] {
                Instruction::Word(_) => matched += 1,
                Instruction::Slot(name, _) => {
                    matched += 1;
                    captures.push(Capture {
                        name,
                        tokens: step.at..step.at + 1,
                    });
                }
                Instruction::Open(name) => open.push((*name, captures.len(), step.at)),
                Instruction::Close => {
                    if let Some((name, place, start)) = open.pop() {
                        let start = (start..step.at)
                            .find(|&at| tokens[at].is_content())
                            .unwrap_or(start);
                        captures.insert(
                            place,
                            Capture {
                                name,
                                tokens: start..step.at,
                            },
                        );
                    }
                }
                Instruction::Split(_) | Instruction::Accept => {}
            }
        }
        Match {
            captures,
            skipped,
            matched,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Step {
    pc: usize,
    at: usize,
    cost: usize,
    from: Option<usize>,
}

struct Compiler {
    program: Vec<Instruction>,
}

impl Compiler {
    fn source(&mut self, text: &'static str) {
        let mut rest = text;
        self.alternatives(&mut rest);
        assert!(
            rest.trim_start().is_empty(),
            "pattern goes on after its end: `{rest}` in `{text}`"
        );
    }

    /// Alternatives up to a closing mark, which stays.
    fn alternatives(&mut self, rest: &mut &'static str) {
        let split = self.hold();
        let (mut starts, mut exits) = (Vec::new(), Vec::new());
        loop {
            starts.push(self.program.len());
            self.sequence(rest);
            if let Some(tail) = rest.strip_prefix('|') {
                *rest = tail;
                exits.push(self.hold());
            } else {
                break;
            }
        }
        let end = self.program.len();
        self.program[split] = Instruction::Split(starts);
        for exit in exits {
            self.program[exit] = Instruction::Split(vec![end]);
        }
    }

    fn hold(&mut self) -> usize {
        self.program.push(Instruction::Split(Vec::new()));
        self.program.len() - 1
    }

    fn sequence(&mut self, rest: &mut &'static str) {
        loop {
            *rest = rest.trim_start();
            let Some(first) = rest.chars().next() else {
                return;
            };
            match first {
                ')' | ']' | '|' => return,
                '(' => {
                    let start = self.hold();
                    *rest = &rest[1..];
                    self.alternatives(rest);
                    close(rest, ')');
                    if let Some(tail) = rest.strip_prefix('*') {
                        *rest = tail;
                        let back = self.hold();
                        self.program[back] = Instruction::Split(vec![start]);
                        self.program[start] = Instruction::Split(vec![start + 1, back + 1]);
                    } else {
                        self.program[start] = Instruction::Split(vec![start + 1]);
                    }
                }
                '[' => {
                    let skip = self.hold();
                    *rest = &rest[1..];
                    self.alternatives(rest);
                    close(rest, ']');
                    let end = self.program.len();
                    self.program[skip] = Instruction::Split(vec![skip + 1, end]);
                }
                '<' => {
                    let name = until(rest, '>');
                    self.source(lexicon::phrase(name));
                }
                '{' => {
                    let name = until(rest, '}');
                    let (name, kind) = name.split_once(':').unwrap_or((name, name));
                    self.program
                        .push(Instruction::Slot(name, Slot::parse(kind)));
                }
                '#' => {
                    let end = rest
                        .find('(')
                        .unwrap_or_else(|| panic!("`#` needs `(`: {rest}"));
                    let name = &rest[1..end];
                    *rest = &rest[end + 1..];
                    self.program.push(Instruction::Open(name));
                    self.alternatives(rest);
                    close(rest, ')');
                    self.program.push(Instruction::Close);
                }
                _ => {
                    let end = rest
                        .find(|c: char| c.is_whitespace() || "()[]|".contains(c))
                        .unwrap_or(rest.len());
                    let word = &rest[..end];
                    *rest = &rest[end..];
                    self.word(word);
                }
            }
        }
    }

    fn word(&mut self, word: &'static str) {
        let joined = word.len() > 2 && word.contains('-') && word.starts_with(char::is_alphabetic);
        if !joined {
            self.program.push(Instruction::Word(word.to_owned()));
            return;
        }
        let split = self.hold();
        let (mut starts, mut exits) = (Vec::new(), Vec::new());
        let variants = [
            vec![word.to_owned()],
            vec![word.replace('-', "")],
            word.split('-').map(str::to_owned).collect(),
        ];
        for variant in variants {
            starts.push(self.program.len());
            self.program
                .extend(variant.into_iter().map(Instruction::Word));
            exits.push(self.hold());
        }
        let end = self.program.len();
        self.program[split] = Instruction::Split(starts);
        for exit in exits {
            self.program[exit] = Instruction::Split(vec![end]);
        }
    }
}

fn close(rest: &mut &'static str, mark: char) {
    *rest = rest
        .strip_prefix(mark)
        .unwrap_or_else(|| panic!("pattern lacks `{mark}` before `{rest}`"));
}

fn until(rest: &mut &'static str, mark: char) -> &'static str {
    let end = rest
        .find(mark)
        .unwrap_or_else(|| panic!("pattern lacks `{mark}` in `{rest}`"));
    let name = &rest[1..end];
    *rest = &rest[end + 1..];
    name
}
