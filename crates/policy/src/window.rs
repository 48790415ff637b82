//! When new versions may be deployed: on which days, between which hours, by whose clock.

use std::fmt;

use lockkeeper_names::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// When new versions may be deployed. A return to what served before is possible at any time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub days: Days,
    /// From this minute on.
    pub from: TimeOfDay,
    /// Up to this minute, which is outside.
    pub to: TimeOfDay,
    pub time_zone: TimeZone,
}

impl Window {
    /// Whether it is open on that day at that minute, by the clocks of its time zone.
    pub fn is_open(&self, day: Weekday, time: TimeOfDay) -> bool {
        self.days.contains(day) && self.from <= time && time < self.to
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The name in English.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Sunday => "Sunday",
        }
    }

    /// From 1, which is Monday, to 7, as ISO 8601 counts and `date +%u` prints.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The day of an English name, an abbreviation, or a plural in lower case.
    pub(crate) fn named(word: &str) -> Option<Self> {
        let word = word.strip_suffix('s').unwrap_or(word);
        Self::ALL.into_iter().find(|day| {
            let name = day.as_str().to_lowercase();
            word == name || word.len() >= 3 && word.len() <= 5 && name.starts_with(word)
        })
    }
}

/// Some days of the week, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days([bool; 7]);

impl Days {
    pub const ALL: Self = Self([true; 7]);

    /// Nothing for no day at all.
    pub fn of(days: impl IntoIterator<Item = Weekday>) -> Option<Self> {
        let mut set = [false; 7];
        for day in days {
            set[day as usize] = true;
        }
        set.contains(&true).then_some(Self(set))
    }

    pub const fn contains(self, day: Weekday) -> bool {
        self.0[day as usize]
    }

    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekday::ALL
            .into_iter()
            .filter(move |day| self.contains(*day))
    }

    /// All other days.
    pub(crate) fn rest(self) -> Option<Self> {
        Self::of(Weekday::ALL.into_iter().filter(|day| !self.contains(*day)))
    }

    /// The days that are in both.
    pub(crate) fn and(self, other: Self) -> Option<Self> {
        Self::of(self.iter().filter(|day| other.contains(*day)))
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Weekday::as_str).collect();
        f.write_str(&names.join(", "))
    }
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = Vec::<Weekday>::deserialize(deserializer)?;
        Self::of(days).ok_or_else(|| serde::de::Error::custom("at least one day is expected"))
    }
}

/// A minute of the day, from 00:00 to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    pub const START: Self = Self(0);
    pub const END: Self = Self(24 * 60);

    /// Nothing past 24:00.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        let time = Self(hour.checked_mul(60)?.checked_add(minute)?);
        (minute < 60 && time <= Self::END).then_some(time)
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// `9:00`, `17:30`, `9am`, `5:30pm`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let (clock, noon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
            (Some(clock), _) => (clock, Some(0)),
            (_, Some(clock)) => (clock, Some(12)),
            _ => (text.as_str(), None),
        };
        let (hour, minute) = match clock.split_once(':') {
            Some((hour, minute)) => (hour, minute),
            None if noon.is_some() => (clock, "00"),
            None => return None,
        };
        let number = |digits: &str, longest: usize| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let fits = plain && (1..=longest).contains(&digits.len());
            fits.then(|| digits.parse::<u16>().ok()).flatten()
        };
        let hour = number(hour, 2)?;
        let minute = (minute.len() == 2).then(|| number(minute, 2)).flatten()?;
        match noon {
            None => Self::new(hour, minute),
            Some(noon) if (1..=12).contains(&hour) => Self::new(hour % 12 + noon, minute),
            Some(_) => None,
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("a time such as 09:00 is expected"))
    }
}

/// The minutes between two times of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hours {
    pub(crate) from: TimeOfDay,
    pub(crate) to: TimeOfDay,
}

impl Hours {
    pub(crate) const ALL: Self = Self {
        from: TimeOfDay::START,
        to: TimeOfDay::END,
    };

    pub(crate) fn and(self, other: Self) -> Option<Self> {
        let both = Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        };
        (both.from < both.to).then_some(both)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", self.from, self.to)
    }
}
