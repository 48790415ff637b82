//! Many schedules, drawn from a seed: each a story with faults that strike at drawn moments.

mod draw;
mod orders;
mod played;
mod report;
mod shrink;
mod state;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use crate::engine::EngineError;
use crate::house::{Enough, House, known};
use crate::rehearse::{RehearsalError, Request};
use crate::schedule::Schedule;
use draw::{Extent, Urn};
use played::Played;

pub use orders::{BrokenOrder, HumanOrders, OrdersReport, StoryOrders, orders};
pub(crate) use played::covered;
pub use report::{CampaignReport, HumanCampaign};

/// The seed of the survey and of what comes before a story's own part, so that a schedule's string
/// says everything.
pub(crate) const BEGINNING: u64 = 1;

/// What a campaign is.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// How many schedules, all shards together.
    pub schedules: u32,
    pub shard: Shard,
    /// Each schedule whose number is a multiple of this is played twice; none when 0.
    pub twice_every: u32,
    /// Where to keep what has been played, to go on from there.
    pub resume: Option<PathBuf>,
    /// The most plays that making broken schedules smaller may take.
    pub most_shrinking: u32,
}

/// A part of a campaign: the `index`-th of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    of: u32,
}

/// Why a text is no shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shard is a number and how many there are, as in `2/8`")]
pub struct ShardError;

impl Shard {
    pub const WHOLE: Shard = Shard { index: 1, of: 1 };

    fn numbers(self, schedules: u32) -> impl Iterator<Item = u32> {
        (self.index - 1..schedules).step_by(self.of as usize)
    }
}

impl std::str::FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, of) = text.split_once('/').ok_or(ShardError)?;
        let number = |digits| crate::faults::number(digits).ok_or(ShardError);
        let (index, of) = (number(index)?, number(of)?);
        match 1 <= index && index <= of && of <= 100_000 {
            true => Ok(Shard { index, of }),
            false => Err(ShardError),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// How far a campaign is.
#[derive(Debug, Clone)]
pub struct CampaignProgress {
    pub done: usize,
    pub all: usize,
    /// How many schedules broke a promise that covers them.
    pub broken: usize,
    /// About how long it still takes; none while there is nothing to go by.
    pub left: Option<Duration>,
}

/// Plays a campaign.
pub fn campaign(
    request: &Request,
    campaign: &Campaign,
    progress: &(dyn Fn(CampaignProgress) + Sync),
) -> Result<CampaignReport, RehearsalError> {
    known(&request.scenarios)?;
    let house = House::open(request, BEGINNING)?;
    let subject = house.subject(BEGINNING, request.scenarios.clone());
    let urn = urn(&house, &house.playable(&subject))?;
    let numbers: Vec<u32> = match urn.is_empty() {
        true => Vec::new(),
        false => campaign.shard.numbers(campaign.schedules).collect(),
    };
    let key = state::Key::new(request, campaign, house.fingerprint(request));
    let state = state::State::open(campaign.resume.as_deref(), &key)?;
    let left: Vec<u32> = numbers
        .iter()
        .copied()
        .filter(|number| !state.has(*number))
        .collect();
    let began = RealInstant::now();
    let told = Mutex::new((0, state.broken()));
    let state = Mutex::new(state);
    house.share_out(
        left.len(),
        |ground, at| {
            let number = left[at];
            let schedule = urn.draw(request.seed, number);
            let outcome = ground.play_schedule(&schedule)?;
            let played = Played::of(number, &schedule, &outcome);
            if campaign.twice_every > 0 && number.is_multiple_of(campaign.twice_every) {
                let again = Played::of(number, &schedule, &ground.play_schedule(&schedule)?);
                if again != played {
                    return Err(EngineError::Undetermined(schedule.to_string()));
                }
            }
            // A machine that cannot write keeps no state, and says so.
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state
                .add(played.clone())
                .map_err(EngineError::io("keep what has been played"))?;
            Ok(played)
        },
        |_, played| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.0 += 1;
            told.1 += usize::from(played.breaches.iter().any(|breach| breach.counted));
            let each = began.elapsed() / told.0;
            let rest = left.len() as u32 - told.0;
            progress(CampaignProgress {
                done: numbers.len() - rest as usize,
                all: numbers.len(),
                broken: told.1,
                left: (told.0 > 4).then(|| each * rest),
            });
            Enough::No
        },
    )?;
    let mut state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state
        .write()
        .map_err(EngineError::io("keep what has been played"))?;
    let played = state.into_played();
    let found = shrink::counter_examples(&house, &urn, &played, campaign.most_shrinking)?;
    Ok(report::assemble(
        request, campaign, &urn, &house, played, found,
    ))
}

/// Plays each story once without faults, to see how far it reaches.
fn urn(
    house: &House,
    stories: &[&'static crate::scenarios::Scenario],
) -> Result<Urn, RehearsalError> {
    let played = house.share_out(
        stories.len(),
        |ground, at| {
            let plain = Schedule {
                scenario: stories[at],
                seed: 1,
                order: None,
                faults: Vec::new(),
            };
            Ok(Extent::of(&ground.play_schedule(&plain)?))
        },
        |_, _| Enough::No,
    )?;
    let with = played.into_iter();
    Ok(Urn::new(
        with.filter_map(|(at, extent)| Some((stories[at], extent?)))
            .collect(),
    ))
}
