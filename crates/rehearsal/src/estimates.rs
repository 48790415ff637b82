//! How long a team waits for its pipeline, measured on the stories' virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use lockkeeper_names::ImageDigest;
use lockkeeper_world::Instant;
use lockkeeper_world::event::{Conclusion, ServiceKey, What};
use serde::Serialize;

use crate::history::Run;
use crate::promises::{Story, Target};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    PullRequestToMergeable,
    MergeToStaging,
    ApprovalToServing,
    FailureToRestored,
}

impl Measure {
    pub const ALL: [Self; 4] = [
        Self::PullRequestToMergeable,
        Self::MergeToStaging,
        Self::ApprovalToServing,
        Self::FailureToRestored,
    ];

    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Self::PullRequestToMergeable => "pull request to mergeable",
            Self::MergeToStaging => "merge to staging",
            Self::ApprovalToServing => "approval to serving",
            Self::FailureToRestored => "failure to restored",
        }
    }

    /// From what until what.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::PullRequestToMergeable => "from the pull request until its last check is green",
            Self::MergeToStaging => {
                "from the merge until staging serves it alone, where its run is green"
            }
            Self::ApprovalToServing => {
                "from the approval until production serves that image alone, where the run is green"
            }
            Self::FailureToRestored => {
                "from a failed deploy's change of the service until only what served before runs again"
            }
        }
    }
}

/// One measure over all cases of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    pub id: Measure,
    /// In how many cases it was measured.
    pub cases: usize,
    pub min_seconds: f64,
    pub median_seconds: f64,
    /// Nine of ten cases take no longer.
    pub p90_seconds: f64,
    pub max_seconds: f64,
}

impl Estimate {
    /// How much it varies, behind the median.
    pub(crate) fn spread(&self) -> String {
        let (min, max) = (self.min_seconds, self.max_seconds);
        match self.cases {
            1 => String::new(),
            cases if min == max => format!(" in each of {cases} cases"),
            cases => format!(
                " (median of {cases} cases; {} to {}, nine of ten within {})",
                spoken(min),
                spoken(max),
                spoken(self.p90_seconds)
            ),
        }
    }
}

/// Measured times, to be added up over stories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Samples(BTreeMap<Measure, Vec<Duration>>);

impl Samples {
    fn add(&mut self, measure: Measure, from: Instant, to: Instant) {
        self.0.entry(measure).or_default().push(to.since(from));
    }

    /// Those of one measure alone.
    pub(crate) fn of(&self, measure: Measure) -> &[Duration] {
        self.0.get(&measure).map_or(&[], Vec::as_slice)
    }

    /// One measure's times, from elsewhere.
    pub(crate) fn only(measure: Measure, times: Vec<Duration>) -> Self {
        Self(BTreeMap::from([(measure, times)]))
    }

    pub(crate) fn extend(&mut self, others: &Samples) {
        for (measure, times) in &others.0 {
            self.0.entry(*measure).or_default().extend(times);
        }
    }

    /// The distribution of each measure.
    pub(crate) fn estimates(&self) -> Vec<Estimate> {
        let estimate = |(measure, times): (&Measure, &Vec<Duration>)| {
            let mut times = times.clone();
            times.sort_unstable();
            // The nearest rank: a time that was measured.
            let at = |percent: usize| {
                let rank = (times.len() * percent).div_ceil(100).max(1);
                times[rank - 1].as_secs_f64()
            };
            Estimate {
                id: *measure,
                cases: times.len(),
                min_seconds: at(0),
                median_seconds: at(50),
                p90_seconds: at(90),
                max_seconds: at(100),
            }
        };
        let measured = self.0.iter().filter(|(_, times)| !times.is_empty());
        measured.map(estimate).collect()
    }
}

/// What a story's events say.
pub(crate) fn samples(story: &Story<'_>) -> Samples {
    let mut samples = Samples::default();
    pulls(story, &mut samples);
    for target in Target::BOTH {
        let Some(service) = story.service(target) else {
            continue;
        };
        for run in story.deploys(target) {
            match run.ended {
                Some((_, Conclusion::Success)) => served(story, target, service, run, &mut samples),
                Some((_, Conclusion::Skipped)) | None => {}
                Some(_) => restored(story, service, run, &mut samples),
            }
        }
    }
    samples
}

fn pulls(story: &Story<'_>, samples: &mut Samples) {
    for event in story.events {
        let What::PullOpened { head, .. } = &event.what else {
            continue;
        };
        let mut last = None;
        let mut green = true;
        let mut of_pull = story.history.runs.iter().filter(|run| {
            run.head == *head
                && run.trigger.starts_with("pull_request")
                && story.facts.checks_pulls.contains(&run.workflow)
        });
        for run in &mut of_pull {
            green &= run.green();
            last = last.max(run.ended.map(|(at, _)| at));
        }
        if let (Some(last), true) = (last, green) {
            samples.add(Measure::PullRequestToMergeable, event.at, last);
        }
    }
}

/// A green run: how long it took until the service had nothing else in service.
fn served(
    story: &Story<'_>,
    target: Target,
    service: &ServiceKey,
    run: &Run,
    samples: &mut Samples,
) {
    let (measure, from) = match target {
        Target::Staging => {
            let merged = story.events.iter().find_map(|event| match &event.what {
                What::Merged { sha, .. } if *sha == run.sha => Some(event.at),
                _ => None,
            });
            (Measure::MergeToStaging, merged)
        }
        Target::Production => {
            let mut reviews = story.history.reviews.iter();
            let approved = reviews.rfind(|review| review.run == run.run && review.approved);
            (Measure::ApprovalToServing, approved.map(|review| review.at))
        }
    };
    let Some(from) = from else { return };
    let asked = story.asked(run, target, from);
    let alone = story
        .history
        .serving_changes(service, from, story.settled)
        .find(|(_, _, serving)| {
            serving.len() == 1 && serving.keys().all(|digest| story.is_asked(&asked, digest))
        });
    if let Some((at, _, _)) = alone {
        samples.add(measure, from, *at);
    }
}

/// A run that was not green: how long anything ran that had not served before it.
fn restored(story: &Story<'_>, service: &ServiceKey, run: &Run, samples: &mut Samples) {
    let Some(first) = story.history.updates_of(run, service).next() else {
        return;
    };
    let before = story.history.serving_before(service, first.seq);
    let next = story.history.updates.iter().find(|update| {
        update.service == *service
            && update.seq > first.seq
            && update.caller.is_some_and(|caller| caller.run != run.run)
    });
    let until = next.map_or(story.settled, |update| update.at);
    let is_old = |digest: &ImageDigest| before.contains_key(digest);
    let serving = story.history.serving(service, until);
    if before.is_empty() || serving.is_empty() || !serving.keys().all(is_old) {
        return;
    }
    let mut alien: BTreeMap<&str, &ImageDigest> = BTreeMap::new();
    let mut back = None;
    for event in story.events {
        if event.seq <= first.seq || event.at > until {
            continue;
        }
        match &event.what {
            What::TaskStarted {
                service: of,
                task,
                digest,
                ..
            } if of == service && !is_old(digest) => {
                alien.insert(task, digest);
            }
            What::TaskStopped {
                service: of, task, ..
            } if of == service && alien.remove(task.as_str()).is_some() => {
                back = Some(event.at);
            }
            // What served before had to be started again.
            What::TaskInService {
                service: of,
                digest,
                ..
            } if of == service && is_old(digest) => back = back.max(Some(event.at)),
            _ => {}
        }
    }
    if let (Some(back), true) = (back, alien.is_empty()) {
        samples.add(Measure::FailureToRestored, first.at, back);
    }
}

/// A time as people say it: `45 s`, `12 min`, `2 min 5 s`, `1 h 3 min`.
pub(crate) fn spoken(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let pair = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {part}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => pair(seconds / 60, "min", seconds % 60, "s"),
        _ => pair(seconds / 3600, "h", seconds % 3600 / 60, "min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_of_times_that_were_measured() {
        let mut samples = Samples::default();
        let start = Instant::from_millis(0);
        for seconds in (1..=20).rev() {
            let at = start + Duration::from_secs(seconds);
            samples.add(Measure::FailureToRestored, start, at);
        }
        let estimates = samples.estimates();
        let [one] = &estimates[..] else {
            panic!("{estimates:?}")
        };
        assert_eq!(
            (
                one.cases,
                one.min_seconds,
                one.median_seconds,
                one.p90_seconds,
                one.max_seconds
            ),
            (20, 1.0, 10.0, 18.0, 20.0)
        );
        let mut all = Samples::default();
        all.add(
            Measure::MergeToStaging,
            start,
            start + Duration::from_secs(3725),
        );
        all.extend(&samples);
        assert_eq!(all.estimates().len(), 2);
        assert_eq!(spoken(all.estimates()[0].max_seconds), "1 h 2 min");
        assert_eq!(spoken(59.6), "1 min");
        assert_eq!(spoken(125.2), "2 min 5 s");
    }
}
