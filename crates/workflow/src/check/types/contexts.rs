//! The contexts that are the same in every workflow
//! (<https://docs.github.com/actions/reference/workflows-and-actions/contexts>).

use std::sync::LazyLock;

use super::lattice::{Object, Type};
use crate::tables;

/// The members that GitHub's packages name, as strings; what is in a member is left out.
fn members(context: &str) -> Object {
    let names = tables::context_members(context).iter();
    let names = names.filter(|name| !name.contains('.'));
    names.fold(Object::strict(), |object, name| {
        object.with(name, Type::String)
    })
}

/// An object with any members that are strings, such as `env`.
pub(crate) fn texts() -> Type {
    static KNOWN: LazyLock<Type> = LazyLock::new(|| Object::open(Type::String).into());
    KNOWN.clone()
}

/// `github`, whose `event` is given.
pub(crate) fn github(event: Type) -> Type {
    static KNOWN: LazyLock<Object> = LazyLock::new(|| {
        members("github")
            .with("artifact_cache_size_limit", Type::Number)
            .with("ref_protected", Type::Bool)
            .with("event", Object::open(Type::Any).into())
    });
    static DEFAULT: LazyLock<Type> = LazyLock::new(|| KNOWN.clone().into());
    match event {
        Type::Any => DEFAULT.clone(),
        event => KNOWN.clone().with("event", event).into(),
    }
}

/// `runner`.
pub(crate) fn runner() -> Type {
    static KNOWN: LazyLock<Type> = LazyLock::new(|| members("runner").into());
    KNOWN.clone()
}

/// `strategy`.
pub(crate) fn strategy() -> Type {
    static KNOWN: LazyLock<Type> = LazyLock::new(|| {
        members("strategy")
            .with("fail-fast", Type::Bool)
            .with("job-index", Type::Number)
            .with("job-total", Type::Number)
            .with("max-parallel", Type::Number)
            .into()
    });
    KNOWN.clone()
}

/// `job`, with services of these names; `None` where they are not known.
pub(crate) fn job<'n>(services: Option<impl Iterator<Item = &'n str>>) -> Type {
    let network = || {
        Object::strict()
            .with("id", Type::String)
            .with("network", Type::String)
    };
    // Ports are members named by numbers.
    let service: Type = network().with("ports", Type::Any).into();
    let services = match services {
        None => Object::open(service),
        Some(names) => names.fold(Object::strict(), |all, name| {
            all.with(name, service.clone())
        }),
    };
    members("job")
        .with("check_run_id", Type::Number)
        .with("container", network().into())
        .with("services", services.into())
        .into()
}
