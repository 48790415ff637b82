//! GitHub's globs for branches, tags and paths
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet>).
//!
//! `*` matches all but `/`, `**` everything, `?` makes the character before it optional, `+` lets it
//! repeat, `[…]` is one of the characters, `!` at the start of a pattern takes back what earlier
//! ones matched, `\` takes a character as it is.

use crate::model::Filter;
use crate::place::{Place, Spanned};

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid glob pattern '{pattern}': {why}")]
pub struct PatternError {
    /// The pattern, as written.
    pub pattern: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// What a pattern is about, which decides what can never match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Branches and tags.
    Ref,
    /// Changed files.
    Path,
}

/// Whether a pattern is well-formed and can match anything at all. GitHub refuses only the former
/// ([`Pattern::new`]); a pattern such as `/docs/**` it takes, and never runs the workflow.
pub fn check(pattern: &str, dialect: Dialect) -> Result<(), PatternError> {
    Pattern::new(pattern)?;
    let body = pattern.strip_prefix('!').unwrap_or(pattern);
    let why = match dialect {
        _ if body.contains(['\n', '\r']) => Some("no name has a line break"),
        Dialect::Ref => ref_fault(body),
        Dialect::Path => path_fault(body),
    };
    match why {
        None => Ok(()),
        Some(why) => Err(PatternError {
            pattern: pattern.to_owned(),
            why,
        }),
    }
}

/// What git allows in no ref (`git help check-ref-format`).
fn ref_fault(body: &str) -> Option<&'static str> {
    if body.starts_with('/') {
        return Some("no ref begins with /");
    }
    if body.ends_with(['/', '.']) {
        return Some("no ref ends with / or .");
    }
    let illegal = |c: char| matches!(c, ' ' | '\t' | '~' | '^' | ':') || c.is_control();
    if body.contains(illegal) || escapes_glob(body) {
        return Some("no ref has a blank or one of ~ ^ : [ ? * in it");
    }
    None
}

/// Whether a special character is meant as itself.
fn escapes_glob(body: &str) -> bool {
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && matches!(chars.next(), Some('[' | '?' | '*')) {
            return true;
        }
    }
    false
}

fn path_fault(body: &str) -> Option<&'static str> {
    if body.starts_with(' ') || body.ends_with(' ') {
        return Some("a path filter has no blank at its ends");
    }
    if body.split('/').any(|part| part == "." || part == "..") {
        return Some("paths begin at the root of the repository: no . and no ..");
    }
    None
}

/// The longest pattern that is tried; matching takes time in proportion to pattern times text.
const MAX_PATTERN: usize = 4096;

#[derive(Clone, Debug, PartialEq)]
enum Atom {
    Char(char),
    /// Ranges, and whether the class is what is not in them.
    Class(Vec<(char, char)>),
}

impl Atom {
    fn matches(&self, c: char) -> bool {
        match self {
            Atom::Char(a) => *a == c,
            Atom::Class(ranges) => ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    One(Atom),
    Optional(Atom),
    Many(Atom),
    Star,
    DoubleStar,
    /// `**/`: any folders, or none.
    Folders,
}

/// One pattern, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    negated: bool,
    tokens: Vec<Token>,
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> Result<Pattern, PatternError> {
        let fail = |why| PatternError {
            pattern: text.to_owned(),
            why,
        };
        if text.len() > MAX_PATTERN {
            return Err(fail("it is too long"));
        }
        let (negated, body) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if body.is_empty() {
            return Err(fail("it is empty"));
        }
        let chars: Vec<char> = body.chars().collect();
        let mut tokens = Vec::new();
        let mut i = 0;
        while i < chars.len() {
            let atom = match chars[i] {
                '*' if chars.get(i + 1) == Some(&'*') => {
                    i += 2;
                    // At the start of a name `**/` also stands for no folder at all.
                    let starts = i == 2 || chars[i - 3] == '/';
                    if chars.get(i) == Some(&'/') && starts {
                        i += 1;
                        tokens.push(Token::Folders);
                    } else {
                        tokens.push(Token::DoubleStar);
                    }
                    continue;
                }
                '*' => {
                    i += 1;
                    tokens.push(Token::Star);
                    continue;
                }
                '\\' => {
                    i += 1;
                    let c = chars
                        .get(i)
                        .ok_or_else(|| fail("it ends with a backslash"))?;
                    Atom::Char(*c)
                }
                '[' => {
                    let end = class_end(&chars, i).ok_or_else(|| fail("[ is not closed"))?;
                    let class = class(&chars[i + 1..end]).map_err(fail)?;
                    i = end;
                    class
                }
                '?' | '+' => {
                    return Err(fail("? and + need a character before them"));
                }
                c => Atom::Char(c),
            };
            i += 1;
            tokens.push(match chars.get(i) {
                Some('?') => {
                    i += 1;
                    Token::Optional(atom)
                }
                Some('+') => {
                    i += 1;
                    Token::Many(atom)
                }
                _ => Token::One(atom),
            });
        }
        Ok(Pattern { negated, tokens })
    }

    /// Whether the pattern begins with `!`.
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// Whether the whole text matches, the `!` left aside.
    pub fn matches(&self, text: &str) -> bool {
        // Which tokens may come next after each character: time in proportion to both lengths.
        let mut now = vec![false; self.tokens.len() + 1];
        now[0] = true;
        self.close(&mut now, true);
        for c in text.chars() {
            let mut next = vec![false; now.len()];
            for (i, token) in self.tokens.iter().enumerate().filter(|(i, _)| now[*i]) {
                match token {
                    Token::One(a) | Token::Optional(a) => next[i + 1] |= a.matches(c),
                    Token::Many(a) => {
                        let hit = a.matches(c);
                        next[i] |= hit;
                        next[i + 1] |= hit;
                    }
                    Token::Star => next[i] |= c != '/',
                    Token::DoubleStar => next[i] = true,
                    Token::Folders => next[i] = true,
                }
            }
            self.close(&mut next, c == '/');
            now = next;
        }
        now[self.tokens.len()]
    }

    /// Steps over tokens that may match nothing. `boundary`: a name may begin here.
    fn close(&self, states: &mut [bool], boundary: bool) {
        for (i, token) in self.tokens.iter().enumerate() {
            if states[i] {
                states[i + 1] |= match token {
                    Token::Optional(_) | Token::Star | Token::DoubleStar => true,
                    Token::Folders => boundary,
                    Token::One(_) | Token::Many(_) => false,
                };
            }
        }
    }
}

fn class_end(chars: &[char], open: usize) -> Option<usize> {
    (open + 1..chars.len()).find(|i| chars[*i] == ']')
}

fn class(chars: &[char]) -> Result<Atom, &'static str> {
    if chars.is_empty() {
        return Err("[] matches nothing");
    }
    let mut ranges = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        if chars.get(i + 1) == Some(&'-') {
            if i + 2 >= chars.len() {
                return Err("a range in [] has no end");
            }
            let (from, to) = (chars[i], chars[i + 2]);
            if from > to {
                return Err("a range in [] is the wrong way round");
            }
            ranges.push((from, to));
            i += 3;
        } else {
            ranges.push((chars[i], chars[i]));
            i += 1;
        }
    }
    Ok(Atom::Class(ranges))
}

/// Whether `text` passes the patterns in their order: the last one that matches decides, and one
/// with `!` takes back. Patterns that are none match nothing.
pub fn matches<S: AsRef<str>>(patterns: &[S], text: &str) -> bool {
    let mut included = false;
    for pattern in patterns {
        let Ok(pattern) = Pattern::new(pattern.as_ref()) else {
            continue;
        };
        if pattern.matches(text) {
            included = !pattern.negated;
        }
    }
    included
}

/// Whether any text passes: `branches`, `tags` and `paths`.
pub fn any_included<S: AsRef<str>, T: AsRef<str>>(patterns: &[S], texts: &[T]) -> bool {
    texts.iter().any(|t| matches(patterns, t.as_ref()))
}

/// Whether every text is ignored: the `-ignore` forms, under which the workflow then does not run.
pub fn all_ignored<S: AsRef<str>, T: AsRef<str>>(patterns: &[S], texts: &[T]) -> bool {
    texts.iter().all(|t| matches(patterns, t.as_ref()))
}

/// What a filter says about one text, and the pattern that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged<'f> {
    /// Whether the text passes.
    pub passes: bool,
    /// The last pattern that matches; `None` if none does.
    pub by: Option<&'f Spanned<String>>,
}

impl Filter {
    /// Whether a branch or tag passes, and by which pattern.
    pub fn judge(&self, text: &str) -> Judged<'_> {
        let (Filter::Include(patterns) | Filter::Ignore(patterns)) = self;
        let mut by = None;
        let mut matched = false;
        for pattern in patterns {
            let Ok(read) = Pattern::new(&pattern.value) else {
                continue;
            };
            if read.matches(text) {
                (by, matched) = (Some(pattern), !read.negated);
            }
        }
        Judged {
            passes: matched == matches!(self, Filter::Include(_)),
            by,
        }
    }

    /// Where the patterns begin.
    pub fn place(&self) -> Option<&Place> {
        let (Filter::Include(patterns) | Filter::Ignore(patterns)) = self;
        patterns.first().map(|pattern| &pattern.place)
    }

    /// The patterns as written.
    pub fn patterns(&self) -> Vec<&str> {
        let (Filter::Include(patterns) | Filter::Ignore(patterns)) = self;
        patterns.iter().map(|p| p.value.as_str()).collect()
    }

    /// Whether the workflow runs for a branch, tag, or set of changed paths.
    pub fn passes<T: AsRef<str>>(&self, texts: &[T]) -> bool {
        match self {
            Filter::Include(_) => any_included(&self.patterns(), texts),
            Filter::Ignore(_) => !all_ignored(&self.patterns(), texts),
        }
    }
}
