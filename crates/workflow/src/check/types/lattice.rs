//! The types and how they relate.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::expr::{Value, fold};

/// Of how many members it is worked out what any of them is.
const MEMBERS_JOINED: usize = 256;
/// How many members of an object a message names.
const MEMBERS_SHOWN: usize = 12;

/// What a value is known to be. Copies are cheap.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    /// Nothing is known.
    Any,
    Null,
    Number,
    Bool,
    String,
    Array(Arc<Array>),
    Object(Arc<Object>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) items: Type,
    /// Made by `.*`: a name behind it is looked up in each item.
    pub(crate) filtered: bool,
}

/// What is known of an object's members. Names are found without regard to case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object {
    /// By folded name: the name as written, and its type.
    members: IndexMap<String, (String, Type)>,
    /// What any other member is; `None` if there are no others.
    rest: Option<Type>,
}

impl Object {
    /// An object of which only the members that are added are there.
    pub(crate) fn strict() -> Self {
        Self::default()
    }

    /// An object with any members, each of this type.
    pub(crate) fn open(rest: Type) -> Self {
        Self {
            members: IndexMap::new(),
            rest: Some(rest),
        }
    }

    pub(crate) fn with(mut self, name: &str, of: Type) -> Self {
        self.set(name, of);
        self
    }

    pub(crate) fn set(&mut self, name: &str, of: Type) {
        self.members.insert(fold(name), (name.to_owned(), of));
    }

    /// Lets a member be this too.
    pub(crate) fn widen(&mut self, name: &str, of: Type) {
        match self.members.get_mut(&fold(name)) {
            Some((_, known)) => known.absorb(&of),
            None => self.set(name, of),
        }
    }

    /// Lets there be members that are not known.
    pub(crate) fn loosen(&mut self) {
        self.rest = Some(Type::Any);
    }

    /// Lets each member be anything, and others be there too.
    pub(crate) fn loosen_all(&mut self) {
        for (_, of) in self.members.values_mut() {
            *of = Type::Any;
        }
        self.loosen();
    }

    /// Whether there may be members that are not listed.
    pub(crate) fn is_open(&self) -> bool {
        self.rest.is_some()
    }

    /// The type of a member, `None` if it cannot be there.
    pub(crate) fn member(&self, name: &str) -> Option<&Type> {
        let listed = self.members.get(&fold(name)).map(|(_, of)| of);
        listed.or(self.rest.as_ref())
    }

    /// Names and types of the members that are listed.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.members.values().map(|(name, of)| (name.as_str(), of))
    }

    /// What a member of unknown name is.
    pub(crate) fn any_member(&self) -> Type {
        if self.members.len() > MEMBERS_JOINED {
            return Type::Any;
        }
        let all = self.members.values().map(|(_, of)| of).chain(&self.rest);
        Type::union(all).unwrap_or(Type::Any)
    }

    fn absorb(&mut self, other: &Object) {
        for (name, of) in other.members() {
            self.widen(name, of.clone());
        }
        match (&mut self.rest, &other.rest) {
            (Some(a), Some(b)) => a.absorb(b),
            (rest @ None, b) => rest.clone_from(b),
            (Some(_), None) => {}
        }
    }
}

impl From<Object> for Type {
    fn from(object: Object) -> Self {
        Type::Object(Arc::new(object))
    }
}

impl Type {
    pub(crate) fn array(items: Type) -> Type {
        Type::Array(Arc::new(Array {
            items,
            filtered: false,
        }))
    }

    pub(crate) fn filtered(items: Type) -> Type {
        Type::Array(Arc::new(Array {
            items,
            filtered: true,
        }))
    }

    /// The type without the memory of a `.*`.
    pub(crate) fn plain(self) -> Type {
        match self {
            Type::Array(array) if array.filtered => Type::array(array.items.clone().plain()),
            of => of,
        }
    }

    pub(crate) fn of_value(value: &Value) -> Type {
        match value {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Number(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::Array(items) => {
                let items: Vec<Type> = items.iter().map(Type::of_value).collect();
                Type::array(Type::union(&items).unwrap_or(Type::Any))
            }
            Value::Object(object) => {
                let mut members = Object::strict();
                for (name, value) in object.iter() {
                    members.set(name, Type::of_value(value));
                }
                members.into()
            }
        }
    }

    /// Becomes what is either this or the other. Members that only one of two objects has may be
    /// there.
    pub(crate) fn absorb(&mut self, other: &Type) {
        match (&mut *self, other) {
            (a, b) if a == b => {}
            (Type::Array(a), Type::Array(b)) if a.filtered == b.filtered => {
                Arc::make_mut(a).items.absorb(&b.items);
            }
            (Type::Object(a), Type::Object(b)) => Arc::make_mut(a).absorb(b),
            _ => *self = Type::Any,
        }
    }

    /// What is any of several types, if there are any.
    pub(crate) fn union<'t>(types: impl IntoIterator<Item = &'t Type>) -> Option<Type> {
        let mut types = types.into_iter();
        let mut all = types.next()?.clone();
        for of in types {
            all.absorb(of);
        }
        Some(all)
    }

    /// Whether the value can be put into text without becoming a word such as `Object`, or nothing.
    pub(crate) fn is_text(&self) -> bool {
        !matches!(self, Type::Null | Type::Array(_) | Type::Object(_))
    }

    /// Whether two values can be equal at all. Null is compared with anything to learn whether
    /// there is a value.
    pub(crate) fn comparable(&self, other: &Type) -> bool {
        use Type::{Any, Array, Null, Object};
        match (self, other) {
            (Any | Null, _) | (_, Any | Null) => true,
            (Object(_), Object(_)) | (Array(_), Array(_)) => true,
            (Object(_) | Array(_), _) | (_, Object(_) | Array(_)) => false,
            _ => true,
        }
    }

    /// Whether `<` and its like tell anything about such a value.
    pub(crate) fn is_ordered(&self) -> bool {
        matches!(self, Type::Any | Type::Number | Type::String)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("any"),
            Type::Null => f.write_str("null"),
            Type::Number => f.write_str("number"),
            Type::Bool => f.write_str("boolean"),
            Type::String => f.write_str("string"),
            Type::Array(array) => write!(f, "array<{}>", array.items),
            Type::Object(object) => write!(f, "{object}"),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.members.is_empty() {
            return match &self.rest {
                None => f.write_str("{}"),
                Some(Type::Any) => f.write_str("object"),
                Some(rest) => write!(f, "{{string => {rest}}}"),
            };
        }
        f.write_str("{")?;
        for (i, (name, of)) in self.members().take(MEMBERS_SHOWN).enumerate() {
            let separator = if i > 0 { ", " } else { "" };
            match of {
                // The inner members would hide the outer ones.
                Type::Object(_) => write!(f, "{separator}{name}: object")?,
                Type::Array(_) => write!(f, "{separator}{name}: array")?,
                of => write!(f, "{separator}{name}: {of}")?,
            }
        }
        if self.members.len() > MEMBERS_SHOWN || self.rest.is_some() {
            f.write_str(", …")?;
        }
        f.write_str("}")
    }
}
