//! A service's `events[]`, as ECS words them.

use std::collections::VecDeque;

use crate::Instant;
use crate::cloud::mint::Mint;

/// ECS keeps the last hundred.
const KEPT: usize = 100;

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) at: Instant,
    pub(crate) text: String,
}

/// The newest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messages(VecDeque<Message>);

impl Messages {
    pub(crate) fn say(&mut self, mint: &mut Mint, at: Instant, service: &str, text: &str) {
        let hex = mint.hex("service event", 32);
        let id = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-");
        let text = format!("(service {service}) {text}");
        self.0.push_front(Message { id, at, text });
        self.0.truncate(KEPT);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.0.iter()
    }
}

/// `(task a) (task b)`
pub(crate) fn tasks<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let named: Vec<_> = ids.into_iter().map(|id| format!("(task {id})")).collect();
    named.join(" ")
}
