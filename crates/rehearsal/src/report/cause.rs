//! From what went wrong back to what set it off.

use std::collections::BTreeSet;

use lockkeeper_world::event::{Conclusion, Event, ServiceKey, What};
use lockkeeper_world::ids::{JobId, RunId};

/// The events that led to `seq`, itself included: task, deployment, change, step, review, run, and
/// what a person did first; and the faults that struck in between.
pub(crate) fn chain(events: &[Event], seq: u64) -> BTreeSet<u64> {
    let mut chain = BTreeSet::new();
    let mut at = events.iter().rposition(|event| event.seq <= seq);
    let end = at.map(|index| &events[index]);
    while let Some(index) = at {
        chain.insert(events[index].seq);
        // Each cause is older than its effect, so this ends.
        at = cause(&events[..index], &events[index]);
    }
    let first = chain.first().copied().unwrap_or(seq);
    let span = events.iter().filter(|e| (first..=seq).contains(&e.seq));
    let faults = span.filter(|event| matches!(event.what, What::Fault { .. }));
    chain.extend(faults.map(|event| event.seq));
    if let Some(What::RunCompleted { run, .. }) = end.map(|event| &event.what) {
        chain.extend(changes(events, *run, seq));
    }
    chain
}

/// What a run changed by then, and what became of those services: deployments, changes by others,
/// tags that were moved meanwhile.
fn changes(events: &[Event], run: RunId, until: u64) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut changed: Vec<&ServiceKey> = Vec::new();
    let mut runs = false;
    for event in events.iter().take_while(|event| event.seq <= until) {
        let is_part = match &event.what {
            What::RunCreated { run: created, .. } => {
                runs |= *created == run;
                false
            }
            What::ServiceUpdated { service, .. } => {
                if event.caller.is_some_and(|caller| caller.run == run) {
                    changed.push(service);
                }
                changed.contains(&service)
            }
            What::DeploymentStarted { service, .. } => changed.contains(&service),
            What::TagPut { previous, .. } => runs && previous.is_some(),
            _ => false,
        };
        if is_part {
            found.insert(event.seq);
        }
    }
    found
}

/// The place of an event's cause among those before it.
fn cause(before: &[Event], event: &Event) -> Option<usize> {
    let last = |wanted: &dyn Fn(&What) -> bool| before.iter().rposition(|e| wanted(&e.what));
    match &event.what {
        What::TaskInService { task, .. }
        | What::TaskOutOfService { task, .. }
        | What::TaskStopped { task, .. } => {
            last(&|what| matches!(what, What::TaskStarted { task: started, .. } if started == task))
        }
        What::TaskStarted { deployment, .. } | What::DeploymentState { deployment, .. } => last(
            &|what| matches!(what, What::DeploymentStarted { deployment: started, .. } if started == deployment),
        ),
        What::DeploymentStarted {
            service,
            rollback: true,
            ..
        } => last(&|what| is_failure_on(what, service)),
        What::DeploymentStarted { service, .. } => last(
            &|what| matches!(what, What::ServiceUpdated { service: updated, .. } if updated == service),
        ),
        What::StepStarted { job, .. } => started(before, *job),
        What::JobStarted { job, run } | What::JobQueued { job, run, .. } => {
            let reviewed = last(
                &|what| matches!(what, What::Reviewed { job: gated, .. } if gated == job),
            );
            reviewed.or_else(|| created(before, *run))
        }
        What::JobCompleted { job, .. } => last(
            &|what| matches!(what, What::StepCompleted { job: of, outcome, .. } if of == job && *outcome != Conclusion::Success),
        )
        .or_else(|| started(before, *job)),
        What::StepCompleted { job, step, .. } => last(
            &|what| matches!(what, What::StepStarted { job: of, step: at, .. } if of == job && at == step),
        ),
        What::RunCompleted { run, .. } => last(
            &|what| matches!(what, What::JobCompleted { run: of, conclusion, .. } if of == run && *conclusion != Conclusion::Skipped),
        )
        .or_else(|| created(before, *run)),
        What::Reviewed { run, .. }
        | What::JobWaiting { run, .. }
        | What::JobCreated { run, .. }
        | What::EnvironmentCreated { run, .. }
        | What::GateBypassed { run, .. } => created(before, *run),
        What::CredentialReachable { job, .. } => started(before, *job),
        What::RunCreated { .. } => last(&|what| {
            matches!(
                what,
                What::Stimulus { .. } | What::Merged { .. } | What::PullOpened { .. }
            )
        }),
        What::Merged { .. } | What::PullOpened { .. } | What::MergeRefused { .. } => {
            last(&|what| matches!(what, What::Stimulus { .. }))
        }
        What::Stimulus { .. } | What::Fault { .. } => None,
        _ => {
            let caller = event.caller?;
            last(
                &|what| matches!(what, What::StepStarted { job, step, .. } if *job == caller.job && *step == caller.step),
            )
        }
    }
}

fn started(before: &[Event], job: JobId) -> Option<usize> {
    before
        .iter()
        .rposition(|e| matches!(&e.what, What::JobStarted { job: started, .. } if *started == job))
}

fn created(before: &[Event], run: RunId) -> Option<usize> {
    before
        .iter()
        .rposition(|e| matches!(&e.what, What::RunCreated { run: created, .. } if *created == run))
}

fn is_failure_on(what: &What, on: &ServiceKey) -> bool {
    matches!(what, What::DeploymentState { service, state, .. }
        if service == on && (state.contains("FAILED") || state.starts_with("ROLLBACK")))
}
