//! What `github.event` has in it.

use super::made::{PAYLOADS, SHAPES};

/// The members of `github.event`, or of an object in it
/// (<https://docs.github.com/webhooks/webhook-events-and-payloads>).
///
/// The packages tell neither types nor lists: the members of what is in a list are the list's own
/// here, so that `commits[0].id` of a push is found as `commits` and then `id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// `None` where nothing is in it that has a name.
    shape: Option<u16>,
}

impl Payload {
    /// What an event of an activity type brings; the type is `default` where the event has none.
    /// `None` if it is not known, as for `merge_group`.
    pub fn of(event: &str, action: &str) -> Option<Payload> {
        let actions = actions(event);
        let found = actions.iter().find(|(name, _)| *name == action);
        found.map(|(_, shape)| Payload {
            shape: Some(*shape),
        })
    }

    /// The activity types for which a payload of the event is known.
    pub fn types(event: &str) -> impl Iterator<Item = &'static str> {
        actions(event).iter().map(|(name, _)| *name)
    }

    /// The members by name, in alphabetical order.
    pub fn members(self) -> impl Iterator<Item = (&'static str, Payload)> {
        let members = self.entries().iter();
        members.map(|(name, shape)| (*name, Payload { shape: *shape }))
    }

    /// A member, found without regard to case.
    pub fn member(self, name: &str) -> Option<Payload> {
        let mut members = self.members();
        let found = members.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, member)| member)
    }

    /// Whether no members are known: a text, a number or a boolean, or anything at all.
    pub fn is_leaf(self) -> bool {
        self.entries().is_empty()
    }

    fn entries(self) -> &'static [(&'static str, Option<u16>)] {
        let found = self.shape.and_then(|shape| SHAPES.get(usize::from(shape)));
        found.copied().unwrap_or(&[])
    }
}

fn actions(event: &str) -> &'static [(&'static str, u16)] {
    // Both events are the same webhook.
    let event = match event {
        "pull_request_target" => "pull_request",
        event => event,
    };
    let found = PAYLOADS.iter().find(|(name, _)| *name == event);
    found.map_or(&[], |(_, actions)| actions)
}
