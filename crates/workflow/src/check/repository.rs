//! The files beside a workflow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{ActionFile, Workflow};
use crate::place::Problem;

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
    runner_labels: BTreeSet<String>,
    workflows: Mutex<BTreeMap<String, Local<Workflow>>>,
    actions: Mutex<BTreeMap<String, Local<ActionFile>>>,
}

/// A file that a workflow names.
#[derive(Clone, Debug)]
pub(crate) enum Local<T> {
    /// Nothing is known about the repository's files.
    Unknown,
    Missing,
    /// It is there and GitHub refuses it, for the reason given first. The rest is what could be
    /// read.
    Broken(String, Option<Arc<T>>),
    /// It is there, and GitHub refuses parts that are left out of this.
    Partly(Arc<T>),
    Found(Arc<T>),
}

impl<T> Local<T> {
    fn broken(problem: Option<&Problem>, rest: Option<T>) -> Self {
        let why = problem.map_or_else(String::new, ToString::to_string);
        Local::Broken(why, rest.map(Arc::new))
    }

    /// What could be read of the file.
    pub(crate) fn readable(self) -> Option<Arc<T>> {
        match self {
            Local::Unknown | Local::Missing => None,
            Local::Broken(_, rest) => rest,
            Local::Partly(found) | Local::Found(found) => Some(found),
        }
    }
}

impl<'f> Repository<'f> {
    /// A repository with these files.
    pub fn new(files: &'f dyn Files) -> Self {
        Self {
            files: Some(files),
            runner_labels: BTreeSet::new(),
            workflows: Mutex::default(),
            actions: Mutex::default(),
        }
    }

    /// A repository of which nothing but the workflow is known.
    pub fn unknown() -> Self {
        Self {
            files: None,
            runner_labels: BTreeSet::new(),
            workflows: Mutex::default(),
            actions: Mutex::default(),
        }
    }

    /// Names labels of the repository's own runners, in addition to GitHub's.
    #[must_use]
    pub fn with_runner_labels<'l>(mut self, labels: impl IntoIterator<Item = &'l str>) -> Self {
        let labels = labels.into_iter().map(str::to_ascii_lowercase);
        self.runner_labels.extend(labels);
        self
    }

    pub(crate) fn has_runner_label(&self, label: &str) -> bool {
        self.runner_labels.contains(&label.to_ascii_lowercase())
    }

    /// Whether a file is there; `None` if that is not known.
    pub(crate) fn exists(&self, path: &str) -> Option<bool> {
        self.files.map(|files| files.exists(path))
    }

    /// A workflow by its path, such as `.github/workflows/build.yml`.
    pub(crate) fn workflow(&self, path: &str) -> Local<Workflow> {
        let Some(files) = self.files.filter(|_| !leads_out(path)) else {
            return Local::Unknown;
        };
        if let Some(known) = lock(&self.workflows).get(path) {
            return known.clone();
        }
        let found = match files.read(path) {
            None => Local::Missing,
            Some(text) => called(path, &text),
        };
        lock(&self.workflows).insert(path.to_owned(), found.clone());
        found
    }

    /// The metadata of an action by its folder, such as `.github/actions/deploy`; empty for the
    /// root. A folder that has only a Dockerfile is an action of which nothing is known.
    pub(crate) fn action(&self, folder: &str) -> Local<ActionFile> {
        let Some(files) = self.files.filter(|_| !leads_out(folder)) else {
            return Local::Unknown;
        };
        if let Some(known) = lock(&self.actions).get(folder) {
            return known.clone();
        }
        let slash = if folder.is_empty() { "" } else { "/" };
        let inside = |name: &str| format!("{folder}{slash}{name}");
        let metadata = ["action.yml", "action.yaml"].iter().find_map(|name| {
            let path = inside(name);
            files.read(&path).map(|text| (path, text))
        });
        let found = match metadata {
            Some((path, text)) => {
                let (action, problems) = crate::load_action_what_is_legal(&path, &text);
                match (action, problems.first()) {
                    (Some(action), None) => Local::Found(Arc::new(action)),
                    (rest, problem) => Local::broken(problem, rest),
                }
            }
            None if files.exists(&inside("Dockerfile")) => Local::Unknown,
            None => Local::Missing,
        };
        lock(&self.actions).insert(folder.to_owned(), found.clone());
        found
    }
}

/// Whether a path may name something outside of the repository.
fn leads_out(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| part == "..")
}

/// A called workflow concerns its caller by its inputs, outputs and secrets; what else is wrong
/// with it is told where it is judged itself.
fn called(path: &str, text: &str) -> Local<Workflow> {
    let (workflow, problems) = crate::load_what_is_legal(path, text);
    let Some(mut workflow) = workflow else {
        return Local::broken(problems.first(), None);
    };
    if workflow.on.events().is_empty() {
        return Local::broken(problems.first(), Some(workflow));
    }
    let on = workflow.on.place.span.clone();
    let of_interface = |p: &&Problem| (on.start..=on.end).contains(&p.place.span.start);
    let mut whole = true;
    for problem in problems.iter().filter(of_interface) {
        let at = problem.place.span.start;
        let before = text.get(..at).unwrap_or("").trim_end();
        let sections = ["inputs:", "outputs:", "secrets:"];
        if sections.iter().any(|key| before.ends_with(key)) {
            // What should be a mapping is none.
            return Local::broken(Some(problem), Some(workflow));
        }
        whole = false;
        // An input that is at fault says nothing certain of its type.
        if let Some(call) = &mut workflow.on.workflow_call {
            let starts = call.inputs.values().map(|i| i.place.span.start);
            let nearest = starts.filter(|start| *start <= at).max();
            call.inputs
                .retain(|_, input| Some(input.place.span.start) != nearest);
        }
    }
    let workflow = Arc::new(workflow);
    match whole {
        true => Local::Found(workflow),
        false => Local::Partly(workflow),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is cached is whole even if another thread panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
