//! How bad a fault is, and which classes a promise covers.

use std::fmt;

use lockkeeper_world::app::Behaviour;
use lockkeeper_world::event::{Event, What};

/// The class of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// An API misbehaves for at most 90 s.
    A,
    /// An image is bad.
    B,
    /// A run is cancelled, or its time is up.
    C,
    /// A runner is lost.
    D,
    /// Anything beyond.
    E,
}

impl Class {
    pub(crate) const ALL: [Class; 5] = [Class::A, Class::B, Class::C, Class::D, Class::E];

    pub(crate) fn letter(self) -> char {
        match self {
            Class::A => 'A',
            Class::B => 'B',
            Class::C => 'C',
            Class::D => 'D',
            Class::E => 'E',
        }
    }

    fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.letter() == letter)
    }
}

/// A set of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Classes(u8);

impl Classes {
    pub(crate) const NONE: Classes = Classes(0);
    pub(crate) const A_TO_C: Classes = Classes(0b0111);
    pub(crate) const A_TO_D: Classes = Classes(0b1111);

    pub(crate) fn with(self, class: Class) -> Self {
        Self(self.0 | 1 << class as u8)
    }

    pub(crate) fn has(self, class: Class) -> bool {
        self.0 & 1 << class as u8 != 0
    }

    /// Whether each class of `other` is in it.
    pub(crate) fn covers(self, other: Classes) -> bool {
        other.0 & !self.0 == 0
    }

    /// What struck in a story: E too, where faults came together that do not belong together.
    pub(crate) fn struck(events: &[Event]) -> Self {
        let mut classes = Self::NONE;
        let (mut cut_short, mut lost) = (0, 0);
        let mut flaps = false;
        for event in events {
            let class = match &event.what {
                What::Fault { class, .. } => class,
                What::TaskStarted { behaviour, .. } => {
                    flaps |= matches!(behaviour, Behaviour::Flapping { .. });
                    continue;
                }
                _ => continue,
            };
            let Some(class) = Class::of_letter(*class) else {
                continue;
            };
            classes = classes.with(class);
            cut_short += usize::from(class == Class::C);
            lost += usize::from(class == Class::D);
        }
        let with_lost = classes.has(Class::A) || classes.has(Class::C) || flaps;
        if cut_short > 1 || lost > 1 || (lost == 1 && with_lost) {
            classes = classes.with(Class::E);
        }
        classes
    }
}

impl fmt::Display for Classes {
    /// `AC`; nothing where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = Class::ALL.into_iter().filter(|class| self.has(*class));
        has.map(Class::letter).collect::<String>().fmt(f)
    }
}
