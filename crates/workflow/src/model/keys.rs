//! Where keys stand.

use crate::place::{Place, Spanned};

/// The known keys of a mapping with the places of the keys themselves, in the order of the file.
/// The places of what they hold are in the fields of the same names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(pub(crate) Vec<Spanned<&'static str>>);

impl Keys {
    /// Where a key such as `runs-on` is written, if it is.
    pub fn place(&self, key: &str) -> Option<&Place> {
        self.iter().find(|k| k.value == key).map(|k| &k.place)
    }

    /// The keys, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Spanned<&'static str>> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Keys {
    type Item = &'a Spanned<&'static str>;
    type IntoIter = std::slice::Iter<'a, Spanned<&'static str>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
