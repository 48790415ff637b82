//! The shorthand syntax: `key=value,key2=[a,b],key3={x=y}`.
//!
//! ```text
//! parameter = keyval *("," keyval)
//! keyval    = key "=" [values]
//! values    = csv-list / explicit-list / hash-literal
//! ```
//! The text is read without a model; [`coerce`] then fits it to the shape.

use serde_json::{Map, Value};

use super::super::failure::Failure;
use super::super::table::{Service, Shape};
use super::python;

/// Reads one shorthand text into an object of strings, lists and objects. The error is the CLI's.
pub(in super::super) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    reader.parameter().map_err(|fault| fault.to_string(&reader))
}

/// No shape nests deeper; a text that does is no parameter.
const MAX_DEPTH: u32 = 64;

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: u32,
}

enum Fault {
    Expected(String, String, usize),
    Duplicate(String, usize),
}

impl Fault {
    fn to_string(&self, reader: &Reader) -> String {
        match self {
            Fault::Expected(expected, received, at) => format!(
                "Expected: '{expected}', received: '{received}' for input:\n {}",
                reader.location(*at)
            ),
            Fault::Duplicate(key, at) => format!(
                "Second instance of key \"{key}\" encountered for input:\n{}\n\
                 This is often because there is a preceding \",\" instead of a space.",
                reader.location(*at)
            ),
        }
    }
}

impl Reader {
    /// The line at fault with a caret under it.
    fn location(&self, at: usize) -> String {
        let at = at.min(self.text.len());
        let line_start = self.text[..at]
            .iter()
            .rposition(|c| *c == '\n')
            .map_or(0, |newline| newline + 1);
        let line_end = self.text[at..]
            .iter()
            .position(|c| *c == '\n')
            .map_or(self.text.len(), |newline| at + newline);
        let consumed: String = self.text[..line_end].iter().collect();
        let remaining: String = self.text[line_end..].iter().collect();
        format!("{consumed}\n{}^{remaining}", " ".repeat(at - line_start))
    }

    fn current(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn spaces(&mut self) {
        while self
            .current()
            .is_some_and(|c| c.is_ascii_whitespace() || c == '\x0b')
        {
            self.at += 1;
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), Fault> {
        match self.current() {
            Some(c) if c == wanted => {
                self.at += 1;
                Ok(())
            }
            Some(c) => Err(Fault::Expected(wanted.into(), c.into(), self.at)),
            None => Err(Fault::Expected(wanted.into(), "EOF".into(), self.at)),
        }
    }

    fn expect_spaced(&mut self, wanted: char) -> Result<(), Fault> {
        self.spaces();
        self.expect(wanted)?;
        self.spaces();
        Ok(())
    }

    fn parameter(&mut self) -> Result<Value, Fault> {
        let mut members = Map::new();
        let (key, value) = self.keyval()?;
        members.insert(key, value);
        let mut last = self.at;
        while self.at < self.text.len() {
            self.expect_spaced(',')?;
            let (key, value) = self.keyval()?;
            if members.contains_key(&key) {
                return Err(Fault::Duplicate(key, last + 1));
            }
            members.insert(key, value);
            last = self.at;
        }
        Ok(members.into())
    }

    fn keyval(&mut self) -> Result<(String, Value), Fault> {
        let key = self.key();
        self.expect_spaced('=')?;
        Ok((key, self.values()?))
    }

    fn key(&mut self) -> String {
        let from = self.at;
        while self
            .current()
            .is_some_and(|c| c.is_ascii_alphanumeric() || "-_.#/:".contains(c))
        {
            self.at += 1;
        }
        self.text[from..self.at].iter().collect()
    }

    fn values(&mut self) -> Result<Value, Fault> {
        match self.current() {
            None => Ok("".into()),
            Some('[') => self.explicit_list(),
            Some('{') => self.hash_literal(),
            Some(_) => self.csv(),
        }
    }

    /// One value, or several with commas between; a comma before `key=` ends them.
    fn csv(&mut self) -> Result<Value, Fault> {
        let first = self.first_value()?;
        self.spaces();
        if self.current() != Some(',') {
            return Ok(first.into());
        }
        self.expect_spaced(',')?;
        let mut list = vec![Value::from(first.clone())];
        loop {
            match self.another() {
                Ok((value, more)) => {
                    list.push(value.into());
                    if !more {
                        break;
                    }
                }
                Err(fault) if self.at >= self.text.len() => return Err(fault),
                Err(_) => {
                    while self.at > 0 && self.current() != Some(',') {
                        self.at -= 1;
                    }
                    break;
                }
            }
        }
        match list.len() {
            1 => Ok(first.into()),
            _ => Ok(list.into()),
        }
    }

    fn another(&mut self) -> Result<(String, bool), Fault> {
        let value = match self.current() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self
                .bare(Follow::Second)
                .ok_or_else(|| Fault::Expected("<second>".into(), "<none>".into(), self.at))?,
        };
        self.spaces();
        if self.at >= self.text.len() {
            return Ok((value, false));
        }
        self.expect_spaced(',')?;
        Ok((value, true))
    }

    fn explicit_list(&mut self) -> Result<Value, Fault> {
        self.nest()?;
        self.expect_spaced('[')?;
        let mut list = Vec::new();
        while self.current() != Some(']') {
            list.push(self.explicit_value()?);
            self.spaces();
            if self.current() != Some(']') {
                self.expect(',')?;
                self.spaces();
            }
        }
        self.expect(']')?;
        self.depth -= 1;
        Ok(list.into())
    }

    fn hash_literal(&mut self) -> Result<Value, Fault> {
        self.nest()?;
        self.expect_spaced('{')?;
        let mut members = Map::new();
        while self.current() != Some('}') {
            let key = self.key();
            self.expect_spaced('=')?;
            let value = self.explicit_value()?;
            self.spaces();
            if self.current() != Some('}') {
                self.expect(',')?;
                self.spaces();
            }
            members.insert(key, value);
        }
        self.expect('}')?;
        self.depth -= 1;
        Ok(members.into())
    }

    fn nest(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        match self.depth {
            MAX_DEPTH.. => Err(Fault::Expected("value".into(), "nesting".into(), self.at)),
            _ => Ok(()),
        }
    }

    fn explicit_value(&mut self) -> Result<Value, Fault> {
        match self.current() {
            Some('[') => self.explicit_list(),
            Some('{') => self.hash_literal(),
            _ => self.first_value().map(Value::from),
        }
    }

    fn first_value(&mut self) -> Result<String, Fault> {
        match self.current() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            _ => Ok(self.bare(Follow::First).unwrap_or_default()),
        }
    }

    fn bare(&mut self, follow: Follow) -> Option<String> {
        let from = self.at;
        let mut first = true;
        while let Some(c) = self.current() {
            if c == '\\' && self.text.get(self.at + 1) == Some(&',') {
                self.at += 2;
            } else if (first && starts(c)) || (!first && follow.has(c)) {
                self.at += 1;
            } else {
                break;
            }
            first = false;
        }
        if first {
            return None;
        }
        let text: String = self.text[from..self.at].iter().collect();
        Some(text.replace("\\,", ",").trim_end().to_owned())
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let from = self.at + 1;
        let mut at = from;
        let mut escaped = None;
        let end = loop {
            match self.text.get(at) {
                None => break escaped,
                Some('\\') if self.text.get(at + 1) == Some(&quote) => {
                    escaped = Some(at + 1);
                    at += 2;
                }
                Some(c) if *c == quote => break Some(at),
                Some(_) => at += 1,
            }
        };
        let Some(end) = end else {
            let name = if quote == '\'' {
                "<singled quoted>"
            } else {
                "<double quoted>"
            };
            return Err(Fault::Expected(name.into(), "<none>".into(), self.at));
        };
        let inner: String = self.text[from..end].iter().collect();
        self.at = end + 1;
        Ok(inner
            .replace(&format!("\\{quote}"), &quote.to_string())
            .replace("\\\\", "\\"))
    }
}

fn starts(c: char) -> bool {
    matches!(c, '!' | '#'..='&' | '('..='+' | '-'..='<' | '>'..='Z' | '\\'..='z' | '|'..='\u{ffff}')
}

#[derive(Clone, Copy)]
enum Follow {
    First,
    Second,
}

impl Follow {
    fn has(self, c: char) -> bool {
        if c.is_whitespace() || matches!(c, '!' | '#'..='&' | '('..='+') {
            return true;
        }
        match self {
            Follow::First => matches!(c, '-'..='\\' | '^'..='|' | '~'..='\u{ffff}'),
            Follow::Second => matches!(c, '-'..='<' | '>'..='\u{ffff}'),
        }
    }
}

/// Fits what was read to its shape: numbers and booleans out of strings, lists out of single
/// values.
pub(in super::super) fn coerce(
    service: &Service,
    shape: &Shape,
    value: Value,
) -> Result<Value, Failure> {
    let inner = |name: &str, value: Value| match service.shape(name) {
        Some(shape) => coerce(service, shape, value),
        None => Ok(value),
    };
    Ok(match (shape, value) {
        (Shape::Structure { members, .. }, Value::Object(given)) => given
            .into_iter()
            .map(|(name, value)| match members.get(&name) {
                Some(shape) => Ok((name, inner(shape, value)?)),
                None => Ok((name, value)),
            })
            .collect::<Result<Map<_, _>, Failure>>()?
            .into(),
        (Shape::Map { value: shape, .. }, Value::Object(given)) => given
            .into_iter()
            .map(|(key, value)| Ok((key, inner(shape, value)?)))
            .collect::<Result<Map<_, _>, Failure>>()?
            .into(),
        (Shape::List { member, .. }, Value::Array(items)) => items
            .into_iter()
            .map(|item| inner(member, item))
            .collect::<Result<Vec<_>, Failure>>()?
            .into(),
        (Shape::List { .. }, single) => vec![single].into(),
        (Shape::Integer { .. } | Shape::Long { .. }, Value::String(text)) => {
            python::int(&text).map_err(Failure::general)?.into()
        }
        (
            Shape::Integer { .. } | Shape::Long { .. },
            other @ (Value::Array(_) | Value::Object(_)),
        ) => {
            let kind = if other.is_array() { "list" } else { "dict" };
            return Err(Failure::general(format!(
                "int() argument must be a string, a bytes-like object or a real number, \
                 not '{kind}'"
            )));
        }
        (Shape::Float | Shape::Double, Value::String(text)) => {
            python::float(&text).map_err(Failure::general)?.into()
        }
        (Shape::Boolean, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => text.into(),
        },
        (_, value) => value,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn everyday_forms() {
        for (text, expected) in [
            ("a=b", json!({"a": "b"})),
            ("a=b,c", json!({"a": ["b", "c"]})),
            ("a=b,c=d", json!({"a": "b", "c": "d"})),
            ("a=b,c,d=e,f=", json!({"a": ["b", "c"], "d": "e", "f": ""})),
            (
                "awsvpcConfiguration={subnets=[subnet-1,subnet-2],securityGroups=[sg-1],assignPublicIp=ENABLED}",
                json!({"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"],
                       "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}),
            ),
            (
                "deploymentCircuitBreaker={enable=true,rollback=true},maximumPercent=200",
                json!({"deploymentCircuitBreaker": {"enable": "true", "rollback": "true"},
                       "maximumPercent": "200"}),
            ),
            (
                "a='x,y=z',b=\"q \\\" r\"",
                json!({"a": "x,y=z", "b": "q \" r"}),
            ),
            ("imageDigest=sha256:0f", json!({"imageDigest": "sha256:0f"})),
            ("a=x=y", json!({"a": "x=y"})),
            ("a = b , c = d", json!({"a": "b", "c": "d"})),
            ("a=1\\,2", json!({"a": "1,2"})),
            ("a=[]", json!({"a": []})),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn faults_point_at_their_place() {
        assert_eq!(
            parse("name").unwrap_err(),
            "Expected: '=', received: 'EOF' for input:\n name\n    ^"
        );
        assert_eq!(
            parse("a={b=c").unwrap_err(),
            "Expected: ',', received: 'EOF' for input:\n a={b=c\n      ^"
        );
        assert!(
            parse("a=b,a=c")
                .unwrap_err()
                .starts_with("Second instance of key \"a\"")
        );
        assert!(parse(&format!("a={}", "[".repeat(10_000))).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ -~\\n\u{e9}]{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn quoted_values_come_back(key in "[a-zA-Z]{1,8}", value in "[ -~&&[^'\\\\]]{0,20}") {
            let read = parse(&format!("{key}='{value}'")).unwrap();
            prop_assert_eq!(read, json!({ key: value }));
        }

        #[test]
        fn lists_come_back(items in prop::collection::vec("[a-z0-9:/.-]{1,10}", 1..6)) {
            let read = parse(&format!("k=[{}]", items.join(","))).unwrap();
            prop_assert_eq!(read, json!({ "k": items }));
        }
    }
}
