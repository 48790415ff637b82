//! A version serves only after its migration; a failed one changes nothing; no two run at once.

use lockkeeper_names::ImageDigest;
use lockkeeper_policy::{Migrations, PromiseId};
use lockkeeper_world::Instant;
use lockkeeper_world::event::{ServiceKey, What};
use lockkeeper_world::ids::Caller;

use super::{Judgement, Promise, Story, Target};
use crate::faults::Classes;

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::MigratedFirst,
    covers: Classes::A_TO_D,
    mend: "Before the service is updated, run the command from the new image with `aws ecs run-task`, wait for the task to stop, go on only if its container ended with 0, and wait first for one that an earlier run left behind.",
    judge,
};

/// One migration.
struct Migration<'a> {
    caller: Option<Caller>,
    digests: &'a [ImageDigest],
    starts: Instant,
    ends: Instant,
    well: bool,
    seq: u64,
}

fn migrations<'a>(
    story: &Story<'a>,
    rule: &Migrations,
    service: &ServiceKey,
) -> Vec<Migration<'a>> {
    let events = story.events.iter();
    let found = events.filter_map(|event| match &event.what {
        What::TaskRun {
            cluster,
            digests,
            command,
            ends,
            exit_code,
            ..
        } if *cluster == service.cluster && command.contains(rule.command.as_str()) => {
            Some(Migration {
                caller: event.caller,
                digests,
                starts: event.at,
                ends: *ends,
                well: *exit_code == Some(0),
                seq: event.seq,
            })
        }
        _ => None,
    });
    found.collect()
}

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(rule) = &story.facts.policy.migrations else {
        return judgement;
    };
    for target in Target::BOTH {
        let Some(service) = story.service(target) else {
            continue;
        };
        let migrations = migrations(story, rule, service);
        for run in story.deploys(target) {
            let ours = |caller: Option<Caller>| {
                caller.is_some_and(|by| by.run == run.run && by.attempt == run.attempt)
            };
            let failed = migrations.iter().find(|one| ours(one.caller) && !one.well);
            if let Some(failed) = failed {
                judgement.exercise();
                let mut after = story.history.updates_of(run, service);
                let changed = after.find(|update| update.seq > failed.seq);
                let seq = changed.map_or(failed.seq, |update| update.seq);
                if changed.is_some() || run.green() {
                    let message = format!(
                        "the migration for {} failed, and the run went on",
                        target.name()
                    );
                    judgement.breach(story.blame(run, Some(service), seq, message));
                }
            }
            let entries = || {
                let entries = story.history.entries.iter();
                entries.filter(|entry| entry.service == *service)
            };
            let brought = entries().find(|entry| {
                !entry.rollback && ours(entry.update.as_ref().and_then(|update| update.caller))
            });
            let Some((entry, update)) =
                brought.and_then(|entry| Some((entry, entry.update.as_ref()?)))
            else {
                continue;
            };
            let served_before = story.history.initial.contains_key(&entry.digest)
                || entries().any(|other| other.digest == entry.digest && other.seq < entry.seq);
            if served_before {
                continue;
            }
            judgement.exercise();
            let migrated = migrations.iter().any(|one| {
                one.well && one.ends <= update.at && one.digests.contains(&entry.digest)
            });
            if !migrated {
                let message = format!(
                    "{} began to serve in {} although its migration had not ended well there",
                    story.name(&entry.digest),
                    target.name()
                );
                judgement.breach(story.blame(run, Some(service), update.seq, message));
            }
        }
        for (at, one) in migrations.iter().enumerate() {
            let together = migrations[at + 1..]
                .iter()
                .find(|other| other.starts < one.ends);
            let Some(other) = together else { continue };
            let run = other
                .caller
                .and_then(|by| story.history.run(by.run, by.attempt));
            if let Some(run) = run {
                let message = format!("two migrations of {} ran at the same time", target.name());
                judgement.breach(story.blame(run, None, other.seq, message));
            }
        }
    }
    judgement
}
