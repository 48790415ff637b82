//! When a fault strikes, counted from where the story's own part begins.

use std::fmt;

/// A moment of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// The n-th step has begun.
    Step(u32),
    /// The n-th API request has been answered; 0 is the beginning.
    Request(u32),
    /// So many virtual seconds have passed.
    Second(u32),
    /// The story brings its n-th version: a merge, or a dispatch for a tag.
    Version(u32),
}

/// Beyond any story that is played.
pub(super) const MOST: u32 = 1_000_000;

impl Moment {
    pub(crate) fn number(self) -> u32 {
        match self {
            Moment::Step(n) | Moment::Request(n) | Moment::Second(n) | Moment::Version(n) => n,
        }
    }

    pub(crate) fn letter(self) -> char {
        match self {
            Moment::Step(_) => 's',
            Moment::Request(_) => 'r',
            Moment::Second(_) => 't',
            Moment::Version(_) => 'v',
        }
    }

    pub(crate) fn with_number(self, number: u32) -> Self {
        match self {
            Moment::Step(_) => Moment::Step(number),
            Moment::Request(_) => Moment::Request(number),
            Moment::Second(_) => Moment::Second(number),
            Moment::Version(_) => Moment::Version(number),
        }
    }

    /// The least number that makes sense.
    pub(crate) fn least(self) -> u32 {
        match self {
            Moment::Step(_) | Moment::Version(_) => 1,
            Moment::Request(_) | Moment::Second(_) => 0,
        }
    }

    pub(super) fn new(letter: char, number: u32) -> Option<Self> {
        match letter {
            's' => Some(Moment::Step(number)),
            'r' => Some(Moment::Request(number)),
            't' => Some(Moment::Second(number)),
            'v' => Some(Moment::Version(number)),
            _ => None,
        }
        .filter(|moment| (moment.least()..=MOST).contains(&number))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.letter(), self.number())
    }
}
