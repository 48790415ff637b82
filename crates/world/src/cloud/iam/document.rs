//! Policy documents, read once.

use serde_json::{Map, Value};

use super::condition::{Condition, texts};
use super::context::Context;
use super::pattern::{Fit, Grammar, Pattern};
use super::principal::{Asker, Named, Principals};

/// Why a policy document cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    pub(crate) statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) allows: bool,
    principals: Option<Principals>,
    actions: Choice,
    /// Trust policies name no resource: it is the role.
    resources: Option<Choice>,
    conditions: Vec<Condition>,
    /// What of the statement is not understood.
    unclear: Option<String>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    not: bool,
    patterns: Vec<Pattern>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// `service:Operation`
    pub(crate) action: &'a str,
    /// An ARN or `*`.
    pub(crate) resource: &'a str,
}

/// The texts of a statement that cover what was asked for, by their places in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cover {
    pub(crate) actions: Vec<usize>,
    pub(crate) resources: Vec<usize>,
}

impl PolicyDocument {
    /// Reads a document, given as JSON.
    pub fn read(document: &Value) -> Result<Self, PolicyError> {
        let error = |text: &str| PolicyError(text.to_owned());
        let members = document
            .as_object()
            .ok_or_else(|| error("a policy is an object"))?;
        let variables = match members.get("Version").and_then(Value::as_str) {
            Some("2012-10-17") => true,
            None | Some("2008-10-17") => false,
            Some(_) => {
                return Err(error(
                    "the `Version` of a policy is 2012-10-17 or 2008-10-17",
                ));
            }
        };
        let statements = match members.get("Statement") {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(error("a policy has a `Statement`")),
        };
        let statements = statements
            .into_iter()
            .map(|statement| Statement::read(statement, variables))
            .collect::<Result<_, _>>()?;
        Ok(Self { statements })
    }

    pub(crate) fn of_everything() -> Self {
        let everything = Grammar {
            wildcards: true,
            variables: false,
        };
        let all = Choice {
            not: false,
            patterns: vec![Pattern::new("*", everything)],
        };
        Self {
            statements: vec![Statement {
                allows: true,
                principals: None,
                actions: all.clone(),
                resources: Some(all),
                conditions: Vec::new(),
                unclear: None,
            }],
        }
    }

    /// Reads a document from its text.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let document = serde_json::from_str(text)
            .map_err(|error| PolicyError(format!("it is not JSON: {error}")))?;
        Self::read(&document)
    }

    /// The actions and resources that each statement which allows names, as they are written.
    pub fn grants(&self) -> impl Iterator<Item = (usize, Vec<&str>, Vec<&str>)> {
        let statements = self.statements.iter().enumerate();
        statements
            .filter(|(_, one)| one.allows)
            .map(move |(at, one)| {
                let resources = one.resources.as_ref().map(Choice::written);
                (at, one.actions.written(), resources.unwrap_or_default())
            })
    }
}

impl Statement {
    fn read(statement: &Value, variables: bool) -> Result<Self, PolicyError> {
        let members = statement
            .as_object()
            .ok_or_else(|| PolicyError("a statement is an object".into()))?;
        let allows = match members.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => {
                return Err(PolicyError(
                    "the `Effect` of a statement is `Allow` or `Deny`".into(),
                ));
            }
        };
        let action = Grammar {
            wildcards: true,
            variables: false,
        };
        let resource = Grammar {
            wildcards: true,
            variables,
        };
        let mut unclear = unknown_element(members);
        let mut note = |what: String| {
            unclear.get_or_insert(what);
        };
        let mut choice =
            |name: &str, not: &str, grammar| match Choice::read(members, name, not, grammar) {
                Ok(choice) => choice,
                Err(what) => {
                    note(what);
                    None
                }
            };
        let resources = choice("Resource", "NotResource", resource);
        let actions = choice("Action", "NotAction", action);
        let principals = match Principals::read(members) {
            Ok(principals) => principals,
            Err(what) => {
                note(what);
                None
            }
        };
        let conditions = match members
            .get("Condition")
            .map(|c| Condition::read(c, variables))
        {
            None => Vec::new(),
            Some(Ok(conditions)) => conditions,
            Some(Err(what)) => {
                note(what);
                Vec::new()
            }
        };
        let actions = match (actions, &unclear) {
            (Some(actions), _) => actions,
            (None, Some(_)) => Choice {
                not: false,
                patterns: Vec::new(),
            },
            (None, None) => {
                return Err(PolicyError(
                    "a statement has an `Action` or a `NotAction`".into(),
                ));
            }
        };
        Ok(Self {
            allows,
            principals,
            actions,
            resources,
            conditions,
            unclear,
        })
    }

    /// Whether the statement is about a request, whoever makes it; with what of it says so.
    pub(crate) fn covers(&self, wanted: Wanted<'_>, context: &Context) -> (Fit, Cover) {
        if let Some(what) = &self.unclear {
            return (Fit::Unknown(what.clone()), Cover::default());
        }
        let mut cover = Cover::default();
        let (fit, at) = self
            .actions
            .fits(|pattern| pattern.fits_any_case(wanted.action, context));
        if fit == Fit::No {
            return (Fit::No, cover);
        }
        cover.actions = at;
        let mut fits = vec![fit];
        if let Some(resources) = &self.resources {
            let (fit, at) =
                resources.fits(|pattern| pattern.fits_resource(wanted.resource, context));
            cover.resources = at;
            fits.push(fit);
        }
        fits.extend(self.conditions.iter().map(|one| one.holds(context)));
        (Fit::all(fits), cover)
    }

    pub(crate) fn names_resources(&self) -> bool {
        self.resources.is_some() || self.unclear.is_some()
    }

    /// How the statement names who asks; a policy of an identity names nobody.
    pub(crate) fn names(&self, asker: &Asker) -> Named {
        match &self.principals {
            Some(principals) => principals.name(asker),
            None => Named::NotAtAll,
        }
    }
}

impl Choice {
    fn read(
        members: &Map<String, Value>,
        name: &str,
        not: &str,
        grammar: Grammar,
    ) -> Result<Option<Self>, String> {
        let (negated, value) = match (members.get(name), members.get(not)) {
            (Some(_), Some(_)) => return Err(format!("both `{name}` and `{not}`")),
            (Some(value), None) => (false, value),
            (None, Some(value)) => (true, value),
            (None, None) => return Ok(None),
        };
        let texts = texts(value).ok_or_else(|| format!("the form of `{name}`"))?;
        Ok(Some(Self {
            not: negated,
            patterns: texts
                .iter()
                .map(|text| Pattern::new(text, grammar))
                .collect(),
        }))
    }

    /// What it names, as it is written; nothing where it names what is left out.
    fn written(&self) -> Vec<&str> {
        match self.not {
            true => Vec::new(),
            false => self.patterns.iter().map(Pattern::text).collect(),
        }
    }

    /// Whether it covers what `fits` asks, and the places of the patterns that do.
    fn fits(&self, fits: impl Fn(&Pattern) -> Fit) -> (Fit, Vec<usize>) {
        let each: Vec<Fit> = self.patterns.iter().map(fits).collect();
        let places = each.iter().enumerate();
        let places = places
            .filter(|(_, fit)| **fit == Fit::Yes)
            .map(|(at, _)| at)
            .collect();
        let any = Fit::any(each);
        match self.not {
            true => (any.not(), Vec::new()),
            false => (any, places),
        }
    }
}

fn unknown_element(members: &Map<String, Value>) -> Option<String> {
    const KNOWN: &[&str] = &[
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let unknown = members.keys().find(|key| !KNOWN.contains(&key.as_str()))?;
    Some(format!("the element `{unknown}`"))
}
