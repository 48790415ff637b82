//! From stories to verdicts: what a rehearsal's report says of each promise.

use std::collections::BTreeSet;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::What;

use crate::estimates::Samples;
use crate::play::Outcome;
use crate::promises::{Breach, PROMISES, permissions_used};
use crate::record::{Recording, Subject};
use crate::report::{Evidence, Played, PromiseReport, Report, ScenarioReport, Verdict};
use crate::survey::Settings;

pub(crate) fn assemble(subject: Subject, mut outcomes: Vec<Outcome>) -> Report {
    judge_use(&subject, &mut outcomes);
    let promises: Vec<PromiseReport> = PROMISES
        .iter()
        .filter(|promise| subject.facts.ask_for(promise.id))
        .map(|promise| {
            let verdict_with = |settings: Settings| verdict(promise.id, with(&outcomes, settings));
            let mut stories: Vec<&'static str> = Vec::new();
            let mut evidence = Vec::new();
            for (story, outcome) in outcomes.iter().enumerate() {
                let Some((_, judgement)) =
                    outcome.judgements.iter().find(|(id, _)| *id == promise.id)
                else {
                    continue;
                };
                if judgement.exercised && !stories.contains(&outcome.scenario.id) {
                    stories.push(outcome.scenario.id);
                }
                evidence.extend(
                    judgement
                        .breaches
                        .iter()
                        .map(|breach| as_evidence(breach, story, outcome, &subject)),
                );
            }
            // With the declared settings first, then the stories that are about this promise; the same
            // place once.
            let about = |story: usize| outcomes[story].scenario.challenges.contains(&promise.id);
            evidence.sort_by_key(|evidence| {
                (
                    evidence.settings != "declared",
                    !about(evidence.story),
                    evidence.story,
                    evidence.seq,
                )
            });
            let mut seen = BTreeSet::new();
            evidence.retain(|evidence| {
                seen.insert((
                    evidence.settings,
                    evidence.scenario,
                    evidence.file.clone(),
                    evidence.line,
                    evidence.message.clone(),
                ))
            });
            PromiseReport {
                id: promise.id,
                verdict: verdict_with(Settings::Declared),
                with_defaults: verdict_with(Settings::Defaults),
                scenarios: stories,
                evidence,
                mend: promise.mend,
            }
        })
        .collect();
    let scenarios = subject
        .wanted()
        .map(|scenario| {
            let outcome = outcomes.iter().find(|outcome| {
                outcome.scenario.id == scenario.id && outcome.settings == Settings::Declared
            });
            match outcome {
                None => ScenarioReport {
                    id: scenario.id,
                    title: scenario.title,
                    verdict: Played::NotPlayed,
                    note: Some("the pipeline has nothing that this story needs".into()),
                    virtual_seconds: 0.0,
                    wall_seconds: 0.0,
                    runs: Vec::new(),
                },
                Some(outcome) => ScenarioReport {
                    id: scenario.id,
                    title: scenario.title,
                    verdict: if outcome.told.note.is_none()
                        && outcome
                            .judgements
                            .iter()
                            .all(|(_, judgement)| judgement.breaches.is_empty())
                    {
                        Played::Passed
                    } else {
                        Played::Failed
                    },
                    note: outcome.told.note.clone(),
                    virtual_seconds: outcome.virtual_time().as_secs_f64(),
                    wall_seconds: outcome.wall_time.as_secs_f64(),
                    runs: outcome.runs.clone(),
                },
            }
        })
        .collect();
    let mut not_modelled = BTreeSet::new();
    for outcome in &outcomes {
        for event in &outcome.events {
            if let What::NotModelled { text, file, line } = &event.what {
                let workflow = event
                    .caller
                    .and_then(|caller| outcome.runs.iter().find(|run| run.id == caller.run.0))
                    .map(|run| run.workflow.clone());
                let place = file
                    .clone()
                    .or(workflow)
                    .map(|file| format!("{file}:{}: ", line.unwrap_or(1)))
                    .unwrap_or_default();
                not_modelled.insert(format!("{place}{text}"));
            }
        }
    }
    for left in &subject.facts.left_out {
        not_modelled.insert(format!(
            "{}:{}: fails here on {} although nothing is wrong, and promises leave its runs out: {}",
            left.workflow, left.line, left.trigger, left.message
        ));
    }
    let isolation = outcomes
        .first()
        .map(|outcome| outcome.told.isolation)
        .unwrap_or_default();
    let mut assumptions = subject.assumptions.clone();
    let met = outcomes.iter().flat_map(|outcome| {
        let assumed = outcome.events.iter().filter_map(|event| match &event.what {
            What::Assumed { text } => Some(text.clone()),
            _ => None,
        });
        assumed.chain(outcome.told.notes.iter().cloned())
    });
    assumptions.extend(met.collect::<BTreeSet<_>>());
    let mut samples = Samples::default();
    for outcome in with(&outcomes, Settings::Declared) {
        samples.extend(&outcome.samples);
    }
    Report {
        schema: 1,
        pipeline: subject.workflows.keys().cloned().collect(),
        seed: subject.seed,
        promises,
        scenarios,
        estimates: samples.estimates(),
        assumptions,
        not_modelled: not_modelled.into_iter().collect(),
        isolation_missing: match outcomes.is_empty() {
            true => Vec::new(),
            false => isolation.missing(),
        },
        isolation,
        recordings: outcomes
            .into_iter()
            .map(|outcome| Recording {
                scenario: outcome.scenario.id,
                settings: outcome.settings.as_str(),
                events: outcome.events,
                told: Some(outcome.told),
            })
            .collect(),
        subject,
    }
}

/// Judges what only all stories together can tell: which permissions were never used.
fn judge_use(subject: &Subject, outcomes: &mut [Outcome]) {
    let id = PromiseId::PermissionsUsed;
    let unused = permissions_used::unused(outcomes.iter().map(|o| o.events.as_slice()));
    // A part of the stories leaves unused what the others use.
    let whole = subject.only.is_empty();
    let mut told = BTreeSet::new();
    for outcome in outcomes {
        let Some((_, judgement)) = outcome
            .judgements
            .iter_mut()
            .find(|(known, _)| *known == id)
        else {
            continue;
        };
        if !whole {
            judgement.exercised = false;
            continue;
        }
        let settings = outcome.settings;
        for one in &unused {
            if told.contains(&(settings, &one.role, &one.what)) {
                continue;
            }
            let file = |breach: &Breach| {
                let run = breach.run?;
                let run = outcome.runs.iter().find(|known| known.id == run.0)?;
                Some(run.workflow.clone())
            };
            if let Some(mut breach) = permissions_used::breach(&outcome.events, one) {
                breach.file = file(&breach);
                judgement.breach(breach);
                told.insert((settings, &one.role, &one.what));
            }
        }
    }
}

/// The stories as played with these settings: with the defaults, where they had no say, those with
/// the declared ones.
fn with(outcomes: &[Outcome], settings: Settings) -> impl Iterator<Item = &Outcome> {
    outcomes.iter().filter(move |outcome| {
        outcome.settings == settings
            || !outcomes
                .iter()
                .any(|other| other.scenario.id == outcome.scenario.id && other.settings == settings)
    })
}

/// Kept: some story exercised it, some challenged it, none broke it.
fn verdict<'a>(id: PromiseId, outcomes: impl Iterator<Item = &'a Outcome>) -> Verdict {
    let (mut exercised, mut challenged) = (false, false);
    for outcome in outcomes {
        let Some((_, judgement)) = outcome
            .judgements
            .iter()
            .find(|(promise, _)| *promise == id)
        else {
            continue;
        };
        if !judgement.breaches.is_empty() {
            return Verdict::Broken;
        }
        exercised |= judgement.exercised;
        challenged |= judgement.exercised && outcome.scenario.challenges.contains(&id);
    }
    if exercised && challenged {
        Verdict::Kept
    } else {
        Verdict::NotExercised
    }
}

fn as_evidence(breach: &Breach, story: usize, outcome: &Outcome, subject: &Subject) -> Evidence {
    let fallback = || {
        let facts = &subject.facts;
        facts
            .checks_pulls
            .first()
            .or(facts.deploys_staging.first())
            .cloned()
            .unwrap_or_default()
    };
    Evidence {
        file: breach.file.clone().unwrap_or_else(fallback),
        line: breach.line.unwrap_or(1),
        message: breach.message.clone(),
        scenario: outcome.scenario.id,
        settings: outcome.settings.as_str(),
        schedule: outcome.told.schedule.clone(),
        story,
        seq: breach.seq,
    }
}
