//! Reading nodes as what a key wants.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::expr::{Scope, Value};
use crate::model::{ComputedKey, Keys, Pairs};
use crate::place::{Place, Problem, Source, Spanned, Unmodelled};
use crate::suggest;
use crate::template::{Data, Template};
use crate::yaml::{Kind, Node, Resolved};

pub(crate) struct Reader<'s, 't> {
    pub(super) source: &'s Source<'t>,
    pub(super) problems: Vec<Problem>,
    pub(super) unmodelled: Vec<Unmodelled>,
}

/// The entries of a mapping whose keys are all known.
pub(super) struct Fields<'n> {
    entries: Vec<(Spanned<&'static str>, &'n Node<'n>)>,
}

/// Keys and values of a mapping, those apart whose key is an expression.
pub(super) struct Entries<'n> {
    pub(super) written: Vec<(Spanned<String>, &'n Node<'n>)>,
    pub(super) computed: Vec<(ComputedKey, &'n Node<'n>)>,
}

enum Key<'n> {
    Name(Cow<'n, str>),
    Computed(ComputedKey),
}

/// Mappings with fewer keys are searched one by one.
const FEW: usize = 24;

/// Keys that differ only by case are the same key.
fn same_key(a: &str, b: &str) -> bool {
    match a.is_ascii() && b.is_ascii() {
        true => a.eq_ignore_ascii_case(b),
        false => crate::expr::fold(a) == crate::expr::fold(b),
    }
}

impl<'n> Fields<'n> {
    pub(super) fn get(&self, key: &str) -> Option<&'n Node<'n>> {
        self.entry(key).map(|(_, value)| value)
    }

    pub(super) fn entry(&self, key: &str) -> Option<(&Spanned<&'static str>, &'n Node<'n>)> {
        let found = self.entries.iter().find(|(k, _)| k.value == key);
        found.map(|(k, v)| (k, *v))
    }

    pub(super) fn keys(&self) -> Keys {
        Keys(self.entries.iter().map(|(key, _)| key.clone()).collect())
    }
}

impl<'s, 't> Reader<'s, 't> {
    pub(super) fn new(source: &'s Source<'t>) -> Self {
        Self {
            source,
            problems: Vec::new(),
            unmodelled: Vec::new(),
        }
    }

    pub(super) fn place(&self, node: &Node<'_>) -> Place {
        self.source.place_of(node)
    }

    pub(super) fn problem(&mut self, place: &Place, message: impl Into<String>) {
        self.problem_with(place, message, None);
    }

    pub(super) fn problem_with(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        Problem::note(&mut self.problems, || Problem {
            place: place.clone(),
            message: message.into(),
            suggestion,
        });
    }

    pub(super) fn unmodelled(&mut self, key: String, place: &Place, why: &'static str) {
        self.unmodelled.push(Unmodelled {
            key,
            why,
            place: place.clone(),
        });
    }

    /// The node is of another shape than its key wants.
    pub(super) fn unexpected(&mut self, node: &Node<'_>, wanted: &str) {
        let message = match &node.kind {
            Kind::Mapping(_) => "A mapping was not expected".to_owned(),
            Kind::Sequence(_) => "A sequence was not expected".to_owned(),
            Kind::Scalar(s) => format!("Unexpected value '{}'", s.text),
        };
        let way_out = match &node.kind {
            Kind::Scalar(_) => format!("wanted here: {wanted}"),
            _ => format!("wanted here: {wanted}, not {}", node.noun()),
        };
        self.problem_with(&self.place(node), message, Some(way_out));
    }

    /// Keys and values of a mapping, keys unique without regard to case.
    pub(super) fn entries<'n>(
        &mut self,
        node: &'n Node<'n>,
        wanted: &str,
    ) -> Option<Vec<(Spanned<String>, &'n Node<'n>)>> {
        let found = self.entries_in(node, wanted, &Scope::NONE)?;
        Some(found.written)
    }

    /// The same, where keys may be expressions of this scope.
    pub(super) fn entries_in<'n>(
        &mut self,
        node: &'n Node<'n>,
        wanted: &str,
        key_scope: &Scope<'_>,
    ) -> Option<Entries<'n>> {
        let Kind::Mapping(entries) = &node.kind else {
            self.unexpected(node, wanted);
            return None;
        };
        let mut found = Entries {
            written: Vec::with_capacity(entries.len()),
            computed: Vec::new(),
        };
        let mut names = BTreeSet::new();
        for (key, value) in entries {
            let name = match self.key(key, key_scope) {
                Some(Key::Name(name)) => name,
                Some(Key::Computed(key)) => {
                    found.computed.push((key, value));
                    continue;
                }
                None => continue,
            };
            let known = match entries.len() {
                0..FEW => found.written.iter().any(|(k, _)| same_key(&k.value, &name)),
                _ => !names.insert(crate::expr::fold(&name)),
            };
            if known {
                self.defined_twice(&name, key);
                continue;
            }
            let name = Spanned::new(name.into_owned(), self.place(key));
            found.written.push((name, value));
        }
        Some(found)
    }

    /// A key of a mapping, unless it is none.
    fn key<'n>(&mut self, key: &'n Node<'n>, scope: &Scope<'_>) -> Option<Key<'n>> {
        let Some(scalar) = key.scalar() else {
            self.unexpected(key, "a name");
            return None;
        };
        if scalar.text == "<<" && scalar.style == crate::yaml::Style::Plain {
            let way_out = "GitHub knows anchors and aliases but no merge keys: repeat the keys";
            let place = self.place(key);
            self.problem_with(&place, "Unexpected value '<<'", Some(way_out.to_owned()));
            return None;
        }
        let name = scalar.to_text();
        if name.contains("${{") {
            return self.computed_key(key, &name, scope).map(Key::Computed);
        }
        if name.is_empty() {
            self.problem(&self.place(key), "Unexpected value ''");
            return None;
        }
        Some(Key::Name(name))
    }

    fn defined_twice(&mut self, name: &str, key: &Node<'_>) {
        self.problem_with(
            &self.place(key),
            format!("'{name}' is already defined"),
            Some("keys that differ only by case are the same key".to_owned()),
        );
    }

    /// A key with `${{ }}` in it; `insert` is a word of GitHub's that stands for no context.
    fn computed_key(
        &mut self,
        key: &Node<'_>,
        name: &str,
        scope: &Scope<'_>,
    ) -> Option<ComputedKey> {
        let inner = name.strip_prefix("${{").and_then(|n| n.strip_suffix("}}"));
        if !scope.contexts.is_empty() && inner.is_some_and(|i| i.trim() == "insert") {
            return Some(ComputedKey::Insert(self.place(key)));
        }
        let template = self.template(key, scope)?;
        (!template.is_broken()).then_some(ComputedKey::Name(template))
    }

    /// A mapping in which only these keys may stand.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node<'n>,
        known: &[&'static str],
    ) -> Option<Fields<'n>> {
        let (found, unknown) = self.loose_fields(node, known)?;
        for key in unknown {
            let suggestion = suggest::did_you_mean(&key.value, known.iter().copied())
                .or_else(|| Some(format!("known keys here: {}", known.join(", "))));
            let message = format!("Unexpected value '{}'", key.value);
            self.problem_with(&key.place, message, suggestion);
        }
        Some(found)
    }

    /// The same, where GitHub passes over keys that it does not know; those come back apart.
    pub(super) fn loose_fields<'n>(
        &mut self,
        node: &'n Node<'n>,
        known: &[&'static str],
    ) -> Option<(Fields<'n>, Vec<Spanned<String>>)> {
        let Kind::Mapping(entries) = &node.kind else {
            self.unexpected(node, "a mapping");
            return None;
        };
        let mut found = Fields {
            entries: Vec::with_capacity(entries.len().min(known.len())),
        };
        let mut unknown: Vec<Spanned<String>> = Vec::new();
        // Only used where many keys are unknown.
        let mut names = BTreeSet::new();
        for (key, value) in entries {
            let Some(Key::Name(name)) = self.key(key, &Scope::NONE) else {
                continue;
            };
            let twice = found.entries.iter().any(|(k, _)| same_key(k.value, &name))
                || match entries.len() {
                    0..FEW => unknown.iter().any(|k| same_key(&k.value, &name)),
                    _ => !names.insert(crate::expr::fold(&name)),
                };
            if twice {
                self.defined_twice(&name, key);
                continue;
            }
            let place = self.place(key);
            match known.iter().copied().find(|known| *known == name) {
                Some(name) => found.entries.push((Spanned::new(name, place), value)),
                None => unknown.push(Spanned::new(name.into_owned(), place)),
            }
        }
        Some((found, unknown))
    }

    pub(super) fn required<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
        mapping: &Node<'_>,
    ) -> Option<&'n Node<'n>> {
        let found = fields.get(key);
        if found.is_none() {
            let message = format!("Required property is missing: {key}");
            self.problem(&self.place(mapping), message);
        }
        found
    }

    pub(super) fn template(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Option<Template> {
        let Kind::Scalar(scalar) = &node.kind else {
            self.unexpected(node, "a single value");
            return None;
        };
        let place = self.place(node);
        let problems = &mut self.problems;
        let template = Template::read(scalar, place, scope, self.source, problems);
        Some(template)
    }

    /// A template that is not empty.
    pub(super) fn filled(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Option<Template> {
        let template = self.template(node, scope)?;
        if template.as_literal() == Some("") {
            self.problem(&self.place(node), "Unexpected value ''");
            return None;
        }
        Some(template)
    }

    /// A number or an expression.
    pub(super) fn number(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Option<Template> {
        let template = self.template(node, scope)?;
        let fits = match template.literal() {
            None => template.is_broken() || template.whole().is_some(),
            Some(value) => matches!(value, Value::Number(_)),
        };
        if !fits {
            self.unexpected(node, "a number or an expression");
        }
        fits.then_some(template)
    }

    /// A boolean or an expression.
    pub(super) fn boolean(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Option<Template> {
        let template = self.template(node, scope)?;
        let fits = match template.literal() {
            None => template.is_broken() || template.whole().is_some(),
            Some(value) => matches!(value, Value::Bool(_)),
        };
        if !fits {
            self.unexpected(node, "true, false or an expression");
        }
        fits.then_some(template)
    }

    /// `true` or `false`, no expression.
    pub(super) fn flag(&mut self, node: &Node<'_>) -> Option<bool> {
        match node.scalar().map(|s| &s.value) {
            Some(Resolved::Bool(b)) => Some(*b),
            _ => {
                self.unexpected(node, "true or false");
                None
            }
        }
    }

    /// Text without expressions.
    pub(super) fn text(&mut self, node: &Node<'_>) -> Option<Spanned<String>> {
        let template = self.template(node, &Scope::NONE)?;
        let text = template.as_literal()?.to_owned();
        Some(Spanned::new(text, self.place(node)))
    }

    /// Text without expressions that is not empty.
    pub(super) fn word(&mut self, node: &Node<'_>) -> Option<Spanned<String>> {
        let text = self.text(node)?;
        if text.value.is_empty() {
            self.problem(&self.place(node), "Unexpected value ''");
            return None;
        }
        Some(text)
    }

    /// One word or a sequence of words.
    pub(super) fn words(&mut self, node: &Node<'_>) -> Vec<Spanned<String>> {
        match &node.kind {
            Kind::Sequence(items) => items.iter().filter_map(|item| self.word(item)).collect(),
            Kind::Scalar(_) => self.word(node).into_iter().collect(),
            Kind::Mapping(_) => {
                self.unexpected(node, "a name or a sequence of names");
                Vec::new()
            }
        }
    }

    pub(super) fn sequence<'n>(
        &mut self,
        node: &'n Node<'n>,
        wanted: &str,
    ) -> Option<&'n [Node<'n>]> {
        match &node.kind {
            Kind::Sequence(items) => Some(items),
            _ => {
                self.unexpected(node, wanted);
                None
            }
        }
    }

    /// A mapping of names to templates.
    pub(super) fn pairs(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Pairs {
        let mut pairs = Pairs {
            place: Some(self.place(node)),
            ..Pairs::default()
        };
        let Some(entries) = self.entries_in(node, "a mapping of names to values", scope) else {
            return pairs;
        };
        for (key, value) in entries.written {
            if let Some(value) = self.template(value, scope) {
                pairs.entries.push((key, value));
            }
        }
        for (key, value) in entries.computed {
            if let Some(value) = self.template(value, scope) {
                pairs.computed.push((key, value));
            }
        }
        pairs
    }

    /// The same, where GitHub also takes one expression for the whole mapping.
    pub(super) fn pairs_or_expression(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Pairs {
        match self.whole_expression(node, scope) {
            Some(template) => Pairs {
                whole: Some(Box::new(template)),
                place: Some(self.place(node)),
                ..Pairs::default()
            },
            None => self.pairs(node, scope),
        }
    }

    /// The node as one `${{ }}`, if it is that, even if the expression in it is broken.
    pub(super) fn whole_expression(
        &mut self,
        node: &Node<'_>,
        scope: &Scope<'_>,
    ) -> Option<Template> {
        let text = &node.scalar()?.text;
        if !text.starts_with("${{") {
            return None;
        }
        let template = self.template(node, scope)?;
        (template.is_broken() || template.whole().is_some()).then_some(template)
    }

    pub(super) fn data(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Option<Data> {
        let place = self.place(node);
        match &node.kind {
            Kind::Scalar(_) => Some(Data::Scalar(self.template(node, scope)?)),
            Kind::Sequence(items) => {
                let items = items.iter().filter_map(|i| self.data(i, scope)).collect();
                Some(Data::Sequence(items, place))
            }
            Kind::Mapping(_) => {
                let entries = self.entries_in(node, "a mapping", scope)?;
                for (key, _) in &entries.computed {
                    let why = "a key that is computed is not read";
                    let name = key.place().excerpt(self.source.text).unwrap_or_default();
                    self.unmodelled(name.to_owned(), key.place(), why);
                }
                let entries = entries
                    .written
                    .into_iter()
                    .filter_map(|(key, value)| Some((key, self.data(value, scope)?)))
                    .collect();
                Some(Data::Mapping(entries, place))
            }
        }
    }
}
