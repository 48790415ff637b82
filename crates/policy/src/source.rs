//! Finding and loading the files that hold rules.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::markdown;

/// The largest file that is read. Rules that people follow are shorter.
pub const SIZE_LIMIT: u64 = 1024 * 1024;
/// How many imports may lead to one another.
const DEPTH_LIMIT: usize = 5;
/// Where rules live, in the order in which they are read.
const ENTRY_FILES: [&str; 3] = ["CLAUDE.md", ".claude/CLAUDE.md", "AGENTS.md"];

/// One file of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path from the repository's root, with `/`.
    pub name: String,
    /// Its text as it stands in the file; a byte-order mark is dropped.
    pub text: String,
}

impl Source {
    /// A source from text in memory.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self {
            name: name.into(),
            text: text
                .strip_prefix('\u{feff}')
                .map(str::to_owned)
                .unwrap_or(text),
        }
    }
}

impl AsRef<[Source]> for Source {
    fn as_ref(&self) -> &[Source] {
        std::slice::from_ref(self)
    }
}

impl AsRef<[Source]> for Sources {
    fn as_ref(&self) -> &[Source] {
        &self.files
    }
}

/// All files of rules of one repository, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    pub files: Vec<Source>,
    /// Imports that were passed over, with the reason.
    pub skipped: Vec<SkippedImport>,
}

/// An import of a file that is not the repository's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedImport {
    pub source: String,
    pub line: usize,
    pub path: String,
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("there is no CLAUDE.md or AGENTS.md in {}", dir.display())]
    NoRules { dir: PathBuf },
    #[error("cannot read {file}: {error}")]
    Unreadable { file: String, error: io::Error },
    #[error("{file} is not UTF-8: the byte at offset {offset} does not belong")]
    NotUtf8 { file: String, offset: usize },
    #[error("{file} has more than {SIZE_LIMIT} bytes")]
    TooLarge { file: String },
    #[error("{file}:{line}: the imported file {path} does not exist")]
    ImportMissing {
        file: String,
        line: usize,
        path: String,
    },
    #[error("{file}:{line}: the import {path} leads out of the repository")]
    ImportOutside {
        file: String,
        line: usize,
        path: String,
    },
    #[error("{file}:{line}: importing {path} leads back to it: {chain}")]
    ImportLoop {
        file: String,
        line: usize,
        path: String,
        chain: String,
    },
    #[error("{file}:{line}: the import of {path} is more than {DEPTH_LIMIT} imports deep")]
    ImportTooDeep {
        file: String,
        line: usize,
        path: String,
    },
}

/// Loads the rules of the repository at `dir`: `CLAUDE.md`, `AGENTS.md`, and what they import with
/// `@path` from inside the repository.
pub fn load(dir: &Path) -> Result<Sources, ReadError> {
    let unreadable = |error| ReadError::Unreadable {
        file: dir.display().to_string(),
        error,
    };
    let root = dir.canonicalize().map_err(unreadable)?;
    let mut loader = Loader {
        root,
        seen: BTreeSet::new(),
        sources: Sources::default(),
    };
    for name in ENTRY_FILES {
        let path = dir.join(name);
        match fs::symlink_metadata(&path) {
            Ok(_) => loader.entry(name, &path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(ReadError::Unreadable {
                    file: name.to_owned(),
                    error,
                });
            }
        }
    }
    if loader.sources.files.is_empty() {
        return Err(ReadError::NoRules {
            dir: dir.to_owned(),
        });
    }
    Ok(loader.sources)
}

struct Loader {
    root: PathBuf,
    seen: BTreeSet<PathBuf>,
    sources: Sources,
}

impl Loader {
    fn entry(&mut self, name: &str, path: &Path) -> Result<(), ReadError> {
        let real = path.canonicalize().map_err(|error| ReadError::Unreadable {
            file: name.to_owned(),
            error,
        })?;
        if !real.starts_with(&self.root) {
            return Err(ReadError::Unreadable {
                file: name.to_owned(),
                error: io::Error::other("it is a link to a file outside of the repository"),
            });
        }
        self.file(name.to_owned(), real, &mut Vec::new())
    }

    fn file(
        &mut self,
        name: String,
        real: PathBuf,
        chain: &mut Vec<(String, PathBuf)>,
    ) -> Result<(), ReadError> {
        if !self.seen.insert(real.clone()) {
            return Ok(());
        }
        let text = read_text(&name, &real)?;
        let source = Source::new(name.clone(), text);
        let imports = markdown::imports(&source.text);
        self.sources.files.push(source);
        chain.push((name.clone(), real));
        for import in imports {
            self.import(&name, import, chain)?;
        }
        chain.pop();
        Ok(())
    }

    fn import(
        &mut self,
        file: &str,
        import: markdown::Import,
        chain: &mut Vec<(String, PathBuf)>,
    ) -> Result<(), ReadError> {
        let (file, line, path) = (file.to_owned(), import.line, import.path);
        if path.starts_with("~/") {
            self.sources.skipped.push(SkippedImport {
                source: file,
                line,
                path,
            });
            return Ok(());
        }
        let base = Path::new(&file).parent().unwrap_or(Path::new(""));
        let Some(relative) = inside(base, Path::new(&path)) else {
            return Err(ReadError::ImportOutside { file, line, path });
        };
        let real = match self.root.join(&relative).canonicalize() {
            Ok(real) => real,
            Err(_) => return Err(ReadError::ImportMissing { file, line, path }),
        };
        if !real.starts_with(&self.root) {
            return Err(ReadError::ImportOutside { file, line, path });
        }
        if let Some(at) = chain.iter().position(|(_, seen)| *seen == real) {
            let mut names: Vec<&str> = chain[at..].iter().map(|(name, _)| name.as_str()).collect();
            names.push(names[0]);
            return Err(ReadError::ImportLoop {
                file,
                line,
                path,
                chain: names.join(" → "),
            });
        }
        if chain.len() > DEPTH_LIMIT {
            return Err(ReadError::ImportTooDeep { file, line, path });
        }
        let name = relative
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        self.file(name, real, chain)
    }
}

/// `path` as seen from `base`, without `.` and `..`; nothing if it leaves the repository.
fn inside(base: &Path, path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in base.components().chain(path.components()) {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(out)
}

fn read_text(name: &str, path: &Path) -> Result<String, ReadError> {
    let unreadable = |error| ReadError::Unreadable {
        file: name.to_owned(),
        error,
    };
    // Before opening it: opening a pipe would wait for a writer.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("it is not a regular file")));
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(SIZE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(ReadError::TooLarge {
            file: name.to_owned(),
        });
    }
    String::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 {
        file: name.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}
