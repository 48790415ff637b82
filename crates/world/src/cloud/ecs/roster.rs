//! The tasks of a service, each at a place that stays its own.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use super::task::{REMEMBERED, Task};
use crate::Instant;

#[derive(Default, Clone)]
pub(crate) struct Roster {
    tasks: BTreeMap<usize, Task>,
    next: usize,
}

impl Roster {
    /// The place of the next task.
    pub(crate) fn next(&self) -> usize {
        self.next
    }

    pub(crate) fn add(&mut self, task: Task) -> usize {
        let at = self.next;
        self.tasks.insert(at, task);
        self.next += 1;
        at
    }

    pub(crate) fn has(&self, at: usize) -> bool {
        self.tasks.contains_key(&at)
    }

    /// Forgets what ECS no longer remembers.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.tasks
            .retain(|_, task| task.stopped_at.is_none_or(|at| now.since(at) < REMEMBERED));
    }

    /// The oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Task> {
        self.tasks.values_mut()
    }

    /// The places of the tasks that are `wanted`, the oldest first.
    pub(crate) fn places(&self, wanted: impl Fn(&Task) -> bool) -> Vec<usize> {
        self.tasks
            .iter()
            .filter(|(_, task)| wanted(task))
            .map(|(at, _)| *at)
            .collect()
    }
}

impl Index<usize> for Roster {
    type Output = Task;
    fn index(&self, at: usize) -> &Task {
        &self.tasks[&at]
    }
}

impl IndexMut<usize> for Roster {
    fn index_mut(&mut self, at: usize) -> &mut Task {
        match self.tasks.get_mut(&at) {
            Some(task) => task,
            // As for a vector: a place is asked for only while its task is held.
            None => panic!("no task at {at}"),
        }
    }
}
