//! What is known of a value.

use indexmap::IndexMap;

use crate::expr::{Object, Value, fold};

/// A value as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// Known whole.
    Value(Value),
    /// A mapping of which some members are not known.
    Object(Members),
    /// A sequence of which some items are not known.
    Array(Vec<Known>),
    /// Not known, and why.
    Unknown(Unknown),
}

/// A value that is not known, with what is certain about it all the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unknown {
    /// Whether it is truthy, if that is certain.
    truth: Option<bool>,
    /// It is a text that begins so.
    prefix: String,
    /// It is a text that ends so.
    suffix: String,
    /// It is one of these texts; empty if nothing is certain.
    one_of: Vec<String>,
    /// Evaluating it may fail.
    pub(super) may_fail: bool,
    /// What would have to be known, as the expression writes it.
    pub(super) reads: Vec<String>,
}

/// Members of a mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    entries: IndexMap<String, (String, Known)>,
    /// Members that are not listed may exist.
    open: bool,
    /// The expression that read it, if it is open.
    read_as: Option<String>,
}

impl Members {
    /// A mapping that has the members which it is given, and no others.
    pub fn closed() -> Self {
        Self::default()
    }

    /// A mapping that may have more members than it is given.
    pub fn open() -> Self {
        Self {
            open: true,
            ..Self::default()
        }
    }

    /// The same with a member set; names differ by more than case.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Known>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a member.
    pub fn set(&mut self, name: &str, value: impl Into<Known>) {
        let entry = (name.to_owned(), value.into());
        self.entries.insert(fold(name), entry);
    }

    /// The member; absent ones are null in a closed mapping and unknown in an open one.
    pub fn get(&self, name: &str) -> Option<&Known> {
        self.entries.get(&fold(name)).map(|(_, value)| value)
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The members, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.entries
            .values()
            .map(|(name, value)| (name.as_str(), value))
    }
}

impl Known {
    /// Nothing is known.
    pub fn unknown() -> Known {
        Known::Unknown(Unknown::default())
    }

    /// Something truthy, such as a text that is not empty.
    pub fn truthy() -> Known {
        Known::Unknown(Unknown::default().settled(Some(true)))
    }

    /// A text of which only its ends are known.
    pub fn text_like(prefix: &str, suffix: &str) -> Known {
        Known::Unknown(Unknown::like(prefix, suffix))
    }

    /// One of several texts.
    pub fn one_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Known {
        let one_of: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        let truthy = !one_of.is_empty() && one_of.iter().all(|text| !text.is_empty());
        Known::Unknown(Unknown {
            truth: truthy.then_some(true),
            one_of,
            ..Unknown::default()
        })
    }

    /// Whether it is truthy; `None` if that is not known.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Known::Value(value) => Some(value.is_truthy()),
            Known::Object(_) | Known::Array(_) => Some(true),
            Known::Unknown(unknown) => unknown.truth,
        }
    }

    /// The value, if all of it is known.
    pub fn value(&self) -> Option<Value> {
        match self {
            Known::Value(value) => Some(value.clone()),
            Known::Object(members) if !members.open => {
                let entries = members
                    .iter()
                    .map(|(name, member)| Some((name, member.value()?)));
                let object: Option<Object> = entries.collect();
                object.map(Value::from)
            }
            Known::Array(items) => {
                let items: Option<Vec<Value>> = items.iter().map(Known::value).collect();
                items.map(Value::from)
            }
            Known::Object(_) | Known::Unknown(_) => None,
        }
    }

    /// Whether evaluating what is not known of it may fail.
    pub(super) fn may_fail(&self) -> bool {
        match self {
            Known::Unknown(unknown) => unknown.may_fail,
            Known::Array(items) => items.iter().any(Known::may_fail),
            Known::Object(_) | Known::Value(_) => false,
        }
    }

    /// What is missing.
    pub(super) fn into_unknown(self) -> Unknown {
        match self {
            Known::Unknown(unknown) => unknown,
            Known::Array(items) => {
                let mut all = Unknown::default();
                for item in items {
                    all.also(item.into_unknown());
                }
                all
            }
            Known::Object(members) => {
                let mut all = Unknown::of(members.read_as.into_iter().collect());
                for (_, member) in members.entries.into_values() {
                    all.also(member.into_unknown());
                }
                all
            }
            Known::Value(_) => Unknown::default(),
        }
    }

    /// The same, what is not known and was read by nothing yet said to be read by this expression.
    pub(super) fn named(self, text: &str) -> Known {
        match self {
            Known::Unknown(mut unknown) => {
                if unknown.reads.is_empty() {
                    unknown.reads.push(text.to_owned());
                }
                Known::Unknown(unknown)
            }
            Known::Array(items) => {
                Known::Array(items.into_iter().map(|item| item.named(text)).collect())
            }
            Known::Object(mut members) => {
                for (_, member) in members.entries.values_mut() {
                    *member = std::mem::replace(member, Known::Value(Value::Null)).named(text);
                }
                if members.open {
                    members.read_as = Some(text.to_owned());
                }
                Known::Object(members)
            }
            known => known,
        }
    }

    /// The same, said to have been read by this expression if it is not known.
    pub(super) fn read_as(self, text: &str) -> Known {
        match self {
            Known::Unknown(mut unknown) => {
                unknown.reads = vec![text.to_owned()];
                Known::Unknown(unknown)
            }
            Known::Array(items) => {
                Known::Array(items.into_iter().map(|item| item.read_as(text)).collect())
            }
            known => known,
        }
    }
}

impl Unknown {
    pub(super) fn like(prefix: &str, suffix: &str) -> Unknown {
        Unknown {
            truth: (!prefix.is_empty() || !suffix.is_empty()).then_some(true),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            ..Unknown::default()
        }
    }

    pub(super) fn of(reads: Vec<String>) -> Unknown {
        Unknown {
            reads,
            ..Unknown::default()
        }
    }

    /// Takes in what else is unknown; nothing more is certain about the two together.
    pub(super) fn also(&mut self, other: Unknown) {
        for read in other.reads {
            if !self.reads.contains(&read) {
                self.reads.push(read);
            }
        }
        self.may_fail |= other.may_fail;
    }

    /// The same, truthy or not for certain, unless evaluating it may fail.
    pub(super) fn settled(mut self, truth: Option<bool>) -> Unknown {
        self.truth = truth.filter(|_| !self.may_fail);
        self
    }

    /// Whether it equals a text; `None` if that is not known.
    pub(super) fn equals(&self, text: &str) -> Option<bool> {
        let folded = fold(text);
        if !self.one_of.is_empty() {
            let possible = self.one_of.iter().any(|one| fold(one) == folded);
            return if possible { None } else { Some(false) };
        }
        let (prefix, suffix) = (fold(&self.prefix), fold(&self.suffix));
        let fits = folded.len() >= prefix.len() + suffix.len()
            && folded.starts_with(&prefix)
            && folded.ends_with(&suffix);
        if fits { None } else { Some(false) }
    }

    /// Whether it is a text at all is certain only if an end of it is.
    fn is_text(&self) -> bool {
        !self.prefix.is_empty() || !self.suffix.is_empty()
    }

    pub(super) fn starts_with(&self, text: &str) -> Option<bool> {
        if !self.is_text() {
            return None;
        }
        ends(&fold(&self.prefix), &fold(text), |a, b| a.starts_with(b))
    }

    pub(super) fn ends_with(&self, text: &str) -> Option<bool> {
        if !self.is_text() {
            return None;
        }
        ends(&fold(&self.suffix), &fold(text), |a, b| a.ends_with(b))
    }

    pub(super) fn contains(&self, text: &str) -> Option<bool> {
        let text = fold(text);
        let found = fold(&self.prefix).contains(&text) || fold(&self.suffix).contains(&text);
        (self.is_text() && found).then_some(true)
    }
}

/// What a known end of a text says about a text that may be there.
fn ends(end: &str, text: &str, has: fn(&str, &str) -> bool) -> Option<bool> {
    if has(end, text) {
        Some(true)
    } else if has(text, end) {
        None
    } else {
        Some(false)
    }
}

impl From<Value> for Known {
    fn from(value: Value) -> Self {
        Known::Value(value)
    }
}
impl From<Members> for Known {
    fn from(members: Members) -> Self {
        Known::Object(members)
    }
}
impl From<&str> for Known {
    fn from(text: &str) -> Self {
        Known::Value(Value::from(text))
    }
}
impl From<String> for Known {
    fn from(text: String) -> Self {
        Known::Value(Value::from(text))
    }
}
impl From<bool> for Known {
    fn from(value: bool) -> Self {
        Known::Value(Value::from(value))
    }
}
