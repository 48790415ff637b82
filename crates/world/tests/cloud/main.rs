//! The cloud from the outside: what API clients, registries' clients and users see.

mod breaker;
mod calls;
mod deploys;
mod lifecycle;
mod outages;
mod permissions;
mod policies;
mod property;
mod registry;
mod shared;
mod story;
mod trust;
