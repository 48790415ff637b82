//! Plays workflows written in a test, and asks what came of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lockkeeper_rehearsal::repository::File;
use lockkeeper_rehearsal::trial::{Happens, Interference, Interferes, Trial};
use lockkeeper_world::event::{Conclusion, Event, What};

pub(crate) fn executable() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_lockkeeper"))
}

pub(crate) fn file(text: &str) -> File {
    File {
        executable: text.starts_with("#!"),
        contents: text.into(),
    }
}

#[allow(dead_code)]
pub(crate) fn files(list: &[(&str, &str)]) -> BTreeMap<String, File> {
    list.iter()
        .map(|(path, text)| ((*path).to_owned(), file(text)))
        .collect()
}

// Not every test that shares this module uses all of it.
#[allow(dead_code)]
/// A push to a repository with these files; `ci.yml` stands for the workflow of that name.
pub(crate) fn trial(list: &[(&str, &str)]) -> Trial {
    let mut all = BTreeMap::new();
    for (path, text) in list {
        let path = match path.contains('/') || !path.ends_with(".yml") {
            true => (*path).to_owned(),
            false => format!(".github/workflows/{path}"),
        };
        all.insert(path, file(text));
    }
    Trial::new(all, executable())
}

/// What came of a trial.
pub(crate) struct Outcome(pub(crate) Vec<Event>);

#[allow(dead_code)]
pub(crate) fn play(trial: &Trial) -> Outcome {
    Outcome(trial.play().expect("it is played"))
}

#[allow(dead_code)]
pub(crate) fn interfere(mut trial: Trial, when_printed: &str, how: Interference) -> Trial {
    trial.interferes = Some(Interferes {
        when_printed: when_printed.to_owned(),
        how,
    });
    trial
}

#[allow(dead_code)]
pub(crate) fn dispatch(mut trial: Trial, workflow: &str, inputs: &[(&str, &str)]) -> Trial {
    trial.happens = Happens::Dispatch {
        workflow: workflow.parse().expect("a workflow's file"),
        inputs: inputs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    trial
}

#[allow(dead_code)]
impl Outcome {
    /// What was printed, line by line.
    pub(crate) fn said(&self) -> Vec<&str> {
        let lines = self.0.iter().filter_map(|event| match &event.what {
            What::StepOutput { text, .. } => Some(text.as_str()),
            _ => None,
        });
        lines
            .filter(|text| !text.starts_with("HEAD is now at"))
            .collect()
    }

    /// How runs ended.
    pub(crate) fn runs(&self) -> Vec<Conclusion> {
        let ends = self.0.iter().filter_map(|event| match &event.what {
            What::RunCompleted { conclusion, .. } => Some(*conclusion),
            _ => None,
        });
        ends.collect()
    }

    /// How jobs ended, by name, in the order of their ends.
    pub(crate) fn jobs(&self) -> Vec<(String, Conclusion)> {
        let mut names = BTreeMap::new();
        let mut ends = Vec::new();
        for event in &self.0 {
            match &event.what {
                What::JobCreated { job, name, .. } => drop(names.insert(*job, name.clone())),
                What::JobCompleted {
                    job, conclusion, ..
                } => ends.push((names[job].clone(), *conclusion)),
                _ => {}
            }
        }
        ends
    }

    pub(crate) fn job(&self, name: &str) -> Option<Conclusion> {
        let jobs = self.jobs();
        let found = jobs.iter().find(|(other, _)| other == name);
        found.map(|(_, conclusion)| *conclusion)
    }

    /// Annotations: level, place and text.
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = self.0.iter().filter_map(|event| match &event.what {
            What::Annotation {
                level, text, spot, ..
            } => {
                let place = match (&spot.file, spot.line) {
                    (Some(file), Some(line)) => format!(" {file}:{line}"),
                    (Some(file), None) => format!(" {file}"),
                    _ => String::new(),
                };
                let title = spot.title.as_ref().map(|title| format!(" [{title}]"));
                Some(format!(
                    "{level}{place}{} {text}",
                    title.unwrap_or_default()
                ))
            }
            _ => None,
        });
        notes.collect()
    }

    pub(crate) fn not_modelled(&self) -> Vec<&str> {
        let texts = self.0.iter().filter_map(|event| match &event.what {
            What::NotModelled { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The log as it would be written: what must be the same for the same seed.
    pub(crate) fn log(&self) -> String {
        let lines = self.0.iter().map(|event| {
            let json = serde_json::to_string(event).expect("an event is JSON");
            json + "\n"
        });
        lines.collect()
    }
}
