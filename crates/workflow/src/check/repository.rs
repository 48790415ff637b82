//! The files beside a workflow.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Workflow;

/// Gives the files of a repository, at the commit that is judged. Paths are relative to its root,
/// with `/` between names.
pub trait Files: Sync {
    /// The text of a file, `None` if there is no such file.
    fn read(&self, path: &str) -> Option<String>;

    /// Whether there is such a file.
    fn exists(&self, path: &str) -> bool {
        self.read(path).is_some()
    }
}

/// What is beside a workflow, read once however many workflows name it.
pub struct Repository<'f> {
    files: Option<&'f dyn Files>,
    workflows: Mutex<BTreeMap<String, Local<Workflow>>>,
}

/// A file that a workflow names.
#[derive(Clone, Debug)]
pub(crate) enum Local<T> {
    /// Nothing is known about the repository's files.
    Unknown,
    Missing,
    /// It is there and GitHub refuses it, for the reason given.
    Broken(String),
    Found(Arc<T>),
}

impl<'f> Repository<'f> {
    pub fn new(files: &'f dyn Files) -> Self {
        Self {
            files: Some(files),
            workflows: Mutex::default(),
        }
    }

    /// A repository of which nothing but the workflow is known.
    pub fn unknown() -> Self {
        Self {
            files: None,
            workflows: Mutex::default(),
        }
    }

    /// Whether a file is there; `None` if that is not known.
    pub(crate) fn exists(&self, path: &str) -> Option<bool> {
        self.files.map(|files| files.exists(path))
    }

    /// A workflow by its path, such as `.github/workflows/build.yml`.
    pub(crate) fn workflow(&self, path: &str) -> Local<Workflow> {
        let Some(files) = self.files else {
            return Local::Unknown;
        };
        if let Some(known) = lock(&self.workflows).get(path) {
            return known.clone();
        }
        let found = match files.read(path) {
            None => Local::Missing,
            Some(text) => match crate::load(path, &text) {
                Ok(workflow) => Local::Found(Arc::new(workflow)),
                Err(problems) => Local::Broken(
                    problems
                        .first()
                        .map_or_else(String::new, ToString::to_string),
                ),
            },
        };
        lock(&self.workflows).insert(path.to_owned(), found.clone());
        found
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is cached is whole even if another thread panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
