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

/// Where the files of a repository are read from.
pub trait Files {
    /// The file at a path from the root, with `/`; none if nothing is there.
    fn read(&self, path: &str) -> Result<Option<File>, FileError>;
}

/// A file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The same for all paths that lead to it.
    pub identity: String,
    /// Its contents, of which nothing beyond [`SIZE_LIMIT`] need be read but one byte.
    pub bytes: Vec<u8>,
}

/// Why a file is not read.
#[derive(Debug)]
pub enum FileError {
    /// It is a link that leads out of the repository.
    Outside,
    Io(io::Error),
}

/// The files of a directory.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    pub fn new(dir: &Path) -> io::Result<Self> {
        let root = dir.canonicalize()?;
        Ok(Self { root })
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Option<File>, FileError> {
        let path = self.root.join(path);
        match fs::symlink_metadata(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FileError::Io(error)),
        }
        let real = path.canonicalize().map_err(FileError::Io)?;
        if !real.starts_with(&self.root) {
            return Err(FileError::Outside);
        }
        // Before opening it: opening a pipe would wait for a writer.
        if !fs::metadata(&real).map_err(FileError::Io)?.is_file() {
            let error = io::Error::other("it is not a regular file");
            return Err(FileError::Io(error));
        }
        let file = fs::File::open(&real).map_err(FileError::Io)?;
        let mut bytes = Vec::new();
        file.take(SIZE_LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(FileError::Io)?;
        Ok(Some(File {
            identity: real.to_string_lossy().into_owned(),
            bytes,
        }))
    }
}

/// Loads the rules of the repository at `dir`: `CLAUDE.md`, `AGENTS.md`, and what they import with
/// `@path` from inside the repository.
pub fn load(dir: &Path) -> Result<Sources, ReadError> {
    let disk = Disk::new(dir).map_err(|error| ReadError::Unreadable {
        file: dir.display().to_string(),
        error,
    })?;
    load_from(&disk, dir)
}

/// Loads the rules from files that may be anywhere; `dir` is what errors call their root.
pub fn load_from(files: &dyn Files, dir: &Path) -> Result<Sources, ReadError> {
    let mut loader = Loader {
        files,
        seen: BTreeSet::new(),
        sources: Sources::default(),
    };
    for name in ENTRY_FILES {
        let unreadable = |error| ReadError::Unreadable {
            file: name.to_owned(),
            error,
        };
        match files.read(name) {
            Ok(Some(file)) => loader.file(name.to_owned(), file, &mut Vec::new())?,
            Ok(None) => {}
            Err(FileError::Outside) => {
                let why = "it is a link to a file outside of the repository";
                return Err(unreadable(io::Error::other(why)));
            }
            Err(FileError::Io(error)) => return Err(unreadable(error)),
        }
    }
    if loader.sources.files.is_empty() {
        return Err(ReadError::NoRules {
            dir: dir.to_owned(),
        });
    }
    Ok(loader.sources)
}

struct Loader<'a> {
    files: &'a dyn Files,
    /// The identities of the files that were read.
    seen: BTreeSet<String>,
    sources: Sources,
}

/// The files that led to the one that is read: name and identity.
type Chain = Vec<(String, String)>;

impl Loader<'_> {
    fn file(&mut self, name: String, file: File, chain: &mut Chain) -> Result<(), ReadError> {
        if !self.seen.insert(file.identity.clone()) {
            return Ok(());
        }
        let text = text(&name, file.bytes)?;
        let source = Source::new(name.clone(), text);
        let imports = markdown::imports(&source.text);
        self.sources.files.push(source);
        chain.push((name.clone(), file.identity));
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
        chain: &mut Chain,
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
        let name = relative
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        let found = match self.files.read(&name) {
            Ok(Some(found)) => found,
            Err(FileError::Outside) => return Err(ReadError::ImportOutside { file, line, path }),
            Err(FileError::Io(error)) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ReadError::Unreadable { file: name, error });
            }
            Ok(None) | Err(FileError::Io(_)) => {
                return Err(ReadError::ImportMissing { file, line, path });
            }
        };
        if let Some(at) = chain.iter().position(|(_, seen)| *seen == found.identity) {
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
        self.file(name, found, chain)
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

fn text(name: &str, bytes: Vec<u8>) -> Result<String, ReadError> {
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
