//! The hub from the outside: what people, runners and API clients see.

mod api;
mod gates;
mod identity;
mod locks;
mod pulls;
mod random;
mod runs;
mod story;
