//! What a campaign found, as data and for people.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use lockkeeper_policy::PromiseId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::draw::Urn;
use super::played::Played;
use super::shrink::CounterExample;
use super::{Campaign, Request};
use crate::estimates::{Estimate, Measure, Samples, spoken};
use crate::house::House;
use crate::promises::PROMISES;
use crate::report::Verdict;

/// What a campaign found. The same for the same files, seed, number and shard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignReport {
    pub schema: u32,
    pub pipeline: Vec<String>,
    pub seed: u64,
    /// How many schedules the whole campaign has.
    pub schedules: u32,
    pub shard: String,
    /// The stories that were drawn from.
    pub stories: Vec<&'static str>,
    pub promises: Vec<PromiseCount>,
    /// How many schedules of each set of fault classes there were.
    pub classes: BTreeMap<String, u32>,
    pub virtual_seconds: f64,
    /// From a failed deploy's change of the service until only what served before runs again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_to_restored: Option<Estimate>,
    pub assumptions: Vec<String>,
    /// Every schedule of this shard, in the order of their numbers.
    pub played: Vec<PlayedSchedule>,
    /// SHA-256 of all their logs.
    pub log: String,
}

/// What the schedules say of a promise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromiseCount {
    pub id: PromiseId,
    pub verdict: Verdict,
    /// The classes of faults that it holds under.
    pub covers: String,
    /// In how many schedules it could have been broken, and in how many of these something worked
    /// against it.
    pub exercised: u32,
    pub challenged: u32,
    /// In how many it was broken.
    pub broken: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter_example: Option<Smallest>,
    /// In how many it was broken by what it does not cover.
    pub uncounted: u32,
    /// The first of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted_example: Option<String>,
    pub mend: &'static str,
}

/// The smallest schedule that was found to break a promise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Smallest {
    pub schedule: String,
    /// The one that it was made from.
    pub found: String,
    /// The story in a sentence.
    pub title: &'static str,
    pub message: String,
    pub file: String,
    pub line: u32,
    /// Seconds from the beginning of the story's own part to the breach.
    pub seconds: f64,
    /// None where the story breaks the promise by itself.
    pub point_of_no_return: Option<PointOfNoReturn>,
    /// How many plays it took to find it.
    pub plays: u32,
}

/// Up to here the promise could have been kept: without this fault it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PointOfNoReturn {
    pub seconds: f64,
    pub fault: String,
}

/// A schedule that was played.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlayedSchedule {
    pub number: u32,
    pub schedule: String,
    pub classes: String,
    /// Promises that it broke.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncounted: Vec<String>,
    pub log: String,
}

pub(super) fn assemble(
    request: &Request,
    campaign: &Campaign,
    urn: &Urn,
    house: &House,
    played: Vec<Played>,
    found: Vec<CounterExample>,
) -> CampaignReport {
    let mut classes: BTreeMap<String, u32> = BTreeMap::new();
    let mut log = Sha256::new();
    for played in &played {
        let name = match played.classes.as_str() {
            "" => "none",
            classes => classes,
        };
        *classes.entry(name.to_owned()).or_default() += 1;
        log.update(&played.log);
    }
    let digest = log.finalize();
    let milliseconds: u64 = played
        .iter()
        .map(|played| played.virtual_milliseconds)
        .sum();
    let restored = played.iter().flat_map(|played| {
        let times = played.restored_milliseconds.iter();
        times.map(|time| Duration::from_millis(*time))
    });
    let restored = Samples::only(Measure::FailureToRestored, restored.collect());
    let promises = PROMISES
        .iter()
        .filter(|promise| promise.id != PromiseId::PermissionsUsed && house.asks_for(promise.id))
        .map(|promise| {
            let example = found.iter().find(|example| example.promise == promise.id);
            let smallest = example.map(|example| smallest(example, house));
            count(promise, &played, smallest)
        })
        .collect();
    CampaignReport {
        schema: 1,
        pipeline: house.sources.keys().cloned().collect(),
        seed: request.seed,
        schedules: campaign.schedules,
        shard: campaign.shard.to_string(),
        stories: urn.stories().iter().map(|(story, _)| story.id).collect(),
        promises,
        classes,
        virtual_seconds: milliseconds as f64 / 1000.0,
        failure_to_restored: restored.estimates().pop(),
        assumptions: house.survey.assumptions(),
        played: played.into_iter().map(PlayedSchedule::from).collect(),
        log: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn count(
    promise: &crate::promises::Promise,
    played: &[Played],
    counter_example: Option<Smallest>,
) -> PromiseCount {
    let id = promise.id.as_str();
    let breaks = |played: &Played, counted: bool| {
        let mut breaches = played.breaches.iter();
        breaches.any(|breach| breach.promise == id && breach.counted == counted)
    };
    let number = |of: &dyn Fn(&Played) -> bool| played.iter().filter(|p| of(p)).count() as u32;
    let exercised = number(&|played| played.exercised.contains(id));
    let challenged = number(&|played| played.challenged.contains(id));
    let broken = number(&|played| breaks(played, true));
    let first = played.iter().find(|played| breaks(played, false));
    PromiseCount {
        id: promise.id,
        verdict: match (broken, challenged) {
            (1.., _) => Verdict::Broken,
            (0, 1..) => Verdict::Kept,
            (0, 0) => Verdict::NotExercised,
        },
        covers: promise.covers.to_string(),
        exercised,
        challenged,
        broken,
        counter_example,
        uncounted: number(&|played| breaks(played, false)),
        uncounted_example: first.map(|played| played.schedule.clone()),
        mend: promise.mend,
    }
}

fn smallest(example: &CounterExample, house: &House) -> Smallest {
    let seconds = |at: lockkeeper_world::Instant| at.since(example.begun).as_secs_f64();
    let fallback = || {
        let survey = &house.survey;
        let files = survey
            .checks_pulls
            .first()
            .or(survey.deploys_staging.first());
        files.cloned().unwrap_or_default()
    };
    let no_return = example.no_return.as_ref();
    Smallest {
        schedule: example.schedule.to_string(),
        found: example.found.clone(),
        title: example.schedule.scenario.title,
        message: example.breach.message.clone(),
        file: example.breach.file.clone().unwrap_or_else(fallback),
        line: example.breach.line.unwrap_or(1),
        seconds: example.at.map(seconds).unwrap_or_default(),
        point_of_no_return: no_return.map(|no_return| PointOfNoReturn {
            seconds: seconds(no_return.at),
            fault: no_return.fault.clone(),
        }),
        plays: example.plays,
    }
}

impl From<Played> for PlayedSchedule {
    fn from(played: Played) -> Self {
        let of = |counted| {
            let breaches = played
                .breaches
                .iter()
                .filter(|breach| breach.counted == counted);
            let mut promises: Vec<String> = breaches.map(|breach| breach.promise.clone()).collect();
            promises.dedup();
            promises
        };
        Self {
            broken: of(true),
            uncounted: of(false),
            number: played.number,
            schedule: played.schedule,
            classes: played.classes,
            log: played.log,
        }
    }
}

impl CampaignReport {
    /// True when no promise is broken by what it covers.
    pub fn all_well(&self) -> bool {
        self.promises
            .iter()
            .all(|promise| promise.verdict != Verdict::Broken)
    }

    /// True when there was nothing to play.
    pub fn is_empty(&self) -> bool {
        self.played.is_empty()
    }
}

/// The report for people; `command` begins what replays a schedule.
pub struct HumanCampaign<'a> {
    pub report: &'a CampaignReport,
    pub command: &'a str,
}

impl fmt::Display for HumanCampaign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        writeln!(
            f,
            "{} schedules of {} (seed {}, shard {}), {} of virtual time",
            report.played.len(),
            report.schedules,
            report.seed,
            report.shard,
            hours(report.virtual_seconds),
        )?;
        let classes = report
            .classes
            .iter()
            .map(|(name, count)| format!("{name} {count}"));
        writeln!(f, "faults: {}\n", classes.collect::<Vec<_>>().join(", "))?;
        for promise in &report.promises {
            let PromiseCount {
                id,
                verdict,
                exercised,
                broken,
                uncounted,
                ..
            } = promise;
            let (mark, mut says) = match verdict {
                Verdict::Kept => ("✓", format!("kept in {exercised}")),
                Verdict::Broken => ("✗", format!("broken in {broken} of {exercised}")),
                Verdict::NotExercised => ("–", "not exercised".to_owned()),
            };
            if *uncounted > 0 {
                says += &format!("; {uncounted} beyond what it covers");
            }
            writeln!(f, "{mark} {:26} {says}", id.as_str())?;
        }
        if let Some(estimate) = &report.failure_to_restored {
            let median = spoken(estimate.median_seconds);
            writeln!(
                f,
                "\n{}: {median}{}",
                estimate.id.title(),
                estimate.spread()
            )?;
        }
        for promise in &report.promises {
            if let Some(example) = &promise.counter_example {
                self.example(f, promise, example)?;
            }
        }
        let uncounted = report
            .promises
            .iter()
            .filter(|promise| promise.uncounted > 0);
        for (at, promise) in uncounted.enumerate() {
            if at == 0 {
                writeln!(f, "\nbeyond what the promise covers, and not counted:")?;
            }
            if let Some(example) = &promise.uncounted_example {
                writeln!(f, "  {} in {example}", promise.id)?;
            }
        }
        Ok(())
    }
}

impl HumanCampaign<'_> {
    /// GitHub's workflow commands: an annotation for each broken promise.
    pub fn annotations(&self) -> String {
        let mut lines = String::new();
        for promise in &self.report.promises {
            let Some(example) = &promise.counter_example else {
                continue;
            };
            let message = capital(&example.message);
            lines += &crate::report::annotation(
                "error",
                (&example.file, example.line),
                &format!("{} is broken", promise.id),
                &format!("{message} (replay: {})", example.schedule),
                promise.mend,
            );
        }
        lines
    }

    fn example(
        &self,
        f: &mut fmt::Formatter<'_>,
        promise: &PromiseCount,
        example: &Smallest,
    ) -> fmt::Result {
        writeln!(f, "\n{} is broken", promise.id)?;
        writeln!(f, "  {}", capital(&example.message))?;
        writeln!(f, "  --> {}:{}", example.file, example.line)?;
        writeln!(f, "  story: {}", example.title)?;
        match &example.point_of_no_return {
            Some(point) => writeln!(
                f,
                "  point of no return: {} at {:.0} s; without it the promise is kept (broken at {:.0} s)",
                point.fault, point.seconds, example.seconds
            )?,
            None => writeln!(f, "  no single fault decides it")?,
        }
        writeln!(f, "  mend: {}", promise.mend)?;
        writeln!(
            f,
            "  replay: {} --replay '{}'",
            self.command, example.schedule
        )
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

fn hours(seconds: f64) -> String {
    format!("{:.0} h", seconds / 3600.0)
}
