//! The contexts that are the same in every workflow
//! (<https://docs.github.com/actions/reference/workflows-and-actions/contexts>).

use std::sync::LazyLock;

use super::lattice::{Object, Type};

fn strings(names: &[&str]) -> Object {
    names.iter().fold(Object::strict(), |object, name| {
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
        strings(&[
            "action",
            "action_path",
            "action_ref",
            "action_repository",
            "action_status",
            "actor",
            "actor_id",
            "api_url",
            "artifacts",
            "artifacts_list",
            "base_ref",
            "env",
            "event_name",
            "event_path",
            "graphql_url",
            "head_ref",
            "job",
            "output",
            "path",
            "ref",
            "ref_name",
            "ref_type",
            "repository",
            "repository_id",
            "repository_owner",
            "repository_owner_id",
            "repository_visibility",
            "repositoryUrl",
            "retention_days",
            "run_attempt",
            "run_id",
            "run_number",
            "secret_source",
            "server_url",
            "sha",
            "state",
            "step_summary",
            "token",
            "triggering_actor",
            "workflow",
            "workflow_ref",
            "workflow_sha",
            "workspace",
        ])
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
    static KNOWN: LazyLock<Type> = LazyLock::new(|| {
        // `workspace` is not documented, and there.
        strings(&[
            "name",
            "os",
            "arch",
            "temp",
            "tool_cache",
            "debug",
            "environment",
            "workspace",
        ])
        .into()
    });
    KNOWN.clone()
}

/// `strategy`.
pub(crate) fn strategy() -> Type {
    static KNOWN: LazyLock<Type> = LazyLock::new(|| {
        Object::strict()
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
    // Ports are members named by numbers.
    let service: Type = strings(&["id", "network"]).with("ports", Type::Any).into();
    let services = match services {
        None => Object::open(service),
        Some(names) => names.fold(Object::strict(), |all, name| {
            all.with(name, service.clone())
        }),
    };
    strings(&[
        "status",
        "workflow_ref",
        "workflow_sha",
        "workflow_repository",
        "workflow_file_path",
    ])
    .with("check_run_id", Type::Number)
    .with("container", strings(&["id", "network"]).into())
    .with("services", services.into())
    .into()
}
