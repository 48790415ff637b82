//! Virtual time.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment of virtual time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant(u64);

/// When every rehearsal starts: Monday 2026-03-02, 09:00 UTC.
pub const START: Instant = Instant(1_772_442_000_000);

impl Instant {
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Time since `earlier`, zero if that is later.
    pub fn since(self, earlier: Instant) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// As AWS's and GitHub's APIs write it: `2026-03-02T09:00:00Z`, fractions dropped.
    pub fn rfc3339(self) -> String {
        let seconds = self.0 / 1000;
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Days to a civil date, after Howard Hinnant's algorithm.
        let z = days as i64 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            rest / 3600,
            rest / 60 % 60,
            rest % 60
        )
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, after: Duration) -> Instant {
        // Recorded times may be anything: the end of time is late enough.
        let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_add(after))
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, before: Duration) -> Instant {
        let before = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_sub(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(START.rfc3339(), "2026-03-02T09:00:00Z");
        assert_eq!(
            (START + Duration::from_millis(90_061_999)).rfc3339(),
            "2026-03-03T10:01:01Z"
        );
        assert_eq!(
            Instant::from_millis(1_709_164_800_000).rfc3339(),
            "2024-02-29T00:00:00Z"
        );
    }
}
