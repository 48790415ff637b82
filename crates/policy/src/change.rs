//! Two readings of one repository's rules → what the later one asks for less, more, or otherwise.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::setting::{Draft, Key, Value};
use crate::{Place, Provenance, Reading, Trigger};

/// One value that differs between two readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The JSON pointer of the value.
    pub pointer: String,
    pub effect: Effect,
    /// The value as it would be written; nothing where there was none.
    pub was: Option<String>,
    pub now: Option<String>,
    /// Where the earlier rules say it, and the later ones.
    pub was_said: Option<Place>,
    pub now_said: Option<Place>,
}

/// What a change does to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Something is asked for no more, or less of it.
    Weakens,
    /// Neither more nor less: another name, branch or place.
    Alters,
    Strengthens,
}

/// What differs from `base` to `now`: what is weaker first, then in the order of the policy.
pub fn changes(base: &Reading, now: &Reading) -> Vec<Change> {
    let (earlier, later) = (Draft::from(&base.policy), Draft::from(&now.policy));
    let keys: BTreeSet<Key> = earlier.keys().chain(later.keys()).collect();
    let mut changes: Vec<Change> = keys
        .into_iter()
        .filter_map(|key| {
            let (was, is) = (earlier.get(key), later.get(key));
            if was == is {
                return None;
            }
            let services = base.policy.services.len().max(now.policy.services.len());
            let pointer = key.pointers(services).into_iter().next()?;
            let said = |reading: &Reading| match reading.provenance.get(&pointer) {
                Some(Provenance::Place(place)) => Some(place.clone()),
                _ => None,
            };
            Some(Change {
                effect: effect(was, is),
                was: was.map(Value::to_string),
                now: is.map(Value::to_string),
                was_said: said(base),
                now_said: said(now),
                pointer,
            })
        })
        .collect();
    changes.sort_by_key(|change| change.effect);
    changes
}

fn effect(was: Option<&Value>, now: Option<&Value>) -> Effect {
    let demands = |value: &Value| {
        matches!(
            value,
            Value::Given
                | Value::Flag(true)
                | Value::Percent(_)
                | Value::Severities(_)
                | Value::Count(_)
                | Value::Command(_)
                | Value::Days(_)
                | Value::Hours(_)
        )
    };
    match (was, now) {
        (Some(was), None) if demands(was) => Effect::Weakens,
        (None, Some(now)) if demands(now) => Effect::Strengthens,
        (Some(Value::Percent(was)), Some(Value::Percent(now))) => by(now > was),
        (Some(Value::Severities(was)), Some(Value::Severities(now))) => {
            if was.iter().all(|severity| now.contains(severity)) {
                Effect::Strengthens
            } else {
                Effect::Weakens
            }
        }
        (Some(Value::Count(was)), Some(Value::Count(now))) => by(now > was),
        (Some(Value::Days(was)), Some(Value::Days(now))) => by(was.and(*now) == Some(*now)),
        (Some(Value::Hours(was)), Some(Value::Hours(now))) => by(was.and(*now) == Some(*now)),
        (Some(Value::Trigger(Trigger::Manual)), Some(Value::Trigger(Trigger::Merge))) => {
            Effect::Weakens
        }
        (Some(Value::Trigger(Trigger::Merge)), Some(Value::Trigger(Trigger::Manual))) => {
            Effect::Strengthens
        }
        _ => Effect::Alters,
    }
}

const fn by(more: bool) -> Effect {
    if more {
        Effect::Strengthens
    } else {
        Effect::Weakens
    }
}
