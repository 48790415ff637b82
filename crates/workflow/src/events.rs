//! The events of `on`, with what each may be filtered by.

pub(crate) use crate::tables::{EVENTS, EventRule};

/// Keys that filter some event or other.
pub(crate) const FILTERS: &[&str] = &[
    "types",
    "branches",
    "branches-ignore",
    "tags",
    "tags-ignore",
    "paths",
    "paths-ignore",
];

pub(crate) fn rule(name: &str) -> Option<&'static EventRule> {
    crate::tables::event(name)
}

/// Whether GitHub takes this as `cron`: five fields of POSIX cron.
pub(crate) fn check_cron(text: &str) -> Result<(), String> {
    const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
        ("minute", 0, 59, &[]),
        ("hour", 0, 23, &[]),
        ("day of the month", 1, 31, &[]),
        (
            "month",
            1,
            12,
            &[
                "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
            ],
        ),
        (
            "day of the week",
            0,
            7,
            &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        ),
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() != FIELDS.len() {
        return Err(format!(
            "five fields are needed (minute, hour, day, month, weekday), not {}",
            words.len()
        ));
    }
    for (word, (name, min, max, names)) in words.iter().zip(FIELDS) {
        let value = |s: &str| -> Option<u32> {
            let number = match names.iter().position(|n| n.eq_ignore_ascii_case(s)) {
                Some(at) => at as u32 + min,
                None if !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()) => s.parse().ok()?,
                None => return None,
            };
            (min..=max).contains(&number).then_some(number)
        };
        for item in word.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (item, None),
            };
            let range_fits = match range.split_once('-') {
                _ if range == "*" => true,
                Some((a, b)) => matches!((value(a), value(b)), (Some(a), Some(b)) if a <= b),
                None => value(range).is_some(),
            };
            let step_fits =
                step.is_none_or(|s| s.parse::<u32>().is_ok_and(|n| n > 0 && n <= max.max(1)));
            if !range_fits || !step_fits {
                return Err(format!("`{item}` is no {name} ({min} to {max})"));
            }
        }
    }
    Ok(())
}
