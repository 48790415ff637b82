//! Reading files of a repository, none of which is trusted.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::StackError;

/// Files that say what a repository is are shorter.
const SIZE_LIMIT: u64 = 4 * 1024 * 1024;

pub(crate) struct Repository {
    dir: PathBuf,
}

impl Repository {
    pub(crate) fn open(dir: &Path) -> Result<Self, StackError> {
        if dir.is_dir() {
            Ok(Self {
                dir: dir.to_owned(),
            })
        } else {
            Err(StackError::NoDirectory {
                dir: dir.display().to_string(),
            })
        }
    }

    /// The text of `file`, or `None` where there is no such file.
    pub(crate) fn read(&self, file: &str) -> Result<Option<String>, StackError> {
        let path = self.dir.join(file);
        if !path.is_file() {
            return Ok(None);
        }
        let unreadable = |error| StackError::Unreadable {
            file: file.to_owned(),
            error,
        };
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|open| open.take(SIZE_LIMIT + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(StackError::TooLarge {
                file: file.to_owned(),
                limit: SIZE_LIMIT,
            });
        }
        let text = String::from_utf8(bytes).map_err(|_| StackError::NotUtf8 {
            file: file.to_owned(),
        })?;
        Ok(Some(
            text.strip_prefix('\u{feff}')
                .map(str::to_owned)
                .unwrap_or(text),
        ))
    }

    pub(crate) fn has_file(&self, file: &str) -> bool {
        self.dir.join(file).is_file()
    }

    pub(crate) fn has_folder(&self, folder: &str) -> bool {
        self.dir.join(folder).is_dir()
    }
}
