//! A rehearsal of the example with one file changed, and what it says.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::mutant::Mutant;
use super::source::Source;
use crate::process::{Failure, output, text};
use crate::tree::copy_example_to;

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    /// A promise is broken with the settings that the rules declare: exit status 1.
    Caught {
        /// The promises, as far as the rehearsal went.
        promises: Vec<String>,
        story: String,
    },
    /// lockkeeper, or its GitHub, takes no such file: exit status 2.
    Refused { why: String },
    /// No promise is broken. What else differs from the rehearsal of the unchanged files is not
    /// what the exit status tells, and does not count.
    Survived { differs: Vec<String> },
    /// No verdict within the limit, or the machine failed: counted as survived.
    Unjudged { why: String },
}

/// A copy of the example with its generated files, for one worker.
pub(crate) struct Bench {
    _keeps: TempDir,
    pub(crate) repository: PathBuf,
    lockkeeper: PathBuf,
}

/// What the rehearsal of the unchanged files says.
pub(crate) struct Baseline {
    /// Its promises with their verdicts.
    verdicts: Vec<(String, String)>,
    /// Its stories, the quick ones first.
    pub(crate) stories: Vec<String>,
}

impl Bench {
    pub(crate) fn new(lockkeeper: &Path) -> Result<Self, Failure> {
        let keeps = TempDir::with_prefix("lockkeeper-")
            .map_err(|error| Failure::Setup(format!("no temporary folder: {error}")))?;
        let repository = keeps.path().join("node-api");
        copy_example_to(&repository)?;
        let generated = output(Command::new(lockkeeper).arg("generate").arg(&repository))?;
        if !generated.status.success() {
            return Err(Failure::Setup(text(&generated)));
        }
        Ok(Self {
            _keeps: keeps,
            repository,
            lockkeeper: lockkeeper.to_owned(),
        })
    }

    pub(crate) fn baseline(&self) -> Result<Baseline, Failure> {
        let (status, report) = self.rehearse(&[], Duration::from_secs(1800))?;
        let report: Json = serde_json::from_str(&report).unwrap_or_default();
        if status != Some(0) {
            return Err(Failure::Setup(
                "the files as they are generated break a promise: mend that first".into(),
            ));
        }
        let mut stories: Vec<(f64, String)> = list(&report, "scenarios")
            .map(|story| {
                (
                    story["wall_seconds"].as_f64().unwrap_or(0.0),
                    string(&story["id"]),
                )
            })
            .collect();
        stories.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Baseline {
            verdicts: verdicts(&report),
            stories: stories.into_iter().map(|(_, id)| id).collect(),
        })
    }

    /// Rehearses with the mutant in its file's place, the stories in this order.
    pub(crate) fn fate(
        &self,
        mutant: &Mutant,
        source: &Source,
        baseline: &Baseline,
        stories: &[&str],
        limit: Duration,
    ) -> Result<Fate, Failure> {
        let path = self.repository.join(&source.path);
        fs::write(&path, &mutant.text).map_err(Failure::file(&path))?;
        let judged = self.rehearse(stories, limit);
        fs::write(&path, &source.text).map_err(Failure::file(&path))?;
        let (status, said) = judged?;
        let report: Json = serde_json::from_str(&said).unwrap_or_default();
        Ok(match status {
            Some(0) => Fate::Survived {
                differs: differences(&report, baseline),
            },
            Some(1) => {
                let broken = list(&report, "promises").filter(|p| p["verdict"] == "broken");
                let broken: Vec<&Json> = broken.collect();
                let story = broken.iter().flat_map(|p| list(p, "evidence")).next();
                Fate::Caught {
                    promises: broken.iter().map(|p| string(&p["id"])).collect(),
                    story: story.map(|e| string(&e["scenario"])).unwrap_or_default(),
                }
            }
            Some(2) => Fate::Refused {
                why: super::edit::short(&said),
            },
            Some(status) => Fate::Unjudged {
                why: format!("exit status {status}: {}", super::edit::short(&said)),
            },
            None => Fate::Unjudged {
                why: format!("no verdict within {} s", limit.as_secs()),
            },
        })
    }

    /// The exit status, none when the limit was reached, and the report or what was complained of.
    fn rehearse(
        &self,
        stories: &[&str],
        limit: Duration,
    ) -> Result<(Option<i32>, String), Failure> {
        let mut command = Command::new(&self.lockkeeper);
        command.args(["rehearse", "--format", "json", "--fail-fast"]);
        for story in stories {
            command.args(["--scenario", story]);
        }
        command
            .arg(&self.repository)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| Failure::Start {
            program: "lockkeeper".into(),
            source,
        })?;
        let readers = [
            child.stdout.take().map(|pipe| drain(Box::new(pipe))),
            child.stderr.take().map(|pipe| drain(Box::new(pipe))),
        ];
        let end = Instant::now() + limit;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status.code(),
                Ok(None) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                _ => {
                    child.kill().ok();
                    child.wait().ok();
                    return Ok((None, String::new()));
                }
            }
        };
        let [printed, complained] = readers.map(|reader| {
            let read = reader.and_then(|reader| reader.join().ok());
            read.unwrap_or_default()
        });
        let said = if printed.trim().is_empty() {
            complained
        } else {
            printed
        };
        // Ended by a signal: as if the machine had failed.
        Ok((Some(status.unwrap_or(3)), said))
    }
}

fn drain(mut pipe: Box<dyn Read + Send>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What is told otherwise than of the unchanged files, without a broken promise.
fn differences(report: &Json, baseline: &Baseline) -> Vec<String> {
    let mut found = Vec::new();
    for (id, verdict) in verdicts(report) {
        let before = baseline.verdicts.iter().find(|(known, _)| *known == id);
        if before.is_some_and(|(_, before)| *before != verdict) {
            found.push(format!("{id} is {verdict}"));
        }
    }
    for story in list(report, "scenarios") {
        if story["verdict"] != "passed" {
            found.push(format!(
                "{} {}",
                string(&story["id"]),
                string(&story["verdict"])
            ));
        }
    }
    found
}

fn verdicts(report: &Json) -> Vec<(String, String)> {
    list(report, "promises")
        .map(|promise| (string(&promise["id"]), string(&promise["verdict"])))
        .collect()
}

fn list<'j>(value: &'j Json, key: &str) -> impl Iterator<Item = &'j Json> {
    value[key].as_array().into_iter().flatten()
}

fn string(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
