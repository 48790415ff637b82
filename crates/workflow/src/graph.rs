//! The order of jobs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::expr::fold;
use crate::model::Workflow;
use crate::place::Problem;
use crate::suggest;

/// Ids of all jobs, each after the jobs that it needs, otherwise in the order of the file. Jobs of
/// a cycle, which a loaded workflow has not, come last.
pub fn order(workflow: &Workflow) -> Vec<&str> {
    let (mut order, rest) = sorted(workflow);
    order.extend(rest);
    let name = |i: usize| workflow.jobs.get_index(i).map(|(id, _)| id.as_str());
    order.into_iter().filter_map(name).collect()
}

/// Numbers of the jobs in the order of their needs, and of those that a cycle holds back.
fn sorted(workflow: &Workflow) -> (Vec<usize>, Vec<usize>) {
    let jobs = &workflow.jobs;
    let mut waits = vec![0; jobs.len()];
    let mut dependents = vec![Vec::new(); jobs.len()];
    for (i, job) in jobs.values().enumerate() {
        for need in &job.needs {
            if let Some(j) = jobs.get_index_of(&need.value) {
                waits[i] += 1;
                dependents[j].push(i);
            }
        }
    }
    let mut ready: BTreeSet<usize> = (0..jobs.len()).filter(|i| waits[*i] == 0).collect();
    let mut order = Vec::with_capacity(jobs.len());
    while let Some(i) = ready.pop_first() {
        order.push(i);
        for j in &dependents[i] {
            waits[*j] -= 1;
            if waits[*j] == 0 {
                ready.insert(*j);
            }
        }
    }
    let rest = (0..jobs.len()).filter(|i| waits[*i] > 0).collect();
    (order, rest)
}

/// The shortest way from a job back to itself, as ids; empty if there is none.
fn cycle<'w>(workflow: &'w Workflow, job: &'w str) -> Vec<&'w str> {
    let needs = |id: &str| workflow.jobs.get(id).map_or(&[][..], |j| &j.needs);
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = VecDeque::from([job]);
    while let Some(id) = open.pop_front() {
        for need in needs(id) {
            let need = need.value.as_str();
            if need == job {
                let mut way = vec![job, id];
                while way.last() != Some(&job) {
                    match from.get(way[way.len() - 1]) {
                        Some(before) => way.push(before),
                        None => break,
                    }
                }
                if id == job {
                    way.pop();
                }
                way.push(job);
                way.dedup();
                way.reverse();
                return way;
            }
            if !from.contains_key(need) {
                from.insert(need, id);
                open.push_back(need);
            }
        }
    }
    Vec::new()
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

/// How many problems of the graph are reported: each takes a walk over it.
const MAX_PROBLEMS: usize = 20;

/// Unknown jobs under `needs`, and cycles.
pub(crate) fn problems(workflow: &Workflow) -> Vec<Problem> {
    let mut found = Vec::new();
    for job in workflow.jobs.values() {
        for need in &job.needs {
            if found.len() < MAX_PROBLEMS && !workflow.jobs.contains_key(&need.value) {
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
    let (_, rest) = sorted(workflow);
    // A cycle is told once, at the first of its jobs.
    let mut told = std::collections::BTreeSet::new();
    for (id, job) in rest.iter().filter_map(|i| workflow.jobs.get_index(*i)) {
        if found.len() >= MAX_PROBLEMS {
            break;
        }
        if told.contains(id) {
            continue;
        }
        let way = cycle(workflow, id);
        if !way.is_empty() {
            told.extend(way.iter().map(|id| (*id).to_owned()));
            found.push(Problem {
                place: job.id.place.clone(),
                message: format!("Job '{id}' depends on itself: {}", way.join(" needs ")),
                suggestion: None,
            });
        }
    }
    found
}
