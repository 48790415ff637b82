//! `runs-on`
//! (<https://docs.github.com/actions/reference/runners/github-hosted-runners>).

use super::{Check, Report, Subject};
use crate::expr::{ExprKind, Value};
use crate::model::Job;
use crate::place::Place;
use crate::suggest;
use crate::template::{Data, Template};

const UNKNOWN: &str = "runner-label";
const CONFLICT: &str = "runner-label-conflict";
const NO_LABEL: &str = "runner-without-label";

pub(super) const CHECK: Check = Check {
    kinds: &[UNKNOWN, CONFLICT, NO_LABEL],
    run,
};

/// The system that a job runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Os {
    Linux,
    Mac,
    Windows,
}

/// Versions of images, per system, newest first; each stands with all its [`VARIANTS`].
const IMAGES: &[(Os, &str, &[&str])] = &[
    (
        Os::Linux,
        "ubuntu-",
        &["latest", "26.04", "24.04", "22.04", "slim"],
    ),
    (Os::Mac, "macos-", &["latest", "26", "15", "14"]),
    (Os::Windows, "windows-", &["latest", "2025", "2022", "11"]),
];

/// What may follow a version: other processors, and sizes of larger runners.
const VARIANTS: &[&str] = &[
    "",
    "-arm",
    "-intel",
    "-large",
    "-xl",
    "-xlarge",
    "-vs2026",
    "-4-cores",
    "-8-cores",
    "-16-cores",
];

/// Images that GitHub has taken away, with their successors.
const RETIRED: &[(&str, &str)] = &[
    ("ubuntu-16.04", "ubuntu-24.04"),
    ("ubuntu-18.04", "ubuntu-24.04"),
    ("ubuntu-20.04", "ubuntu-24.04"),
    ("macos-10.15", "macos-15"),
    ("macos-11", "macos-15"),
    ("macos-12", "macos-15"),
    ("macos-13", "macos-15"),
    ("windows-2016", "windows-2025"),
    ("windows-2019", "windows-2025"),
];

/// Labels that self-hosted runners get by themselves.
const SELF_HOSTED: &[&str] = &[
    "self-hosted",
    "linux",
    "macos",
    "windows",
    "x64",
    "arm",
    "arm64",
];

/// What a label says about its runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known<'l> {
    os: Option<Os>,
    /// `None` where any version fits.
    version: Option<&'l str>,
}

fn known(label: &str) -> Option<Known<'_>> {
    let images = |(os, prefix, versions): &(Os, &str, &'static [&'static str])| {
        let rest = strip_prefix_ignoring_case(label, prefix)?;
        Some((*os, rest, *versions))
    };
    if let Some((os, rest, versions)) = IMAGES.iter().find_map(images) {
        let found = versions.iter().find(|version| {
            let variant = strip_prefix_ignoring_case(rest, version);
            variant.is_some_and(|v| VARIANTS.iter().any(|known| known.eq_ignore_ascii_case(v)))
        });
        let version = found.map(|found| &rest[..found.len()]);
        return (version.is_some() || is_suggested(label)).then_some(Known {
            os: Some(os),
            version: version.filter(|v| *v != "latest"),
        });
    }
    if is_suggested(label) && !SELF_HOSTED.contains(&label) {
        let (os, version) = (None, None);
        return Some(Known { os, version });
    }
    let own = SELF_HOSTED
        .iter()
        .find(|own| own.eq_ignore_ascii_case(label))?;
    let os = match *own {
        "linux" => Some(Os::Linux),
        "macos" => Some(Os::Mac),
        "windows" => Some(Os::Windows),
        _ => None,
    };
    Some(Known { os, version: None })
}

/// Whether GitHub's own packages suggest the label, and it is not taken away since.
fn is_suggested(label: &str) -> bool {
    retired(label).is_none()
        && crate::tables::runner_labels()
            .iter()
            .any(|l| l.eq_ignore_ascii_case(label))
}

/// The successor of an image that is gone.
fn retired(label: &str) -> Option<&'static str> {
    let found = RETIRED.iter().find(|(old, _)| {
        let variant = strip_prefix_ignoring_case(label, old);
        variant.is_some_and(|v| VARIANTS.contains(&v))
    });
    found.map(|(_, successor)| *successor)
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

/// A label that a job may get, and where it is written.
struct Label<'w> {
    text: &'w str,
    place: &'w Place,
}

/// The labels in an order of preference of the reader: those written under `runs-on`, then those
/// that a matrix gives.
struct Labels<'w> {
    written: Vec<Label<'w>>,
    /// Alternatives: a job gets one of them.
    from_matrix: Vec<Vec<Label<'w>>>,
    /// Whether nothing is computed but by the matrix.
    complete: bool,
}

fn labels(job: &Job) -> Labels<'_> {
    let mut labels = Labels {
        written: Vec::new(),
        from_matrix: Vec::new(),
        complete: true,
    };
    for template in job.runs_on.iter().flat_map(|r| &r.labels) {
        if let Some(text) = template.as_literal() {
            let place = template.place();
            labels.written.push(Label { text, place });
            continue;
        }
        match axis(template).map(|axis| values(job, axis)) {
            Some(values) if !values.is_empty() => {
                for value in values {
                    let mut alternative = Vec::new();
                    labels.complete &= literal_labels(value, &mut alternative);
                    labels.from_matrix.push(alternative);
                }
            }
            _ => labels.complete = false,
        }
    }
    labels
}

/// The axis that a template wholly is: `os` of `${{ matrix.os }}`.
fn axis(template: &Template) -> Option<&str> {
    let expr = &template.whole()?.expr;
    let (of, name) = match &expr.kind {
        ExprKind::Property { of, name } => (of, name.as_str()),
        ExprKind::Index { of, index } => match &index.kind {
            ExprKind::Literal(Value::String(name)) => (of, name.as_str()),
            _ => return None,
        },
        _ => return None,
    };
    match &of.kind {
        ExprKind::Context(context) if context.eq_ignore_ascii_case("matrix") => Some(name),
        _ => None,
    }
}

/// All values that a matrix has for an axis.
fn values<'w>(job: &'w Job, axis: &str) -> Vec<&'w Data> {
    let Some(matrix) = job.strategy.as_ref().and_then(|s| s.matrix.as_ref()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, row) in &matrix.axes {
        if let (true, Data::Sequence(items, _)) = (name.value.eq_ignore_ascii_case(axis), row) {
            found.extend(items);
        }
    }
    if let Some(Data::Sequence(items, _)) = &matrix.include {
        for item in items {
            if let Data::Mapping(entries, _) = item {
                let of_axis = entries
                    .iter()
                    .filter(|(k, _)| k.value.eq_ignore_ascii_case(axis));
                found.extend(of_axis.map(|(_, value)| value));
            }
        }
    }
    found
}

/// Collects one label or a sequence of labels; false if some of it is computed.
fn literal_labels<'w>(data: &'w Data, found: &mut Vec<Label<'w>>) -> bool {
    match data {
        Data::Scalar(template) => match template.as_literal() {
            Some(text) => {
                let place = template.place();
                found.push(Label { text, place });
                true
            }
            None => false,
        },
        Data::Sequence(items, _) => items.iter().all(|item| literal_labels(item, found)),
        Data::Mapping(..) => false,
    }
}

/// The system of a job, where all its labels leave but one.
pub(super) fn system(job: &Job) -> Option<Os> {
    let labels = labels(job);
    if !labels.complete {
        return None;
    }
    let all = labels
        .written
        .iter()
        .chain(labels.from_matrix.iter().flatten());
    let mut found = None;
    for label in all {
        // A label of someone's own runner says nothing about its system.
        match (known(label.text)?.os, found) {
            (Some(os), None) => found = Some(os),
            (Some(os), Some(other)) if os != other => return None,
            _ => {}
        }
    }
    found
}

fn run(subject: &Subject<'_>, report: &mut Report) {
    for job in subject.workflow.jobs.values() {
        let Some(runs_on) = &job.runs_on else {
            continue;
        };
        if runs_on.group.is_none() && runs_on.labels.is_empty() {
            report.error(
                NO_LABEL,
                &runs_on.place,
                "without a label no runner takes this job",
                Some("name one, such as `ubuntu-24.04`".to_owned()),
            );
            continue;
        }
        let labels = labels(job);
        // Labels beside `self-hosted` or in a group are the owner's own.
        let own = runs_on.group.is_some() || has_self_hosted(&labels.written);
        if !own {
            for label in &labels.written {
                unknown(label, subject, report);
            }
        }
        for alternative in &labels.from_matrix {
            if !own && !has_self_hosted(alternative) {
                for label in alternative {
                    unknown(label, subject, report);
                }
            }
            conflict(&labels.written, alternative, report);
        }
        conflict(&labels.written, &[], report);
    }
}

fn has_self_hosted(labels: &[Label<'_>]) -> bool {
    labels
        .iter()
        .any(|l| l.text.eq_ignore_ascii_case("self-hosted"))
}

fn unknown(label: &Label<'_>, subject: &Subject<'_>, report: &mut Report) {
    let text = label.text;
    if known(text).is_some() || subject.repository.has_runner_label(text) {
        return;
    }
    if let Some(successor) = retired(text) {
        report.error(
            UNKNOWN,
            label.place,
            format!("GitHub has taken the image `{text}` away: the job waits for a runner"),
            Some(format!("use `{successor}`")),
        );
        return;
    }
    let names = IMAGES.iter().flat_map(|(_, prefix, versions)| {
        versions
            .iter()
            .map(move |version| format!("{prefix}{version}"))
    });
    let names: Vec<String> = names
        .chain(SELF_HOSTED.iter().map(|l| (*l).to_owned()))
        .collect();
    let way_out = suggest::did_you_mean(text, names.iter().map(String::as_str))
        .unwrap_or_else(|| "for a runner of your own, write `self-hosted` first".to_owned());
    report.warning(
        UNKNOWN,
        label.place,
        format!(
            "GitHub has no runner with the label `{text}`: the job waits until one of yours has it"
        ),
        Some(way_out),
    );
}

/// No runner has labels of two systems.
fn conflict(written: &[Label<'_>], others: &[Label<'_>], report: &mut Report) {
    let all: Vec<&Label<'_>> = written.iter().chain(others).collect();
    // Those written are compared once, without the matrix.
    let from = if others.is_empty() { 0 } else { written.len() };
    for (i, label) in all.iter().enumerate().skip(from) {
        let Some(one) = known(label.text) else {
            continue;
        };
        let against = all[..i].iter().find(|earlier| {
            let other = known(earlier.text);
            other.is_some_and(|other| clash(one, other))
        });
        if let Some(earlier) = against {
            report.error(
                CONFLICT,
                label.place,
                format!(
                    "no runner has both the label `{}` and the label `{}` of line {}",
                    label.text, earlier.text, earlier.place.line
                ),
                Some("to run on each of them, make them a `matrix`".to_owned()),
            );
        }
    }
}

fn clash(one: Known<'_>, other: Known<'_>) -> bool {
    match (one.os, other.os) {
        (Some(a), Some(b)) if a != b => true,
        (Some(_), Some(_)) => match (one.version, other.version) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        },
        _ => false,
    }
}
