//! Virtual time as clocks on walls show it, for what the rules say of days and hours.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lockkeeper_policy::{TimeOfDay, Weekday, Window};
use lockkeeper_world::Instant;

/// The day and the minute in the window's time zone.
fn clock(zone: &TimeZone, at: Instant) -> Option<(Weekday, TimeOfDay)> {
    let at = Timestamp::from_millisecond(i64::try_from(at.millis()).ok()?).ok()?;
    let local = zone.to_datetime(at);
    let day = local.weekday().to_monday_zero_offset();
    let day = Weekday::ALL[usize::try_from(day).ok()?];
    let minute = |of: i8| u16::try_from(of).ok();
    Some((
        day,
        TimeOfDay::new(minute(local.hour())?, minute(local.minute())?)?,
    ))
}

/// A name is of the same database that its type was checked against.
fn zone(window: &Window) -> TimeZone {
    TimeZone::get(window.time_zone.as_str()).unwrap_or(TimeZone::UTC)
}

fn is_open_in(window: &Window, zone: &TimeZone, at: Instant) -> bool {
    clock(zone, at).is_some_and(|(day, time)| window.is_open(day, time))
}

pub(crate) fn is_open(window: &Window, at: Instant) -> bool {
    is_open_in(window, &zone(window), at)
}

/// `Friday, 17:05 (Asia/Tokyo)`
pub(crate) fn spoken(window: &Window, at: Instant) -> String {
    match clock(&zone(window), at) {
        Some((day, time)) => format!("{}, {time} ({})", day.as_str(), window.time_zone),
        None => at.to_string(),
    }
}

/// The first minute from `from` on at which the window is open and stays so for some time, or is
/// closed. Nothing where that never comes within a fortnight.
pub(crate) fn next(window: &Window, from: Instant, open: bool) -> Option<Instant> {
    let zone = zone(window);
    let length = window.to.minutes().saturating_sub(window.from.minutes());
    // Time enough for a deployment, where the window is that long.
    let ahead = Duration::from_secs(60 * u64::from(length / 2).min(60));
    let minute = Duration::from_secs(60);
    let mut at = from;
    for _ in 0..14 * 24 * 60 {
        let is_open = is_open_in(window, &zone, at);
        let wanted = match open {
            true => is_open && is_open_in(window, &zone, at + ahead),
            false => !is_open,
        };
        if wanted {
            return Some(at);
        }
        at = at + minute;
    }
    None
}
