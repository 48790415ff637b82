//! What one schedule came to.

use std::collections::BTreeSet;

use lockkeeper_policy::PromiseId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::estimates::Measure;
use crate::faults::Classes;
use crate::play::{Ground, Outcome};
use crate::promises::PROMISES;
use crate::schedule::Schedule;
use crate::survey::Settings;

use crate::engine::EngineError;

/// A schedule that was played, as far as a campaign's report needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Played {
    /// Its number in the campaign.
    pub(crate) number: u32,
    pub(crate) schedule: String,
    /// The classes of what struck.
    pub(crate) classes: String,
    pub(crate) virtual_milliseconds: u64,
    /// Promises that it could have broken.
    pub(crate) exercised: BTreeSet<String>,
    /// Of these, those that something worked against.
    pub(crate) challenged: BTreeSet<String>,
    pub(crate) breaches: Vec<Broken>,
    /// How long failed deploys took until only what served before ran again.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) restored_milliseconds: Vec<u64>,
    /// Why the story was not played to its end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) note: Option<String>,
    /// SHA-256 of everything that happened.
    pub(crate) log: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broken {
    pub(crate) promise: String,
    /// Whether the promise covers what struck.
    pub(crate) counted: bool,
    pub(crate) message: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
}

impl Ground<'_> {
    pub(crate) fn play_schedule(&self, schedule: &Schedule) -> Result<Outcome, EngineError> {
        self.play(schedule.scenario, Settings::Declared, Some(schedule))
    }
}

impl Played {
    pub(super) fn of(number: u32, schedule: &Schedule, outcome: &Outcome) -> Self {
        let struck = Classes::struck(&outcome.events);
        let mut played = Self {
            number,
            schedule: schedule.to_string(),
            classes: struck.to_string(),
            virtual_milliseconds: outcome.virtual_time().as_millis() as u64,
            exercised: BTreeSet::new(),
            challenged: BTreeSet::new(),
            breaches: Vec::new(),
            restored_milliseconds: outcome
                .samples
                .of(Measure::FailureToRestored)
                .iter()
                .map(|time| time.as_millis() as u64)
                .collect(),
            note: outcome.told.note.clone(),
            log: hash(outcome),
        };
        for (id, judgement) in &outcome.judgements {
            // Only all stories together can say that one.
            if *id == PromiseId::PermissionsUsed {
                continue;
            }
            if judgement.exercised {
                played.exercised.insert(id.to_string());
                if struck != Classes::NONE || schedule.scenario.challenges.contains(id) {
                    played.challenged.insert(id.to_string());
                }
            }
            let told = [(true, &judgement.breaches), (false, &judgement.set_aside)];
            for (counted, breaches) in told {
                played.breaches.extend(breaches.iter().map(|breach| Broken {
                    promise: id.to_string(),
                    counted,
                    message: breach.message.clone(),
                    file: breach.file.clone(),
                    line: breach.line,
                }));
            }
        }
        played
    }
}

/// Whether a promise is to hold when such faults have struck.
pub(crate) fn covered(id: PromiseId, struck: Classes) -> bool {
    let mut promises = PROMISES.iter();
    promises.any(|promise| promise.id == id && promise.covers.covers(struck))
}

fn hash(outcome: &Outcome) -> String {
    let mut hash = Sha256::new();
    for event in &outcome.events {
        // Events are plain data, so that they always have a text.
        hash.update(serde_json::to_vec(event).unwrap_or_default());
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
