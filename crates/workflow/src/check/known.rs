//! What is known of published actions: their inputs and outputs, by name and version.
//!
//! `data/actions.tsv` is written by `cargo xtask action-table` from the actions' own metadata
//! files. It is read when a workflow first uses an action of a repository.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::ActionRef;

const TABLE: &str = include_str!("../../data/actions.tsv");

/// An action of a repository as its `action.yml` describes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownAction {
    /// `runs.using`.
    pub(crate) using: &'static str,
    pub(crate) inputs: Vec<KnownInput>,
    /// It takes inputs that its metadata does not name.
    pub(crate) open_inputs: bool,
    pub(crate) outputs: Vec<&'static str>,
    /// It sets outputs that its metadata does not name.
    pub(crate) open_outputs: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct KnownInput {
    pub(crate) name: &'static str,
    /// Required, and without a default.
    pub(crate) required: bool,
    /// The message with which the action deprecates it.
    pub(crate) deprecated: Option<&'static str>,
}

/// By action and by version; looked up alone, never iterated.
type Table = HashMap<&'static str, Vec<(Vec<&'static str>, KnownAction)>>;

static ACTIONS: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::new();
    let lines = TABLE.lines().filter(|l| !l.starts_with('#'));
    for (name, refs, action) in lines.filter_map(line) {
        table.entry(name).or_default().push((refs, action));
    }
    table
});

/// The metadata of an action at the version that is named, if both are known.
pub(crate) fn known(action: &ActionRef) -> Option<&'static KnownAction> {
    let ActionRef::Repository { git_ref, .. } = action else {
        return None;
    };
    let versions = ACTIONS.get(action.name()?.as_str())?;
    let found = versions
        .iter()
        .find(|(refs, _)| refs.contains(&git_ref.as_str()));
    found.map(|(_, action)| action)
}

/// Columns: name, versions, `runs.using`, inputs, outputs, then one `input=message` for each that
/// is deprecated. `!` behind an input means required, `*` among inputs or outputs that there are
/// others.
fn line(text: &'static str) -> Option<(&'static str, Vec<&'static str>, KnownAction)> {
    let mut columns = text.split('\t');
    let (name, refs) = (columns.next()?, columns.next()?);
    let mut action = KnownAction {
        using: columns.next()?,
        ..KnownAction::default()
    };
    for word in columns.next()?.split_whitespace() {
        if word == "*" {
            action.open_inputs = true;
            continue;
        }
        let name = word.trim_end_matches('!');
        action.inputs.push(KnownInput {
            name,
            required: word.len() > name.len(),
            deprecated: None,
        });
    }
    for word in columns.next()?.split_whitespace() {
        match word {
            "*" => action.open_outputs = true,
            name => action.outputs.push(name),
        }
    }
    for (name, message) in columns.filter_map(|c| c.split_once('=')) {
        let inputs = action.inputs.iter_mut();
        for input in inputs.filter(|i| i.name == name) {
            input.deprecated = Some(message);
        }
    }
    Some((name, refs.split(',').collect(), action))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(uses: &str) -> Option<&'static KnownAction> {
        known(&ActionRef::parse(uses).expect("an action"))
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|l| !l.starts_with('#'));
        for text in lines {
            let (name, refs, action) = line(text).unwrap_or_else(|| panic!("not read: {text}"));
            assert!(name.contains('/') && !refs.is_empty(), "{text}");
            assert_eq!(name, name.to_ascii_lowercase());
            assert!(!action.using.is_empty(), "{text}");
        }
    }

    #[test]
    fn versions_of_an_action_differ() {
        let cache = get("actions/cache@v4").expect("known");
        let required = cache.inputs.iter().filter(|i| i.required);
        assert_eq!(
            required.map(|i| i.name).collect::<Vec<_>>(),
            ["key", "path"]
        );
        assert!(cache.outputs.contains(&"cache-hit"));
        assert_eq!(get("Actions/Checkout@v3").expect("known").using, "node16");
        assert_eq!(get("actions/checkout@v6").expect("known").using, "node24");
        assert!(get("actions/checkout@no-such-version").is_none());
        assert!(
            get("octokit/request-action@v2.x")
                .expect("known")
                .open_inputs
        );
    }
}
