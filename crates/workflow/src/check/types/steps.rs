//! What `steps` is while the steps of a job or of an action go on.

use std::sync::Arc;

use super::contexts;
use super::lattice::{Object, Type};
use crate::check::known;
use crate::check::repository::Repository;
use crate::model::{ActionRef, Step, StepKind};

/// The steps of one list that are through, as far as anybody asked.
pub(super) struct Steps<'w> {
    all: &'w [Step],
    /// When all are through.
    whole: Option<Type>,
    /// Before the step with this number.
    so_far: (usize, Arc<Object>),
}

impl<'w> Steps<'w> {
    pub(super) fn new(all: &'w [Step]) -> Self {
        Self {
            all,
            whole: None,
            so_far: (0, Arc::default()),
        }
    }

    /// The context when so many steps are through; all of them with `None`.
    pub(super) fn after(&mut self, through: Option<usize>, repository: &Repository<'_>) -> Type {
        let Some(through) = through else {
            let make = || {
                let mut steps = Object::strict();
                for step in self.all {
                    add(&mut steps, step, repository);
                }
                steps.into()
            };
            return self.whole.get_or_insert_with(make).clone();
        };
        let (done, steps) = &mut self.so_far;
        if *done > through {
            (*done, *steps) = (0, Arc::default());
        }
        for step in self.all.get(*done..through).unwrap_or(&[]) {
            // No copy: whoever asked before has let go of it.
            add(Arc::make_mut(steps), step, repository);
        }
        *done = through;
        Type::Object(steps.clone())
    }
}

fn add(steps: &mut Object, step: &Step, repository: &Repository<'_>) {
    if let StepKind::Parallel { steps: inner } = &step.kind {
        for step in inner {
            add(steps, step, repository);
        }
    }
    let Some(id) = &step.id else {
        return;
    };
    let result = Object::strict()
        .with("outputs", outputs(step, repository))
        .with("conclusion", Type::String)
        .with("outcome", Type::String);
    steps.set(&id.value, result.into());
}

/// What a step may set: anything, unless its action names its outputs.
fn outputs(step: &Step, repository: &Repository<'_>) -> Type {
    let StepKind::Uses { action, .. } = &step.kind else {
        return contexts::texts();
    };
    match &action.value {
        ActionRef::Repository { .. } => match known::known(&action.value) {
            Some(known) if !known.open_outputs => named(known.using, known.outputs.iter().copied()),
            _ => contexts::texts(),
        },
        ActionRef::Local(path) | ActionRef::SelfRepository(path) => {
            match repository.action(path).readable() {
                Some(action) => {
                    let names = action.outputs.keys().map(String::as_str);
                    named(&action.runs.using.value, names)
                }
                None => contexts::texts(),
            }
        }
        ActionRef::Docker(_) => contexts::texts(),
    }
}

/// Composite actions can set only what they declare. Others can set anything; those that declare
/// some are taken to declare all.
fn named<'n>(using: &str, names: impl Iterator<Item = &'n str>) -> Type {
    let all = names.fold(Object::strict(), |all, name| all.with(name, Type::String));
    if all.members().next().is_none() && using != "composite" {
        return contexts::texts();
    }
    all.into()
}
