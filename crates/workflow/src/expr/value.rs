//! Values of expressions, with GitHub's coercions and comparisons.

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;

use super::number;

/// A value of an expression.
///
/// `==` of Rust compares structure; [`Value::equals`] is the operator of expressions.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A double, as in JavaScript.
    Number(f64),
    /// A string.
    String(String),
    /// An array; two are equal when they are the same one.
    Array(Arc<Vec<Value>>),
    /// An object; two are equal when they are the same one.
    Object(Arc<Object>),
}

/// An ordered mapping. Keys are found without regard to case, except in the `env` context of Linux
/// runners, which [`Object::case_sensitive`] is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    entries: IndexMap<String, (String, Value)>,
    case_sensitive: bool,
}

impl Object {
    /// No entries; keys that differ by case are the same.
    pub fn new() -> Self {
        Self::default()
    }

    /// An object whose keys differ by case, as `env` is where environment variables are.
    pub fn case_sensitive() -> Self {
        Self {
            case_sensitive: true,
            ..Self::default()
        }
    }

    fn folded(&self, key: &str) -> String {
        if self.case_sensitive {
            key.to_owned()
        } else {
            fold(key)
        }
    }

    /// Sets `key`, keeping its position and spelling if it is there already.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let key = key.into();
        match self.entries.entry(self.folded(&key)) {
            indexmap::map::Entry::Occupied(mut e) => e.get_mut().1 = value.into(),
            indexmap::map::Entry::Vacant(e) => {
                e.insert((key, value.into()));
            }
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(&self.folded(key)).map(|(_, v)| v)
    }

    /// Takes an entry away; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.entries.shift_remove(&self.folded(key)).map(|(_, v)| v)
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Entries in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.values().map(|(k, v)| (k.as_str(), v))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut object = Object::new();
        for (k, v) in iter {
            object.insert(k, v);
        }
        object
    }
}

impl Value {
    /// An object from pairs, in their order.
    pub fn object<K: Into<String>, V: Into<Value>>(
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Value {
        Value::Object(Arc::new(entries.into_iter().collect()))
    }

    /// An array of values, in their order.
    pub fn array<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Value {
        Value::Array(Arc::new(items.into_iter().map(Into::into).collect()))
    }

    /// The name of the kind, as GitHub's messages spell it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "Null",
            Value::Bool(_) => "Boolean",
            Value::Number(_) => "Number",
            Value::String(_) => "String",
            Value::Array(_) => "Array",
            Value::Object(_) => "Object",
        }
    }

    /// Whether it is neither an array nor an object.
    pub fn is_primitive(&self) -> bool {
        !matches!(self, Value::Array(_) | Value::Object(_))
    }

    /// Null, `false`, `0`, `-0`, NaN and the empty string are falsy.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(b) => *b,
            Value::Number(n) => *n != 0.0 && !n.is_nan(),
            Value::String(s) => !s.is_empty(),
            Value::Array(_) | Value::Object(_) => true,
        }
    }

    /// What the value is as a number; arrays and objects are NaN.
    pub fn to_number(&self) -> f64 {
        match self {
            Value::Null => 0.0,
            Value::Bool(b) => f64::from(u8::from(*b)),
            Value::Number(n) => *n,
            Value::String(s) => number::parse(s),
            Value::Array(_) | Value::Object(_) => f64::NAN,
        }
    }

    /// What stands in a string where the value is put; arrays and objects become their kind's name.
    pub fn to_text(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(b) => b.to_string(),
            Value::Number(n) => number::format(*n),
            Value::String(s) => s.clone(),
            Value::Array(_) => "Array".to_owned(),
            Value::Object(_) => "Object".to_owned(),
        }
    }

    /// The operator `==`: kinds that differ are compared as numbers, strings without regard to
    /// case, arrays and objects by identity.
    pub fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::String(a), Value::String(b)) => same_text(a, b),
            (Value::Array(a), Value::Array(b)) => Arc::ptr_eq(a, b),
            (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
            (a, b) if a.is_primitive() && b.is_primitive() => a.to_number() == b.to_number(),
            _ => false,
        }
    }

    /// The operators `<`, `<=`, `>`, `>=`: `None` where no order exists, so all four are false.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::String(a), Value::String(b)) => Some(compare_text(a, b)),
            (a, b) if a.is_primitive() && b.is_primitive() => {
                a.to_number().partial_cmp(&b.to_number())
            }
            _ => None,
        }
    }

    /// A property by name, without regard to case.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Object(o) => o.get(key),
            _ => None,
        }
    }

    /// The text of a string; nothing is coerced.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(s) => Some(s),
            _ => None,
        }
    }

    /// The value as `toJSON` prints it.
    pub fn to_json(&self) -> String {
        super::json::print(self)
    }

    /// The value that `fromJSON` reads.
    pub fn from_json(text: &str) -> Result<Value, String> {
        super::json::read(text)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Value::String(s.to_owned())
    }
}
impl From<String> for Value {
    fn from(s: String) -> Self {
        Value::String(s)
    }
}
impl From<&String> for Value {
    fn from(s: &String) -> Self {
        Value::String(s.clone())
    }
}
impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}
impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Value::Number(n)
    }
}
impl From<i32> for Value {
    fn from(n: i32) -> Self {
        Value::Number(f64::from(n))
    }
}
impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Value::Number(f64::from(n))
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::Array(Arc::new(items))
    }
}
impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Value::Object(Arc::new(object))
    }
}

/// One character upper-cased the way .NET's ordinal comparison does: one for one, by Unicode's simple
/// mapping, and nothing that is not ASCII becomes ASCII (dotless i stays what it is).
fn upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let mut up = c.to_uppercase();
    match (up.next(), up.next()) {
        (Some(u), None) if !u.is_ascii() => u,
        // Greek with iota below: its simple mapping is the title case, eight further on or so.
        (Some(_), Some(_)) => match c {
            '\u{1f80}'..='\u{1faf}' if c as u32 & 8 == 0 => {
                char::from_u32(c as u32 + 8).unwrap_or(c)
            }
            '\u{1fb3}' => '\u{1fbc}',
            '\u{1fc3}' => '\u{1fcc}',
            '\u{1ff3}' => '\u{1ffc}',
            _ => c,
        },
        _ => c,
    }
}

pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.chars().map(upper).collect()
}

pub(super) fn same_text(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().map(upper).eq(b.chars().map(upper))
}

/// Ordinal order without regard to case, by UTF-16 unit.
fn compare_text(a: &str, b: &str) -> Ordering {
    let (a, b) = (fold(a), fold(b));
    a.encode_utf16().cmp(b.encode_utf16())
}
