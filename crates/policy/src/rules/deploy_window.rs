use std::ops::Range;

use lockkeeper_names::TimeZone;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::Status;
use crate::setting::{Draft, Env, Key, Setting, Value};
use crate::token::Token;
use crate::window::{Days, Hours, TimeOfDay, Weekday};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Deploy window",
    meaning: "Outside of these days and hours a new version is refused, also when it was approved; a return to what production served before is possible at any time.",
    forms: &[
        Form {
            pattern: "new (version|versions|release|releases) (go|goes|are deployed) to <env> only [on|during] <window>",
            meaning: only,
        },
        Form {
            pattern: "<env-deploy> [<deploys>|<be>|happens|happen|run|runs|start|starts|take place|go out|goes out] [allowed|permitted] only [<be>|happens|happen|run|runs|start|starts|take place] [allowed|permitted] [on|during|at] <window>",
            meaning: only,
        },
        Form {
            pattern: "<env-deploy> [<deploys>|<be>|happens|happen|run|runs|start|starts|take place|go out|goes out] [allowed|permitted] [on|during|at] <window> only",
            meaning: only,
        },
        Form {
            pattern: "(only (deploy|release) to <env>|(deploy|release) to <env> only) [on|during|at] <window>",
            meaning: only,
        },
        Form {
            pattern: "(<env> (deploy|deployment|release|change) (window|windows)|(deploy|deployment|release|change) (window|windows) (for|of|in|to) <env>) [<is>] [only] [on|during] <window>",
            meaning: only,
        },
        Form {
            pattern: "no <env-deploy> <on-days>",
            meaning: never,
        },
        // Below the heading of an environment.
        Form {
            pattern: "<env> (no <deploying>|never deploy|do not deploy) <on-days>",
            meaning: never,
        },
        Form {
            pattern: "no <days> <deploying> (to|in|into|of) <env>",
            meaning: never,
        },
        Form {
            pattern: "no <deploy> <on-days> (to|in|into|of) <env>",
            meaning: never,
        },
        Form {
            pattern: "(never|do not|must not|must never|nobody may|no one may|nobody|no one) (deploy|deploys|release|releases) to <env> <on-days>",
            meaning: never,
        },
        Form {
            pattern: "<env-deploy> (is|are|<must> be) <prohibited> <on-days>",
            meaning: never,
        },
        Form {
            pattern: "<env-deploy> (never|must not|must never|do not|does not) (happen|happens|run|runs|start|starts|deploy|deploys|take place|go out) <on-days>",
            meaning: never,
        },
        Form {
            pattern: "<env> (is|<must>) (not|never) [be] (deployed|released|updated) [to] <on-days>",
            meaning: never,
        },
    ],
    write,
    examples: &[
        "New versions go to production only on Monday, Tuesday, Wednesday, Thursday, 09:00–17:00 (Asia/Tokyo)",
        "No production deploys on Fridays",
        "Production deploys only on weekdays, 09:00–17:00 JST",
        "Production deploys happen on weekdays only",
        "Production deploy window: Mon–Thu 10:00–16:00 Europe/Berlin",
        "Deployment window for production: between 9am and 5pm UTC on weekdays",
        "Never deploy to production on Fridays or weekends",
        "Production deployments are prohibited on Saturday and Sunday",
        "Only deploy to production from 8:00 to 18:00 America/New_York",
    ],
    near_misses: &[
        "Production deploys on weekdays",
        "No deploys on Fridays",
        "No production deploys on Fridays after 15:00",
        "No staging deploys on Fridays",
        "Production deploys only on weekdays, 09:00–17:00 PST",
        "Production deploys only between 22:00 and 06:00 UTC",
        "No production deploys on every day",
        "Production deploys only on public holidays",
        "Production deploys only on weekdays, 09:00–25:00 UTC",
        "Avoid production deploys on Fridays",
    ],
};

/// Clocks that have one meaning wherever people are.
const CLOCKS: [(&str, &str); 5] = [
    ("utc", "UTC"),
    ("gmt", "UTC"),
    ("z", "UTC"),
    ("jst", "Asia/Tokyo"),
    ("kst", "Asia/Seoul"),
];

/// Returns are let through, and the reader should know.
const RETURNS: &str =
    "a return to an image that production served before is let through at any time";

fn only(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    meaning(parts, Some)
}

fn never(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    meaning(parts, Days::rest)
}

fn meaning(parts: &Parts<'_>, days_of: fn(Days) -> Option<Days>) -> Result<Meaning, Refusal> {
    if parts.environment()? != Env::Production {
        return Err(Refusal {
            why: "only production has a deploy window: staging takes every merge".to_owned(),
            span: parts.whole(),
        });
    }
    let mut settings = Vec::new();
    if let Some(tokens) = parts.all("days").next() {
        let span = parts.span("days").unwrap_or_else(|| parts.whole());
        let days = days(tokens).and_then(days_of).ok_or_else(|| Refusal {
            why: "no day would be left".to_owned(),
            span: span.clone(),
        })?;
        settings.push(Setting::new(Key::WindowDays, Value::Days(days)).at(span));
    }
    if let Some((hours, span)) = hours(parts)? {
        settings.push(Setting::new(Key::WindowHours, Value::Hours(hours)).at(span));
    }
    if let Some((zone, span)) = zone(parts)? {
        settings.push(Setting::new(Key::WindowZone, Value::TimeZone(zone)).at(span));
    }
    Ok(Meaning {
        settings,
        status: Status::Enforced,
        note: Some(RETURNS),
    })
}

/// The days that a phrase names. The pattern has seen to its order.
fn days(tokens: &[Token]) -> Option<Days> {
    let mut named: Vec<Weekday> = Vec::new();
    let mut ranges = false;
    for token in tokens {
        let word = token.norm.as_str();
        match word {
            "weekday" | "weekdays" | "business" | "working" | "workday" | "workdays" => {
                named.extend(&Weekday::ALL[..5]);
            }
            "weekend" | "weekends" => named.extend(&Weekday::ALL[5..]),
            "to" | "through" | "until" | "till" | "-" => ranges = true,
            _ => {
                if let Some((first, last)) = word.split_once('-') {
                    named.extend(range(Weekday::named(first)?, Weekday::named(last)?));
                } else if let Some(day) = Weekday::named(word) {
                    let first = named.last().copied().filter(|_| ranges);
                    named.extend(range(first.unwrap_or(day), day));
                    ranges = false;
                }
            }
        }
    }
    Days::of(named)
}

/// From one day to another, over the end of the week if need be.
fn range(first: Weekday, last: Weekday) -> impl Iterator<Item = Weekday> {
    let from = first as usize;
    let length = (last as usize + 7 - from) % 7 + 1;
    (from..from + length).map(|day| Weekday::ALL[day % 7])
}

fn hours(parts: &Parts<'_>) -> Result<Option<(Hours, Range<usize>)>, Refusal> {
    let Some(tokens) = parts.all("hours").next() else {
        return Ok(None);
    };
    let span = parts.span("hours").unwrap_or_else(|| parts.whole());
    let refuse = |why: String| Refusal {
        why,
        span: span.clone(),
    };
    let mut times = Vec::new();
    for token in tokens.iter().filter(|token| token.is_content()) {
        for part in token.raw.split(['-', '–']) {
            if part.starts_with(|first: char| first.is_ascii_digit()) {
                let time = TimeOfDay::parse(part)
                    .ok_or_else(|| refuse(format!("`{part}` is not a time from 00:00 to 24:00")))?;
                times.push(time);
            }
        }
    }
    match times[..] {
        [from, to] if from < to => Ok(Some((Hours { from, to }, span))),
        [_, _] => Err(refuse(
            "a window that passes midnight would belong to two days; name the hours of one"
                .to_owned(),
        )),
        _ => Err(refuse("two times are expected here".to_owned())),
    }
}

fn zone(parts: &Parts<'_>) -> Result<Option<(TimeZone, Range<usize>)>, Refusal> {
    let Some(token) = parts.all("zone").flatten().next() else {
        return Ok(None);
    };
    let name = CLOCKS
        .iter()
        .find(|(clock, _)| *clock == token.norm)
        .map_or(token.raw.as_str(), |(_, name)| name);
    match TimeZone::parse(name) {
        Ok(zone) => Ok(Some((zone, token.span.clone()))),
        Err(error) => Err(Refusal {
            why: error.to_string(),
            span: token.span.clone(),
        }),
    }
}

fn write(draft: &Draft) -> Vec<String> {
    let (days, hours) = (draft.get(Key::WindowDays), draft.get(Key::WindowHours));
    let when = match (days, hours) {
        (Some(days), Some(hours)) => format!("on {days}, {hours}"),
        (Some(days), None) => format!("on {days}"),
        (None, Some(hours)) => hours.to_string(),
        (None, None) => return Vec::new(),
    };
    let zone = draft
        .get(Key::WindowZone)
        .map(|zone| format!(" ({zone})"))
        .unwrap_or_default();
    vec![format!("New versions go to production only {when}{zone}")]
}
