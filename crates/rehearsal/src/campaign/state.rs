//! What a campaign has played so far, in a file, so that an interrupted one goes on from there.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::played::Played;
use super::{Campaign, RehearsalError, Request};

/// The most bytes that a state's file may have.
const MOST_BYTES: u64 = 1 << 30;
/// The file is written at most this often, since it is written whole.
const BETWEEN: Duration = Duration::from_secs(2);

/// What a campaign is about: a state of another one is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    schema: u32,
    lockkeeper: String,
    seed: u64,
    schedules: u32,
    shard: String,
    stories: Vec<String>,
    /// SHA-256 of the repository's files and rules.
    repository: String,
}

impl Key {
    pub(super) fn new(request: &Request, campaign: &Campaign, fingerprint: String) -> Self {
        Self {
            schema: 1,
            lockkeeper: env!("CARGO_PKG_VERSION").to_owned(),
            seed: request.seed,
            schedules: campaign.schedules,
            shard: campaign.shard.to_string(),
            stories: request.scenarios.clone(),
            repository: fingerprint,
        }
    }
}

pub(super) struct State {
    path: Option<PathBuf>,
    head: String,
    played: BTreeMap<u32, Played>,
    written: Instant,
}

impl State {
    /// An empty one, or what the file says where there is one.
    pub(super) fn open(path: Option<&Path>, key: &Key) -> Result<Self, RehearsalError> {
        // Plain data always has a text.
        let head = serde_json::to_string(key).unwrap_or_default();
        let mut state = Self {
            path: path.map(Path::to_owned),
            head,
            played: BTreeMap::new(),
            written: Instant::now(),
        };
        let Some(path) = path else { return Ok(state) };
        let refused = |why: String| RehearsalError::State {
            file: path.display().to_string(),
            why,
        };
        let mut text = String::new();
        match std::fs::File::open(path) {
            Ok(file) => {
                let read = file.take(MOST_BYTES).read_to_string(&mut text);
                read.map_err(|error| refused(error.to_string()))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(state),
            Err(error) => return Err(refused(error.to_string())),
        }
        let mut lines = text.lines();
        let first: Key = serde_json::from_str(lines.next().unwrap_or_default())
            .map_err(|_| refused("is no state of a campaign".into()))?;
        if first != *key {
            return Err(refused(
                "belongs to another campaign: files, seed, number, shard or version differ".into(),
            ));
        }
        for (at, line) in lines.enumerate() {
            let played: Played = serde_json::from_str(line)
                .map_err(|error| refused(format!("line {}: {error}", at + 2)))?;
            state.played.insert(played.number, played);
        }
        Ok(state)
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.played.contains_key(&number)
    }

    pub(super) fn broken(&self) -> usize {
        let broken = |played: &&Played| played.breaches.iter().any(|breach| breach.counted);
        self.played.values().filter(broken).count()
    }

    pub(super) fn add(&mut self, played: Played) -> std::io::Result<()> {
        self.played.insert(played.number, played);
        match self.path.is_some() && self.written.elapsed() >= BETWEEN {
            true => self.write(),
            false => Ok(()),
        }
    }

    /// Writes the file, if there is to be one: whole, to a temporary one that takes its place.
    pub(super) fn write(&mut self) -> std::io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        writeln!(file, "{}", self.head)?;
        for played in self.played.values() {
            serde_json::to_writer(&mut file, played)?;
            file.write_all(b"\n")?;
        }
        file.persist(path)?;
        self.written = Instant::now();
        Ok(())
    }

    /// Everything, in the order of the numbers.
    pub(super) fn into_played(self) -> Vec<Played> {
        self.played.into_values().collect()
    }
}
