//! The generated files, and the scripts in them.

use std::fs;
use std::path::Path;

use lockkeeper_workflow::yaml::{Style, Tree};

use super::document::Document;
use super::script::Script;
use crate::process::Failure;
use crate::tree::files;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Workflow,
    Template,
    Script,
}

/// A generated file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// From the repository's top.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) language: Language,
}

/// Where generated files are, and what they are.
const FOLDERS: &[(&str, Language)] = &[
    (".github/workflows", Language::Workflow),
    (".github/deploy", Language::Script),
    ("infra", Language::Template),
];

impl Source {
    /// Every generated file of a repository that steps or AWS read.
    pub(crate) fn all(repository: &Path) -> Result<Vec<Source>, Failure> {
        let mut found = Vec::new();
        for (folder, language) in FOLDERS {
            for path in files(&repository.join(folder))? {
                let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
                let name = path.strip_prefix(repository).unwrap_or(&path);
                found.push(Source {
                    path: name.to_string_lossy().into_owned(),
                    text,
                    language: *language,
                });
            }
        }
        Ok(found)
    }

    /// The whole file, or the `run:` of each step.
    pub(crate) fn scripts(&self) -> Vec<Script<'_>> {
        match self.language {
            Language::Template => Vec::new(),
            Language::Script => Script::read(&self.text).into_iter().collect(),
            Language::Workflow => self.steps(),
        }
    }

    fn steps(&self) -> Vec<Script<'_>> {
        let mut found = Vec::new();
        let Some(document) = Document::read(&self.path, &self.text) else {
            return found;
        };
        document.at("jobs.*.steps.*.run", &mut |spot| {
            let range = spot.node.span.range();
            let style = spot.node.scalar().map(|scalar| scalar.style);
            let start = match style {
                // Behind the indicator of the block.
                Some(Style::Literal) => {
                    let line = self.text[range.clone()].find('\n');
                    range.start + line.map_or(0, |at| at + 1)
                }
                Some(Style::Plain) => range.start,
                _ => return,
            };
            found.extend(Script::within(
                &self.text,
                start..range.end,
                &spot.context(),
            ));
        });
        found
    }

    /// Whether this text in the file's place would be read at all: by bash, by lockkeeper.
    pub(crate) fn is_read(&self, text: &str) -> Result<bool, Failure> {
        match self.language {
            Language::Template => Ok(Tree::read(&self.path, text).is_ok()),
            Language::Script => bash_reads(text),
            Language::Workflow => {
                let name = self.path.rsplit('/').next().unwrap_or(&self.path);
                if lockkeeper_workflow::load(name, text).is_err() {
                    return Ok(false);
                }
                let changed = Source {
                    text: text.to_owned(),
                    ..self.clone()
                };
                Ok(changed.steps().iter().all(|script| !script.has_errors()))
            }
        }
    }
}

fn bash_reads(text: &str) -> Result<bool, Failure> {
    let file = tempfile::NamedTempFile::new()
        .and_then(|file| fs::write(file.path(), text).map(|()| file))
        .map_err(|error| Failure::Setup(format!("no temporary file: {error}")))?;
    let mut bash = std::process::Command::new("bash");
    let output = crate::process::output(bash.arg("-n").arg(file.path()))?;
    Ok(output.status.success())
}
