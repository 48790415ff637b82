//! The events of `on`, with what each may be filtered by.
//!
//! From the `on-mapping-strict` definition of GitHub's workflow schema.

/// What GitHub takes under an event's key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventRule {
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
    /// Activity types; empty where the event has none or takes any.
    pub(crate) types: &'static [&'static str],
    /// The types that apply where the workflow names none; empty for all.
    pub(crate) default_types: &'static [&'static str],
}

const fn event(
    name: &'static str,
    keys: &'static [&'static str],
    types: &'static [&'static str],
) -> EventRule {
    EventRule {
        name,
        keys,
        types,
        default_types: &[],
    }
}

const TYPES: &[&str] = &["types"];
const PULL_REQUEST_KEYS: &[&str] = &[
    "types",
    "branches",
    "branches-ignore",
    "paths",
    "paths-ignore",
];
const PULL_REQUEST_TYPES: &[&str] = &[
    "assigned",
    "unassigned",
    "labeled",
    "unlabeled",
    "opened",
    "edited",
    "closed",
    "reopened",
    "synchronize",
    "converted_to_draft",
    "locked",
    "unlocked",
    "enqueued",
    "dequeued",
    "milestoned",
    "demilestoned",
    "ready_for_review",
    "review_requested",
    "review_request_removed",
    "auto_merge_enabled",
    "auto_merge_disabled",
    "stacked",
];
const PULL_REQUEST_DEFAULTS: &[&str] = &["opened", "synchronize", "reopened"];
const CREATED_EDITED_DELETED: &[&str] = &["created", "edited", "deleted"];

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

pub(crate) const EVENTS: &[EventRule] = &[
    event("branch_protection_rule", TYPES, CREATED_EDITED_DELETED),
    event(
        "check_run",
        TYPES,
        &["completed", "created", "rerequested", "requested_action"],
    ),
    event("check_suite", TYPES, &["completed"]),
    event("create", &[], &[]),
    event("delete", &[], &[]),
    event("deployment", &[], &[]),
    event("deployment_status", &[], &[]),
    event(
        "discussion",
        TYPES,
        &[
            "created",
            "edited",
            "deleted",
            "transferred",
            "pinned",
            "unpinned",
            "labeled",
            "unlabeled",
            "locked",
            "unlocked",
            "category_changed",
            "answered",
            "unanswered",
        ],
    ),
    event("discussion_comment", TYPES, CREATED_EDITED_DELETED),
    event("fork", &[], &[]),
    event("gollum", &[], &[]),
    event(
        "image_version",
        &["types", "names", "versions"],
        &["created", "ready", "deleted"],
    ),
    event("issue_comment", TYPES, CREATED_EDITED_DELETED),
    event(
        "issues",
        TYPES,
        &[
            "opened",
            "edited",
            "deleted",
            "transferred",
            "pinned",
            "unpinned",
            "closed",
            "reopened",
            "assigned",
            "unassigned",
            "labeled",
            "unlabeled",
            "locked",
            "unlocked",
            "milestoned",
            "demilestoned",
            "field_added",
            "field_removed",
            "typed",
            "untyped",
        ],
    ),
    event("label", TYPES, CREATED_EDITED_DELETED),
    event(
        "merge_group",
        &["types", "branches", "branches-ignore"],
        &["checks_requested"],
    ),
    event(
        "milestone",
        TYPES,
        &["created", "closed", "opened", "edited", "deleted"],
    ),
    event("page_build", &[], &[]),
    event(
        "project",
        TYPES,
        &["created", "closed", "reopened", "edited", "deleted"],
    ),
    event(
        "project_card",
        TYPES,
        &["created", "moved", "converted", "edited", "deleted"],
    ),
    event(
        "project_column",
        TYPES,
        &["created", "updated", "moved", "deleted"],
    ),
    event("public", &[], &[]),
    EventRule {
        name: "pull_request",
        keys: PULL_REQUEST_KEYS,
        types: PULL_REQUEST_TYPES,
        default_types: PULL_REQUEST_DEFAULTS,
    },
    event("pull_request_comment", TYPES, CREATED_EDITED_DELETED),
    event(
        "pull_request_review",
        TYPES,
        &["submitted", "edited", "dismissed"],
    ),
    event("pull_request_review_comment", TYPES, CREATED_EDITED_DELETED),
    EventRule {
        name: "pull_request_target",
        keys: PULL_REQUEST_KEYS,
        types: PULL_REQUEST_TYPES,
        default_types: PULL_REQUEST_DEFAULTS,
    },
    event(
        "push",
        &[
            "branches",
            "branches-ignore",
            "tags",
            "tags-ignore",
            "paths",
            "paths-ignore",
        ],
        &[],
    ),
    event("registry_package", TYPES, &["published", "updated"]),
    event(
        "release",
        TYPES,
        &[
            "published",
            "unpublished",
            "created",
            "edited",
            "deleted",
            "prereleased",
            "released",
        ],
    ),
    event("repository_dispatch", TYPES, &[]),
    event("schedule", &[], &[]),
    event("status", &[], &[]),
    event("watch", TYPES, &["started"]),
    event("workflow_call", &["inputs", "outputs", "secrets"], &[]),
    event("workflow_dispatch", &["inputs"], &[]),
    event(
        "workflow_run",
        &["types", "workflows", "branches", "branches-ignore"],
        &["requested", "completed", "in_progress"],
    ),
];

pub(crate) fn rule(name: &str) -> Option<&'static EventRule> {
    EVENTS.iter().find(|e| e.name == name)
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
