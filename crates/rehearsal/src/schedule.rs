//! A story with its faults, as one short string: `two-merges:17:throttle-ecs@r12x40,cancel@s9`.

use std::fmt;

use crate::faults::{Fault, FaultError, number, shown};
use crate::scenarios::{SCENARIOS, Scenario};

/// A story, the seed of what is left to chance in its own part, and what goes wrong there.
#[derive(Clone)]
pub(crate) struct Schedule {
    pub(crate) scenario: &'static Scenario,
    pub(crate) seed: u32,
    /// Which of what can happen next does, at each choice in turn, in place of the seed's pick; the
    /// first wherever it ends.
    pub(crate) order: Option<Vec<u8>>,
    /// In the order in which they are written.
    pub(crate) faults: Vec<Fault>,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    #[error("a schedule has the form `story:seed:fault,fault`, as in `two-merges:17:cancel@s9`")]
    Form,
    #[error("there is no story `{0}`; `--list` names all")]
    Story(String),
    #[error(
        "`{0}` is no seed: a whole number below 4294967296 is wanted, or an order such as `o0102`"
    )]
    Seed(String),
    #[error("a schedule has at most {MOST_FAULTS} faults")]
    Many,
    #[error("`{0}` is there twice")]
    Twice(String),
    #[error(transparent)]
    Fault(#[from] FaultError),
}

/// The most choices that an order spells out.
const LONGEST_ORDER: usize = 512;

fn order(digits: &str) -> Option<Vec<u8>> {
    let known = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase();
    let plain = digits.len() <= LONGEST_ORDER && digits.chars().all(known);
    let choices = digits
        .chars()
        .filter_map(|c| c.to_digit(36)?.try_into().ok());
    plain.then(|| choices.collect())
}

/// The most faults of one schedule.
const MOST_FAULTS: usize = 16;

impl Schedule {
    pub(crate) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let mut parts = text.splitn(3, ':');
        let (Some(story), Some(seed), Some(faults)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(ScheduleError::Form);
        };
        let scenario = SCENARIOS.iter().copied().find(|known| known.id == story);
        let scenario = scenario.ok_or_else(|| ScheduleError::Story(shown(story)))?;
        let order = seed.strip_prefix('o').map(order);
        let (seed, order) = match order {
            Some(order) => (
                Some(1),
                Some(order.ok_or_else(|| ScheduleError::Seed(shown(seed)))?),
            ),
            None => (number(seed), None),
        };
        let seed = seed.ok_or_else(|| {
            let seed = text.split(':').nth(1).unwrap_or_default();
            ScheduleError::Seed(shown(seed))
        })?;
        let mut schedule = Self {
            scenario,
            seed,
            order,
            faults: Vec::new(),
        };
        if faults.is_empty() {
            return Ok(schedule);
        }
        for fault in faults.split(',') {
            if schedule.faults.len() == MOST_FAULTS {
                return Err(ScheduleError::Many);
            }
            let parsed = Fault::parse(fault)?;
            if schedule.faults.contains(&parsed) {
                return Err(ScheduleError::Twice(parsed.to_string()));
            }
            schedule.faults.push(parsed);
        }
        Ok(schedule)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.order {
            None => write!(f, "{}:{}:", self.scenario.id, self.seed)?,
            Some(order) => {
                let last = order.iter().rposition(|choice| *choice > 0);
                let digits = order[..last.map_or(0, |last| last + 1)].iter();
                let digits = digits.filter_map(|choice| char::from_digit((*choice).into(), 36));
                write!(f, "{}:o{}:", self.scenario.id, digits.collect::<String>())?;
            }
        }
        for (at, fault) in self.faults.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}
