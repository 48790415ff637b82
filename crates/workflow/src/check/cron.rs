//! `schedule`
//! (<https://docs.github.com/actions/reference/events-that-trigger-workflows#schedule>).

use super::{Check, Report, Subject};
use crate::place::Spanned;
use crate::suggest;

const INTERVAL: &str = "cron-interval";
const ZONE: &str = "unknown-timezone";

/// Names of IANA's database; one a line.
const ZONES: &str = include_str!("../../data/timezones.txt");

pub(super) const CHECK: Check = Check {
    kinds: &[INTERVAL, ZONE],
    run,
};

/// GitHub's shortest interval, in minutes.
const SHORTEST: u32 = 5;

fn run(subject: &Subject<'_>, report: &mut Report) {
    for entry in &subject.workflow.on.schedule {
        if let Some(zone) = &entry.timezone {
            known_zone(zone, report);
        }
        let mut fields = entry.cron.value.split_whitespace();
        let (Some(minutes), Some(hours)) = (fields.next(), fields.next()) else {
            continue;
        };
        let (Some(minutes), Some(hours)) = (members(minutes, 60), members(hours, 24)) else {
            continue;
        };
        let Some(gap) = shortest_gap(&minutes, &hours) else {
            continue;
        };
        if gap < SHORTEST {
            report.warning(
                INTERVAL,
                &entry.cron.place,
                format!(
                    "this asks for runs {gap} minutes apart; GitHub's shortest interval is \
                     {SHORTEST} minutes"
                ),
                Some(format!(
                    "write `*/{SHORTEST}` for the minutes, or a longer step"
                )),
            );
        }
    }
}

fn known_zone(zone: &Spanned<String>, report: &mut Report) {
    let zones = ZONES.lines().filter(|l| !l.starts_with('#'));
    if zones.clone().any(|z| z.eq_ignore_ascii_case(&zone.value)) {
        return;
    }
    let cities = zones.clone().filter_map(|z| z.rsplit_once('/'));
    let city = zone.value.rsplit('/').next().unwrap_or("");
    let same_city = cities
        .filter(|(_, last)| last.eq_ignore_ascii_case(&city.replace(' ', "_")))
        .map(|(region, last)| format!("did you mean `{region}/{last}`?"))
        .next();
    report.error(
        ZONE,
        &zone.place,
        format!("IANA's database has no time zone `{}`", zone.value),
        same_city.or_else(|| {
            let region = zone.value.split('/').next().unwrap_or("");
            let neighbours = zones.filter(|z| z.starts_with(region));
            suggest::did_you_mean(&zone.value, neighbours)
        }),
    );
}

/// The values below `end` that a field names; `None` if it is not of a form known here.
fn members(field: &str, end: u32) -> Option<Vec<u32>> {
    let mut found = vec![false; end as usize];
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|s| *s > 0)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
            None if range == "*" => (0, end - 1),
            None => {
                let at: u32 = range.parse().ok()?;
                (at, if part.contains('/') { end - 1 } else { at })
            }
        };
        let mut at: u32 = first;
        while at <= last.min(end - 1) {
            found[at as usize] = true;
            at += step;
        }
    }
    Some((0..end).filter(|v| found[*v as usize]).collect())
}

/// The fewest minutes between two runs of one day; `None` if there are less than two.
fn shortest_gap(minutes: &[u32], hours: &[u32]) -> Option<u32> {
    let within = minutes.windows(2).map(|pair| pair[1] - pair[0]);
    let neighbours = hours.windows(2).any(|pair| pair[1] - pair[0] == 1);
    let across = match (minutes.first(), minutes.last()) {
        (Some(first), Some(last)) if neighbours => Some(60 - last + first),
        _ => None,
    };
    within.chain(across).min()
}
