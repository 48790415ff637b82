//! Every order in which what can happen at the same time may happen, story by story.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::BEGINNING;
use super::played::{Broken, Played};
use crate::engine::EngineError;
use crate::house::{Enough, House, known};
use crate::play::Ground;
use crate::rehearse::{Progress, RehearsalError, Request};
use crate::scenarios::Scenario;
use crate::schedule::Schedule;

/// What all orders of the stories came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrdersReport {
    pub schema: u32,
    pub stories: Vec<StoryOrders>,
}

/// What the orders of one story came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryOrders {
    pub story: &'static str,
    pub played: u32,
    /// No other order is possible. Else there are more than were to be played.
    pub all: bool,
    /// How many choices the longest of them had.
    pub choices: usize,
    pub broken: Vec<BrokenOrder>,
}

/// The first order that breaks a promise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BrokenOrder {
    pub promise: String,
    pub message: String,
    pub schedule: String,
}

impl OrdersReport {
    pub fn all_well(&self) -> bool {
        self.stories.iter().all(|story| story.broken.is_empty())
    }

    pub fn is_empty(&self) -> bool {
        self.stories.is_empty()
    }
}

/// Plays the stories in every order, each at most `most` times.
pub fn orders(
    request: &Request,
    most: u32,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<OrdersReport, RehearsalError> {
    known(&request.scenarios)?;
    let house = House::open(request, BEGINNING)?;
    let subject = house.subject(BEGINNING, request.scenarios.clone());
    let stories = house.playable(&subject);
    let done = AtomicUsize::new(0);
    let played = house.share_out(
        stories.len(),
        |ground, at| orders_of(ground, stories[at], most),
        |at, _| {
            progress(Progress {
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                all: stories.len(),
                scenario: stories[at].id,
            });
            Enough::No
        },
    )?;
    Ok(OrdersReport {
        schema: 1,
        stories: played.into_iter().map(|(_, story)| story).collect(),
    })
}

fn orders_of(
    ground: &Ground<'_>,
    scenario: &'static Scenario,
    most: u32,
) -> Result<StoryOrders, EngineError> {
    let mut found = StoryOrders {
        story: scenario.id,
        played: 0,
        all: false,
        choices: 0,
        broken: Vec::new(),
    };
    let mut order = Some(Vec::new());
    while let Some(wanted) = order {
        if found.played == most {
            return Ok(found);
        }
        let schedule = Schedule {
            scenario,
            seed: 1,
            order: Some(wanted),
            faults: Vec::new(),
        };
        let outcome = ground.play_schedule(&schedule)?;
        found.played += 1;
        found.choices = found.choices.max(outcome.choices.len());
        let played = Played::of(0, &schedule, &outcome);
        for Broken {
            promise, message, ..
        } in played.breaches.into_iter().filter(|breach| breach.counted)
        {
            if found.broken.iter().all(|known| known.promise != promise) {
                found.broken.push(BrokenOrder {
                    promise,
                    message,
                    schedule: played.schedule.clone(),
                });
            }
        }
        order = next(&outcome.choices);
    }
    found.all = true;
    Ok(found)
}

/// The order after one that was played: the last choice that can be another one is the next one.
fn next(made: &[(u8, u8)]) -> Option<Vec<u8>> {
    let last = made.iter().rposition(|(choice, of)| choice + 1 < *of)?;
    let mut order: Vec<u8> = made[..=last].iter().map(|(choice, _)| *choice).collect();
    order[last] += 1;
    Some(order)
}

/// The report for people; `command` begins what replays an order.
pub struct HumanOrders<'a> {
    pub report: &'a OrdersReport,
    pub command: &'a str,
}

impl fmt::Display for HumanOrders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for story in &self.report.stories {
            let played = match (story.all, story.played) {
                (true, 1) => "its one interleaving".to_owned(),
                (true, played) => format!("all {played} interleavings"),
                (false, played) => format!("{played} interleavings, and there are more"),
            };
            let verdict = match story.broken.is_empty() {
                true => "✓",
                false => "✗",
            };
            writeln!(f, "{verdict} {:28} {played}", story.story)?;
        }
        for story in &self.report.stories {
            for broken in &story.broken {
                writeln!(f, "\n{} is broken in {}", broken.promise, story.story)?;
                writeln!(f, "  {}", broken.message)?;
                writeln!(
                    f,
                    "  replay: {} --replay '{}'",
                    self.command, broken.schedule
                )?;
            }
        }
        Ok(())
    }
}
