//! Mappings that files fill freely: `env`, `with`, `outputs`, `secrets`.

use std::ops::Deref;

use crate::place::{Place, Spanned};
use crate::template::Template;

/// A mapping of names to values, such as `env`, `with`, `outputs` or `secrets`.
///
/// Read as a slice it gives the pairs whose names are written out. GitHub also takes one expression
/// for the whole mapping ([`Pairs::whole`]), and expressions as keys ([`Pairs::computed`]): who
/// evaluates the pairs must look at both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    pub(crate) entries: Vec<(Spanned<String>, Template)>,
    /// Pairs whose name is known only when the file is evaluated.
    pub computed: Vec<(ComputedKey, Template)>,
    /// The one expression that gives the whole mapping; there are no pairs then.
    pub whole: Option<Box<Template>>,
    /// The mapping, without its key; absent where the file has none.
    pub place: Option<Place>,
}

/// A key that is an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ComputedKey {
    /// Its value is the name.
    Name(Template),
    /// `${{ insert }}`: the value is a mapping whose pairs stand here.
    Insert(Place),
}

impl ComputedKey {
    /// Where the key stands.
    pub fn place(&self) -> &Place {
        match self {
            ComputedKey::Name(template) => template.place(),
            ComputedKey::Insert(place) => place,
        }
    }
}

impl Pairs {
    /// The pairs whose names are written out.
    pub fn as_slice(&self) -> &[(Spanned<String>, Template)] {
        &self.entries
    }

    /// The value of a name that is written so, in this case.
    pub fn get(&self, name: &str) -> Option<&Template> {
        let found = self.entries.iter().find(|(key, _)| key.value == name);
        found.map(|(_, value)| value)
    }

    /// Whether every name is written out.
    pub fn is_literal(&self) -> bool {
        self.whole.is_none() && self.computed.is_empty()
    }

    /// Every template: values, computed names, and the one that gives the whole.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let written = self.entries.iter().map(|(_, value)| value);
        let computed = self.computed.iter().flat_map(|(key, value)| {
            let name = match key {
                ComputedKey::Name(name) => Some(name),
                ComputedKey::Insert(_) => None,
            };
            name.into_iter().chain(Some(value))
        });
        written.chain(computed).chain(self.whole.as_deref())
    }
}

impl Deref for Pairs {
    type Target = [(Spanned<String>, Template)];

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl<'a> IntoIterator for &'a Pairs {
    type Item = &'a (Spanned<String>, Template);
    type IntoIter = std::slice::Iter<'a, (Spanned<String>, Template)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}
