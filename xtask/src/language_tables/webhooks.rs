//! What `github.event` has in it, by event and activity type.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::process::Failure;

/// Members by name, each with what is in it.
type Tree = BTreeMap<String, Node>;

#[derive(Default)]
struct Node(Tree);

pub(super) struct Tables {
    /// One string a shape: names of members, those with members of their own as `name=shape`.
    pub(super) shapes: Vec<String>,
    /// Shapes by event and activity type.
    pub(super) events: Map<String, Value>,
}

/// Joins the payloads, in which equal parts are stored once. `custom` are sample payloads of events
/// that are no webhooks.
pub(super) fn table(
    webhooks: &Value,
    objects: &Value,
    custom: &[(&str, Value)],
) -> Result<Tables, Failure> {
    let mut tables = Tables {
        shapes: Vec::new(),
        events: Map::new(),
    };
    let mut known = BTreeMap::new();
    for (event, actions) in webhooks.as_object().into_iter().flatten() {
        let mut of_event = Map::new();
        for (action, payload) in actions.as_object().into_iter().flatten() {
            let mut tree = Tree::new();
            for parameter in payload["bodyParameters"].as_array().into_iter().flatten() {
                let parameter = match parameter.as_u64() {
                    Some(at) => &objects[at as usize],
                    None => parameter,
                };
                add_parameter(parameter, &mut tree)?;
            }
            let shape = tables.shape(&tree, &mut known);
            of_event.insert(action.clone(), shape.into());
        }
        tables.events.insert(event.clone(), of_event.into());
    }
    for (event, sample) in custom {
        let mut tree = Tree::new();
        add_sample(sample, &mut tree);
        let shape = tables.shape(&tree, &mut known);
        let of_event = Map::from_iter([("default".to_owned(), shape.into())]);
        tables.events.insert((*event).to_owned(), of_event.into());
    }
    if tables.shapes.len() < 2 {
        return Err(Failure::Setup(
            "the payloads of events are empty".to_owned(),
        ));
    }
    tables.events.sort_keys();
    Ok(tables)
}

fn add_parameter(parameter: &Value, tree: &mut Tree) -> Result<(), Failure> {
    let name = parameter["name"].as_str();
    let name = name.filter(|n| !n.contains([' ', '=']) && !n.is_empty());
    let Some(name) = name else {
        return Err(Failure::Setup(format!(
            "a member without a name: {parameter}"
        )));
    };
    let node = tree.entry(name.to_owned()).or_default();
    for child in parameter["childParamsGroups"]
        .as_array()
        .into_iter()
        .flatten()
    {
        add_parameter(child, &mut node.0)?;
    }
    Ok(())
}

fn add_sample(sample: &Value, tree: &mut Tree) {
    for (name, value) in sample.as_object().into_iter().flatten() {
        add_sample(value, &mut tree.entry(name.clone()).or_default().0);
    }
}

impl Tables {
    /// The number of a shape; the parts of a shape have smaller ones.
    fn shape(&mut self, tree: &Tree, known: &mut BTreeMap<String, usize>) -> usize {
        let members: Vec<String> = tree
            .iter()
            .map(|(name, node)| match node.0.is_empty() {
                true => name.clone(),
                false => format!("{name}={}", self.shape(&node.0, known)),
            })
            .collect();
        let shape = members.join(" ");
        let next = self.shapes.len();
        *known.entry(shape).or_insert_with_key(|shape| {
            self.shapes.push(shape.clone());
            next
        })
    }
}
