//! Tokens of an expression.

use std::ops::Range;

use super::number;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    Comma,
    Dot,
    Star,
    Not,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A name after a dot.
    Property,
    /// A name before `(`.
    Function,
    /// Any other name.
    Named,
    /// What is no token.
    Unexpected,
}

/// Cuts the text into tokens; stops after the first that is none.
pub(super) fn lex(text: &str) -> Vec<(Token, Range<usize>)> {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
    };
    while let Some(token) = lexer.next() {
        let stop = token.0 == Token::Unexpected;
        lexer.tokens.push(token);
        if stop {
            break;
        }
    }
    lexer.tokens
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<(Token, Range<usize>)>,
}

fn ends_token(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '(' | '[' | ')' | ']' | ',' | '.' | '!' | '>' | '<' | '=' | '&' | '|'
        )
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<(Token, Range<usize>)> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        let start = self.at;
        let rest = &self.text[start..];
        let first = rest.chars().next()?;
        let (token, len) = match first {
            '(' => (Token::LeftParen, 1),
            ')' => (Token::RightParen, 1),
            '[' => (Token::LeftBracket, 1),
            ']' => (Token::RightBracket, 1),
            ',' => (Token::Comma, 1),
            '*' => (Token::Star, 1),
            '\'' => string(rest),
            '!' | '<' | '>' | '=' | '&' | '|' => self.operator(rest),
            '.' if self.dereferences() => (Token::Dot, 1),
            '.' | '+' | '-' | '0'..='9' => {
                let len = number_end(rest);
                match number::literal(&rest[..len]) {
                    Some(n) => (Token::Number(n), len),
                    None => (Token::Unexpected, len),
                }
            }
            _ => self.word(rest),
        };
        self.at = start + len;
        Some((token, start..self.at))
    }

    /// Whether a dot here follows something that has properties.
    fn dereferences(&self) -> bool {
        matches!(
            self.tokens.last(),
            Some((
                Token::RightParen
                    | Token::RightBracket
                    | Token::Property
                    | Token::Named
                    | Token::Star,
                _
            ))
        )
    }

    fn operator(&self, rest: &str) -> (Token, usize) {
        let pairs = [
            ("!=", Token::NotEqual),
            ("<=", Token::LessEqual),
            (">=", Token::GreaterEqual),
            ("==", Token::Equal),
            ("&&", Token::And),
            ("||", Token::Or),
            ("!", Token::Not),
            ("<", Token::Less),
            (">", Token::Greater),
        ];
        for (spelling, token) in pairs {
            if rest.starts_with(spelling) {
                return (token, spelling.len());
            }
        }
        (Token::Unexpected, symbol_end(rest))
    }

    fn word(&self, rest: &str) -> (Token, usize) {
        let len = symbol_end(rest);
        let word = &rest[..len];
        let mut chars = word.chars();
        let legal = chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if !legal {
            return (Token::Unexpected, len);
        }
        if matches!(self.tokens.last(), Some((Token::Dot, _))) {
            return (Token::Property, len);
        }
        let token = match word {
            "null" => Token::Null,
            "true" => Token::Bool(true),
            "false" => Token::Bool(false),
            "NaN" => Token::Number(f64::NAN),
            "Infinity" => Token::Number(f64::INFINITY),
            _ if rest[len..].trim_start().starts_with('(') => Token::Function,
            _ => Token::Named,
        };
        (token, len)
    }
}

/// A quoted string, in which two quotes mean one.
fn string(rest: &str) -> (Token, usize) {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        if c != '\'' {
            value.push(c);
        } else if chars.peek().is_some_and(|(_, c)| *c == '\'') {
            value.push('\'');
            chars.next();
        } else {
            return (Token::Text(value), i + 1);
        }
    }
    (Token::Unexpected, rest.len())
}

/// A number ends where any token does, but for its own dots.
fn number_end(rest: &str) -> usize {
    rest.char_indices()
        .skip(1)
        .find(|(_, c)| *c != '.' && ends_token(*c))
        .map_or(rest.len(), |(i, _)| i)
}

fn symbol_end(rest: &str) -> usize {
    rest.char_indices()
        .skip(1)
        .find(|(_, c)| ends_token(*c))
        .map_or(rest.len(), |(i, _)| i)
}
