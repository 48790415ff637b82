//! `package.json`, read through the step's own process.

use std::path::PathBuf;

use serde_json::Value;

use super::super::{Desk, Need};

/// A package: its directory and its `package.json`, if there is one.
#[derive(Debug, Clone)]
pub(super) struct Package {
    directory: PathBuf,
    /// `None` where there is no `package.json`.
    json: Option<Value>,
}

impl Package {
    /// Reads it; an error says why it cannot be read.
    pub(super) fn read(desk: &Desk<'_>, directory: &str) -> Result<Result<Self, String>, Need> {
        let directory = PathBuf::from(directory);
        let json = match desk.read(directory.join("package.json"))? {
            Err(error) if error.0 == libc::ENOENT => None,
            Err(error) => return Ok(Err(error.to_string())),
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(json) => Some(json),
                Err(error) => return Ok(Err(format!("Failed to parse package.json: {error}"))),
            },
        };
        Ok(Ok(Self { directory, json }))
    }

    pub(super) fn exists(&self) -> bool {
        self.json.is_some()
    }

    pub(super) fn value(&self, key: &str) -> &Value {
        self.json
            .as_ref()
            .and_then(|json| json.get(key))
            .unwrap_or(&Value::Null)
    }

    /// A section's JSON, as text.
    pub(super) fn section(&self, key: &str) -> String {
        match self.value(key) {
            Value::Null => String::new(),
            // As it would stand in a configuration file, behind its name.
            value => format!("{value}\n"),
        }
    }

    pub(super) fn script(&self, name: &str) -> Option<&str> {
        self.value("scripts").get(name).and_then(Value::as_str)
    }

    /// The scripts that a name stands for: itself, or all that match its `*`.
    pub(super) fn scripts_like(&self, pattern: &str) -> Vec<String> {
        let Some((before, after)) = pattern.split_once('*') else {
            return vec![pattern.to_owned()];
        };
        let after = after.trim_start_matches('*');
        let scripts = self.value("scripts").as_object();
        let names = scripts.into_iter().flat_map(|scripts| scripts.keys());
        names
            .filter(|name| {
                name.len() >= before.len() + after.len()
                    && name.starts_with(before)
                    && name.ends_with(after)
            })
            .cloned()
            .collect()
    }

    /// `name@version`, as the managers print it.
    pub(super) fn title(&self) -> String {
        let text = |key: &str| self.value(key).as_str().unwrap_or_default().to_owned();
        match (text("name"), text("version")) {
            (name, version) if version.is_empty() => name,
            (name, version) => format!("{name}@{version}"),
        }
    }

    /// The text of a file beside `package.json`, empty where there is none.
    pub(super) fn file(&self, desk: &Desk<'_>, name: &str) -> Result<String, Need> {
        let read = desk.read(self.directory.join(name))?;
        Ok(read.map_or_else(
            |_| String::new(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        ))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}
