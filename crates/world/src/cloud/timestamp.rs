//! Instants as AWS CLI version 2 prints and reads them.

use std::time::Duration;

use serde_json::Value;

use crate::Instant;

/// `2026-03-02T09:00:00+00:00`, with microseconds where there is a fraction.
pub(crate) fn write(at: Instant) -> String {
    let whole = at.rfc3339();
    let whole = whole.trim_end_matches('Z');
    match at.millis() % 1000 {
        0 => format!("{whole}+00:00"),
        fraction => format!("{whole}.{fraction:03}000+00:00"),
    }
}

/// Reads what the CLI accepts: ISO 8601 with or without an offset (UTC then), or seconds since
/// 1970.
pub fn read(value: &Value) -> Option<Instant> {
    match value {
        Value::Number(seconds) => from_seconds(seconds.as_f64()?),
        Value::String(text) => match text.parse::<f64>() {
            Ok(seconds) => from_seconds(seconds),
            Err(_) => from_iso(text),
        },
        _ => None,
    }
}

fn from_seconds(seconds: f64) -> Option<Instant> {
    let range = 0.0..4_102_444_800.0;
    range
        .contains(&seconds)
        .then(|| Instant::from_millis((seconds * 1000.0).round() as u64))
}

fn from_iso(text: &str) -> Option<Instant> {
    if !text.is_ascii() {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| part.parse().ok())?
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
        return None;
    }
    let mut seconds = days_from_civil(year, month, day) * 86_400;
    let mut rest = text.get(10..)?;
    let mut millis = 0;
    if !rest.is_empty() {
        seconds += number(11, 13)? * 3600 + number(14, 16)? * 60;
        rest = text.get(16..)?;
        if rest.starts_with(':') {
            seconds += number(17, 19)?;
            rest = text.get(19..)?;
        }
        if let Some(fraction) = rest.strip_prefix('.') {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            millis = format!("{:0<3}", &fraction[..digits.min(3)]).parse().ok()?;
            rest = &fraction[digits..];
        }
    }
    let offset = match rest {
        "" | "Z" => 0,
        _ => {
            let sign = match rest.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = rest[1..].split_once(':')?;
            let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
            sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60)
        }
    };
    let whole = u64::try_from(seconds - offset).ok()?;
    Some(Instant::from_millis(whole * 1000) + Duration::from_millis(millis))
}

/// Days since 1970-01-01, after Howard Hinnant's algorithm.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let yoe = year.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::START;

    #[test]
    fn what_is_written_is_read_back() {
        for at in [START, START + Duration::from_millis(90_061_250)] {
            assert_eq!(read(&Value::from(write(at))), Some(at));
        }
        let noon = read(&Value::from("2026-03-02T12:00+09:00"));
        assert_eq!(noon, Some(START - Duration::from_secs(6 * 3600)));
        assert_eq!(read(&Value::from(1_772_442_000)), Some(START));
        assert_eq!(read(&Value::from("yesterday")), None);
        for bad in [
            "2026-13-02",
            "2026-03-02T",
            "2026-03-02T09:00:00+99999999999999:00",
            "２０２６-03-02",
            "1e300",
        ] {
            assert_eq!(read(&Value::from(bad)), None, "{bad}");
        }
    }
}
