//! The contexts of an action's metadata file
//! (<https://docs.github.com/actions/reference/metadata-syntax-reference>).

use std::cell::{Cell, RefCell};

use super::contexts;
use super::infer::Environment;
use super::lattice::{Object, Type};
use super::steps::Steps;
use crate::check::repository::Repository;
use crate::model::ActionFile;

/// The contexts at one place of an action, which moves on.
pub(crate) struct InAction<'a> {
    repository: &'a Repository<'a>,
    inputs: Type,
    steps: RefCell<Steps<'a>>,
    /// How many steps are through; `None` for all of them.
    through: Cell<Option<usize>>,
}

impl<'a> InAction<'a> {
    pub(crate) fn new(action: &'a ActionFile, repository: &'a Repository<'a>) -> Self {
        let mut inputs = Object::strict();
        for name in action.inputs.keys() {
            // An action gets text whatever its caller writes.
            inputs.set(name, Type::String);
        }
        Self {
            repository,
            inputs: inputs.into(),
            steps: RefCell::new(Steps::new(action.steps())),
            through: Cell::new(None),
        }
    }

    pub(crate) fn move_to(&self, step: Option<usize>) {
        self.through.set(step);
    }
}

impl Environment for InAction<'_> {
    fn context(&self, name: &str) -> Type {
        match name.to_ascii_lowercase().as_str() {
            "github" => contexts::github(Type::Any),
            "env" | "vars" => contexts::texts(),
            "runner" => contexts::runner(),
            "strategy" => contexts::strategy(),
            "inputs" => self.inputs.clone(),
            "job" => contexts::job(None::<std::iter::Empty<&str>>),
            "steps" => {
                let mut steps = self.steps.borrow_mut();
                steps.after(self.through.get(), self.repository)
            }
            // `matrix` is that of whatever job uses the action.
            _ => Type::Any,
        }
    }
}
