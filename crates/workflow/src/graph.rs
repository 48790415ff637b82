//! The order of jobs.

use std::collections::{BTreeMap, BTreeSet};

use crate::expr::fold;
use crate::model::Workflow;
use crate::place::Problem;
use crate::suggest;

/// Ids of all jobs, each after the jobs that it needs, otherwise in the order of the file. Jobs of
/// a cycle, which a loaded workflow has not, come last.
pub fn order(workflow: &Workflow) -> Vec<&str> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut order = Vec::with_capacity(workflow.jobs.len());
    loop {
        let before = order.len();
        for job in workflow.jobs.values() {
            let id = job.id.value.as_str();
            let ready = job.needs.iter().all(|n| done.contains(n.value.as_str()));
            if ready && done.insert(id) {
                order.push(id);
            }
        }
        if order.len() == before {
            break;
        }
    }
    let rest = workflow.jobs.keys().map(String::as_str);
    order.extend(rest.filter(|id| !done.contains(id)));
    order
}

/// Ids of all jobs that `job` needs, directly or through others, in the order of the file.
pub fn ancestors<'w>(workflow: &'w Workflow, job: &str) -> Vec<&'w str> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open = vec![job];
    while let Some(id) = open.pop() {
        for need in workflow.jobs.get(id).map_or(&[][..], |j| &j.needs) {
            if seen.insert(&need.value) {
                open.push(&need.value);
            }
        }
    }
    let all = workflow.jobs.keys().map(String::as_str);
    all.filter(|id| seen.contains(id)).collect()
}

/// Ids of the jobs that name `job` under `needs`, in the order of the file.
pub fn dependents<'w>(workflow: &'w Workflow, job: &str) -> Vec<&'w str> {
    let jobs = workflow.jobs.values();
    jobs.filter(|j| j.needs.iter().any(|n| n.value == job))
        .map(|j| j.id.value.as_str())
        .collect()
}

/// Needs are found without regard to case; this makes them spell the id as its job does.
pub(crate) fn settle_needs(workflow: &mut Workflow) {
    let ids: BTreeMap<String, String> = workflow
        .jobs
        .keys()
        .map(|id| (fold(id), id.clone()))
        .collect();
    for job in workflow.jobs.values_mut() {
        for need in &mut job.needs {
            if let Some(id) = ids.get(&fold(&need.value)) {
                need.value.clone_from(id);
            }
        }
    }
}

/// Unknown jobs under `needs`, and cycles.
pub(crate) fn problems(workflow: &Workflow) -> Vec<Problem> {
    let mut found = Vec::new();
    for job in workflow.jobs.values() {
        for need in &job.needs {
            if !workflow.jobs.contains_key(&need.value) {
                let ids = workflow.jobs.keys().map(String::as_str);
                found.push(Problem {
                    place: need.place.clone(),
                    message: format!(
                        "Job '{}' depends on unknown job '{}'.",
                        job.id.value, need.value
                    ),
                    suggestion: suggest::did_you_mean(&need.value, ids),
                });
            }
        }
    }
    let first_is_free = workflow.jobs.values().any(|j| j.needs.is_empty());
    if let (false, Some(first)) = (first_is_free, workflow.jobs.values().next()) {
        found.push(Problem {
            place: first.id.place.clone(),
            message: "The workflow must contain at least one job with no dependencies.".to_owned(),
            suggestion: None,
        });
    }
    for job in workflow.jobs.values() {
        let above = ancestors(workflow, &job.id.value);
        if above.contains(&job.id.value.as_str()) {
            let round: Vec<&str> = above
                .iter()
                .copied()
                .filter(|id| ancestors(workflow, id).contains(&job.id.value.as_str()))
                .collect();
            found.push(Problem {
                place: job.id.place.clone(),
                message: format!(
                    "Job '{}' depends on itself, through: {}",
                    job.id.value,
                    round.join(", ")
                ),
                suggestion: None,
            });
        }
    }
    found
}
