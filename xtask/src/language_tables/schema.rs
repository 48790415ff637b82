//! The schemas of `@actions/workflow-parser`.

use serde_json::{Map, Value, json};

use crate::process::Failure;

/// Definitions that older readers used, and that the strict ones take the place of.
const REPLACED: &[&str] = &[
    "workflow-root",
    "on-mapping",
    "action-root",
    "input",
    "container-runs",
    "node-runs",
    "composite-runs",
    "plugin-runs",
];

pub(super) struct Schema {
    definitions: Map<String, Value>,
}

impl Schema {
    pub(super) fn read(file: &Value) -> Result<Schema, Failure> {
        let definitions = file["definitions"].as_object().cloned();
        let definitions = definitions.ok_or_else(|| missing("definitions"))?;
        Ok(Schema { definitions })
    }

    fn definition(&self, name: &str) -> Result<&Value, Failure> {
        self.definitions.get(name).ok_or_else(|| missing(name))
    }

    fn in_use(&self) -> impl Iterator<Item = (&String, &Value)> {
        let all = self.definitions.iter();
        all.filter(|(name, _)| !REPLACED.contains(&name.as_str()))
    }

    /// What expressions may name, by definition.
    pub(super) fn places(&self) -> Value {
        let mut places = Map::new();
        for (name, definition) in self.in_use() {
            let Some(context) = definition["context"].as_array() else {
                continue;
            };
            let words = context.iter().filter_map(Value::as_str);
            let (functions, contexts): (Vec<_>, Vec<_>) = words.partition(|w| w.contains('('));
            let mut place = json!({ "contexts": contexts });
            if !functions.is_empty() {
                place["functions"] = functions.into();
            }
            places.insert(name.clone(), place);
        }
        places.into()
    }

    /// Keys of mappings whose keys are fixed, by definition; of events see [`Schema::events`].
    pub(super) fn keys(&self) -> Value {
        let mut keys = Map::new();
        let events = self.event_definitions();
        for (name, definition) in self.in_use() {
            let Some(properties) = definition["mapping"]["properties"].as_object() else {
                continue;
            };
            let event = name.strip_suffix("-mapping");
            if event.is_some_and(|e| events.contains(&e)) || name == "permissions-mapping" {
                continue;
            }
            let names: Vec<&String> = properties.keys().collect();
            keys.insert(name.clone(), json!(names));
        }
        keys.into()
    }

    /// Words of which one must stand, by definition; of events see [`Schema::events`].
    pub(super) fn values(&self) -> Value {
        let mut values = Map::new();
        for (name, definition) in self.in_use() {
            if let Some(words) = definition.get("allowed-values")
                && !name.ends_with("-activity-type")
            {
                values.insert(name.clone(), words.clone());
            }
        }
        values.into()
    }

    fn event_definitions(&self) -> Vec<&str> {
        let events = self.definitions.get("on-mapping-strict");
        let events = events.and_then(|on| on["mapping"]["properties"].as_object());
        let names = events.into_iter().flat_map(Map::values);
        names.filter_map(type_of).collect()
    }

    /// The events with the keys under them and their activity types.
    pub(super) fn events(&self) -> Result<Value, Failure> {
        let on = self.definition("on-mapping-strict")?;
        let mut events = Map::new();
        for (event, of) in on["mapping"]["properties"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let name = type_of(of).ok_or_else(|| missing(event))?;
            let mapping = self.definitions.get(&format!("{name}-mapping"));
            let keys = mapping.and_then(|m| m["mapping"]["properties"].as_object());
            let keys: Vec<&String> = keys.into_iter().flat_map(Map::keys).collect();
            let types = self.definitions.get(&format!("{name}-activity-type"));
            let types = types.and_then(|t| t.get("allowed-values"));
            let types = types.cloned().unwrap_or_else(|| json!([]));
            events.insert(event.clone(), json!({ "keys": keys, "types": types }));
        }
        Ok(events.into())
    }

    /// The scopes of the token with what each can be given.
    pub(super) fn permissions(&self) -> Result<Value, Failure> {
        let mapping = self.definition("permissions-mapping")?;
        let mut permissions = Map::new();
        let properties = mapping["mapping"]["properties"].as_object();
        for (scope, of) in properties.into_iter().flatten() {
            let levels = type_of(of).ok_or_else(|| missing(scope))?;
            let levels = self.definition(levels)?["one-of"].as_array();
            let mut words = Vec::new();
            for level in levels.into_iter().flatten().filter_map(Value::as_str) {
                words.push(self.definition(level)?["string"]["constant"].clone());
            }
            permissions.insert(scope.clone(), words.into());
        }
        Ok(permissions.into())
    }
}

/// A property is a definition's name, or a mapping with it under `type`.
fn type_of(property: &Value) -> Option<&str> {
    property.as_str().or_else(|| property["type"].as_str())
}

fn missing(name: &str) -> Failure {
    Failure::Setup(format!("the schema has no `{name}` as expected"))
}
