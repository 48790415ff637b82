//! The cloud from the outside: what API clients, registries' clients and users see.

mod breaker;
mod calls;
mod deploys;
mod outages;
mod property;
mod registry;
mod story;
mod trust;
