//! Metadata files of actions
//! (<https://docs.github.com/actions/reference/metadata-syntax-reference>).

use super::expressions;
use super::finding::{Finding, Report};
use super::repository::Repository;
use crate::model::{ActionFile, Branding, RunsKind};
use crate::place::Spanned;
use crate::suggest;

pub(super) const DESCRIPTION: &str = "action-description";
pub(super) const BRANDING: &str = "action-branding";
pub(super) const FILE: &str = "action-file";
pub(super) const CONDITION: &str = "action-condition";

pub(super) const KINDS: &[&str] = &[DESCRIPTION, BRANDING, FILE, CONDITION];

/// Written from GitHub's reference; one name a line.
const ICONS: &str = include_str!("../../data/branding-icons.txt");

const COLORS: &[&str] = &[
    "white",
    "black",
    "yellow",
    "blue",
    "green",
    "orange",
    "red",
    "purple",
    "gray-dark",
];

/// Checks an action of the repository. `folder` is where its `action.yml` lies, relative to the
/// root; empty for the root itself.
///
/// Findings come in the order of the file.
pub fn check_action(
    action: &ActionFile,
    folder: &str,
    repository: &Repository<'_>,
) -> Vec<Finding> {
    let mut report = Report::default();
    faults(action, folder, repository, &mut report);
    expressions::check_action(action, repository, &mut report);
    report.finish()
}

/// What is wrong with all but the expressions.
pub(super) fn faults(
    action: &ActionFile,
    folder: &str,
    repository: &Repository<'_>,
    report: &mut Report,
) {
    for (key, text) in [("name", &action.name), ("description", &action.description)] {
        if text.is_none() {
            report.warning(
                DESCRIPTION,
                &action.place,
                format!("the action has no `{key}`, which GitHub asks for"),
                None,
            );
        }
    }
    if let Some(branding) = &action.branding {
        brand(branding, report);
    }
    let mut file = |name: &Spanned<String>, what: &str| {
        let path = resolve(folder, &name.value);
        if path.is_some_and(|path| repository.exists(&path) == Some(false)) {
            report.error(
                FILE,
                &name.place,
                format!("there is no file `{}`, which `{what}` names", name.value),
                None,
            );
        }
    };
    let mut orphans = Vec::new();
    match &action.runs.kind {
        RunsKind::JavaScript(runs) => {
            file(&runs.main, "main");
            for (name, what) in [(&runs.pre, "pre"), (&runs.post, "post")] {
                if let Some(name) = name {
                    file(name, what);
                }
            }
            orphans.push((&runs.pre_if, "pre-if", &runs.pre, "pre"));
            orphans.push((&runs.post_if, "post-if", &runs.post, "post"));
        }
        RunsKind::Docker(runs) => {
            if !runs.image.value.starts_with("docker://") {
                file(&runs.image, "image");
            }
            let (pre, post) = (&runs.pre_entrypoint, &runs.post_entrypoint);
            orphans.push((&runs.pre_if, "pre-if", pre, "pre-entrypoint"));
            orphans.push((&runs.post_if, "post-if", post, "post-entrypoint"));
        }
        RunsKind::Composite(_) => {}
    }
    for (condition, key, script, needs) in orphans {
        if let (Some(condition), None) = (condition, script) {
            report.warning(
                CONDITION,
                &condition.place,
                format!("`{key}` decides nothing without `{needs}`"),
                Some(format!("add `{needs}`, or leave `{key}` out")),
            );
        }
    }
}

fn brand(branding: &Branding, report: &mut Report) {
    if let Some(color) = &branding.color
        && !COLORS.contains(&color.value.as_str())
    {
        let way_out = suggest::did_you_mean(&color.value, COLORS.iter().copied())
            .unwrap_or_else(|| format!("one of {}", COLORS.join(", ")));
        report.warning(
            BRANDING,
            &color.place,
            format!("GitHub has no badge in the color `{}`", color.value),
            Some(way_out),
        );
    }
    if let Some(icon) = &branding.icon {
        let mut icons = ICONS.lines().filter(|l| !l.starts_with('#'));
        if !icons.clone().any(|known| known == icon.value) {
            report.warning(
                BRANDING,
                &icon.place,
                format!("GitHub has no icon `{}` for badges", icon.value),
                suggest::did_you_mean(&icon.value, &mut icons),
            );
        }
    }
}

/// A path that an action names, from the root of the repository; `None` if it leads out of it or
/// is computed.
fn resolve(folder: &str, name: &str) -> Option<String> {
    if name.contains("${{") || name.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
