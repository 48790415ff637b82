//! Prose → words, with the punctuation that matters between them.

use std::ops::Range;

use crate::markdown::{Char, HARD_BREAK};

/// What a token is to a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Must be accounted for.
    Word,
    /// Separates words and may be passed over.
    Soft,
    /// Passed over like [`Kind::Soft`], and ends a label.
    Colon,
    /// Ends a clause: `;`, a line that shows.
    Clause,
    /// Ends a sentence.
    Sentence,
}

/// A word, or a mark between words.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// As it is written.
    pub(crate) raw: String,
    /// As patterns name it: lower case, marks and contractions spelled one way.
    pub(crate) norm: String,
    pub(crate) span: Range<usize>,
    pub(crate) code: bool,
}

/// Words that never change what a rule asks for.
const FILLERS: [&str; 8] = ["the", "a", "an", "our", "your", "please", "also", "always"];
/// Signs that people put in front of rules, and that say nothing by themselves.
const ORNAMENTS: &str = "✅✔☑🚀🔒🔐⚠📦🐳🧪🔁🔄↩⏪🌿🌱👉•▪▶🟢⭐📌🔑🛡🏗⚙🎯🚨❗‼◦●■";
/// Signs that forbid.
const PROHIBITIONS: &str = "❌🚫⛔✖✗✘";
/// Words that a slash may join.
const JOINED: [&str; 15] = [
    "staging",
    "production",
    "prod",
    "stage",
    "lint",
    "linting",
    "test",
    "tests",
    "type-check",
    "typecheck",
    "build",
    "high",
    "critical",
    "medium",
    "low",
];

impl Token {
    /// True when a sentence can lose it and mean the same.
    pub(crate) fn is_filler(&self) -> bool {
        match self.kind {
            Kind::Soft | Kind::Colon => true,
            Kind::Clause | Kind::Sentence => false,
            Kind::Word => !self.code && FILLERS.contains(&self.norm.as_str()),
        }
    }

    /// True when a rule must account for it.
    pub(crate) fn is_content(&self) -> bool {
        self.kind == Kind::Word && !self.is_filler()
    }

    /// True for a word that can be a name: starts like one, and is no sign or filler.
    pub(crate) fn is_name(&self) -> bool {
        self.is_content()
            && !matches!(
                self.norm.as_str(),
                "?" | "=" | "->" | ">=" | "%" | "+" | "&"
            )
    }
}

/// Splits prose into tokens.
pub(crate) fn tokens(chars: &[Char]) -> Vec<Token> {
    let mut lexer = Lexer {
        chars,
        at: 0,
        out: Vec::new(),
        word: None,
    };
    lexer.run();
    lexer.out
}

struct Lexer<'a> {
    chars: &'a [Char],
    at: usize,
    out: Vec<Token>,
    word: Option<Token>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while self.at < self.chars.len() {
            self.step();
        }
        self.end_word();
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|c| c.value)
    }

    /// True when the word ends before the character `ahead`, closing marks aside.
    fn ends_at(&self, ahead: usize) -> bool {
        let mut next = ahead;
        while matches!(self.peek(next), Some(')' | '"' | '”' | '’' | '\'' | '»')) {
            next += 1;
        }
        self.peek(next)
            .is_none_or(|c| c.is_whitespace() || c == HARD_BREAK)
    }

    fn before(&self) -> Option<char> {
        self.at.checked_sub(1).map(|at| self.chars[at].value)
    }

    fn in_url(&self) -> bool {
        self.word
            .as_ref()
            .is_some_and(|w| w.raw.contains("://") || w.raw.starts_with('/'))
    }

    fn step(&mut self) {
        let char = &self.chars[self.at];
        let value = char.value;
        if value == HARD_BREAK {
            self.mark(Kind::Clause, ";", 1);
        } else if value.is_whitespace() {
            self.end_word();
            self.at += 1;
        } else if char.code {
            self.letter(value);
        } else {
            self.prose(value);
        }
    }

    fn prose(&mut self, value: char) {
        let next = self.peek(1);
        let digits = self.before().is_some_and(|c| c.is_ascii_digit())
            && next.is_some_and(|c| c.is_ascii_digit());
        let alone = self.word.is_none() && self.ends_at(1);
        match value {
            '\u{200b}' | '\u{200d}' | '\u{feff}' | '\u{fe0f}' => self.at += 1,
            ',' if !digits && !self.in_url() => self.mark(Kind::Soft, ",", 1),
            ',' if self.in_url() && self.ends_at(1) => self.mark(Kind::Soft, ",", 1),
            '(' | ')' | '“' | '”' | '"' | '«' | '»' => self.mark(Kind::Soft, "", 1),
            '\'' | '’' | '‘' => {
                let inside = self.before().is_some_and(char::is_alphanumeric)
                    && next.is_some_and(char::is_alphanumeric);
                if inside {
                    self.letter('\'')
                } else {
                    self.mark(Kind::Soft, "", 1)
                }
            }
            ':' if self.ends_at(1) || next.is_some_and(|c| "*_`".contains(c)) => {
                self.mark(Kind::Colon, ":", 1);
            }
            ';' => self.mark(Kind::Clause, ";", 1),
            '.' | '!' if self.ends_at(1) => {
                if value == '.' && self.abbreviated() {
                    self.letter(value);
                } else {
                    self.mark(Kind::Sentence, ".", 1);
                }
            }
            '。' => self.mark(Kind::Sentence, ".", 1),
            '?' if self.ends_at(1) => self.mark(Kind::Word, "?", 1),
            '…' => self.mark(Kind::Word, "…", 1),
            '—' | '–' if !digits => self.mark(Kind::Soft, "-", 1),
            '-' if alone => self.mark(Kind::Soft, "-", 1),
            '-' if next == Some('-')
                && self.peek(2).is_none_or(char::is_whitespace)
                && self.word.is_none() =>
            {
                self.mark(Kind::Soft, "-", 2);
            }
            '-' | '=' if next == Some('>') => self.mark(Kind::Word, "->", 2),
            '→' | '⇒' | '➜' | '➡' | '⟶' => self.mark(Kind::Word, "->", 1),
            '>' if next == Some('=') => self.mark(Kind::Word, ">=", 2),
            '≥' | '⩾' => self.mark(Kind::Word, ">=", 1),
            '=' if !self.in_url() => {
                let length = if next == Some('=') { 2 } else { 1 };
                self.mark(Kind::Word, "=", length);
            }
            '%' if self.before().is_some_and(|c| c.is_ascii_digit()) || alone => {
                self.mark(Kind::Word, "%", 1);
            }
            '+' if !self.in_url() => self.mark(Kind::Word, "+", 1),
            '&' if !self.in_url() => self.mark(Kind::Word, "&", 1),
            _ if ORNAMENTS.contains(value) => self.mark(Kind::Soft, "", 1),
            _ if PROHIBITIONS.contains(value) => self.mark(Kind::Word, "no", 1),
            _ => self.letter(value),
        }
    }

    /// `e.g.`, `vs.`, an initial: their full stop ends no sentence.
    fn abbreviated(&self) -> bool {
        let Some(word) = &self.word else { return false };
        let word = word.raw.as_str();
        word.contains('.') && word.len() <= 4 && !word.starts_with(|c: char| c.is_ascii_digit())
            || ["vs", "etc", "no", "approx", "min", "max"].contains(&word.to_lowercase().as_str())
                && self.peek(1).is_some()
                && self.chars[self.at + 1..]
                    .iter()
                    .find(|c| !c.value.is_whitespace())
                    .is_some_and(|c| c.value.is_lowercase() || c.value.is_ascii_digit())
    }

    fn letter(&mut self, value: char) {
        let char = &self.chars[self.at];
        match &mut self.word {
            Some(word) => {
                // A name that is half code and half not is no name.
                if char.code != self.chars[self.at - 1].code {
                    word.raw.push('`');
                }
                word.raw.push(value);
                word.span.end = char.span.end;
                word.code &= char.code;
            }
            None => {
                self.word = Some(Token {
                    kind: Kind::Word,
                    raw: value.to_string(),
                    norm: String::new(),
                    span: char.span.clone(),
                    code: char.code,
                });
            }
        }
        self.at += 1;
    }

    fn mark(&mut self, kind: Kind, norm: &str, length: usize) {
        self.end_word();
        let chars = &self.chars[self.at..self.at + length];
        let span = chars[0].span.start..chars[length - 1].span.end;
        self.out.push(Token {
            kind,
            raw: chars.iter().map(|c| c.value).collect(),
            norm: norm.to_owned(),
            span,
            code: false,
        });
        self.at += length;
    }

    fn end_word(&mut self) {
        let Some(mut word) = self.word.take() else {
            return;
        };
        word.norm = word.raw.to_lowercase();
        if word.code {
            self.out.push(word);
            return;
        }
        if let Some(stem) = word.norm.strip_suffix("n't") {
            let stem = match stem {
                "ca" => "can",
                "wo" => "will",
                "sha" => "shall",
                other => other,
            };
            self.spell(&word, &[stem, "not"]);
        } else if word.norm == "cannot" {
            self.spell(&word, &["can", "not"]);
        } else if word.norm.contains('/') && word.norm.split('/').all(|part| JOINED.contains(&part))
        {
            let parts: Vec<&str> = word.norm.split('/').collect();
            self.spell(&word, &parts);
        } else {
            self.out.push(word);
        }
    }

    fn spell(&mut self, word: &Token, parts: &[&str]) {
        for part in parts {
            self.out.push(Token {
                raw: (*part).to_owned(),
                norm: (*part).to_owned(),
                ..word.clone()
            });
        }
    }
}
