//! `aws configure set|get|list`: the files in `~/.aws`.

use super::failure::{Failure, Stop};
use super::request::globals::Globals;
use super::session::{self, Sections};
use crate::tools::Desk;

const SECRETS: &[&str] = &[
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];

/// What it printed and its exit code.
pub(super) fn run(
    args: &[String],
    globals: &Globals,
    desk: &mut Desk<'_>,
) -> Result<(String, i32), Stop> {
    let profile = globals
        .profile
        .clone()
        .unwrap_or_else(|| "default".to_owned());
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["set", name, value] => set(&profile, name, value, desk),
        ["get", name] => {
            let found = session::profile(desk, &profile)?;
            Ok(match found.as_ref().and_then(|found| found.get(name)) {
                Some(value) => (format!("{value}\n"), 0),
                None => (String::new(), 1),
            })
        }
        ["list"] => list(globals, desk).map(|text| (text, 0)),
        ["list-profiles"] => {
            let config = session::sections(desk, &session::config_path(desk))?;
            let credentials = session::sections(desk, &session::credentials_path(desk))?;
            let mut names: Vec<&str> = config
                .keys()
                .map(|name| name.strip_prefix("profile ").unwrap_or(name))
                .chain(credentials.keys().map(String::as_str))
                .collect();
            names.sort_unstable();
            names.dedup();
            let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
            Ok((lines, 0))
        }
        ["set" | "get", ..] => {
            let text = "the following arguments are required: varname";
            Err(Failure::arguments(text).into())
        }
        _ => {
            let shown = format!("aws configure {}", words.join(" "));
            desk.not_modelled(shown.trim());
            let text = format!("lockkeeper does not model `{}`", shown.trim());
            Err(Failure::general(text).into())
        }
    }
}

fn set(profile: &str, name: &str, value: &str, desk: &mut Desk<'_>) -> Result<(String, i32), Stop> {
    let unfit = |text: &str| text.contains(['\n', '\r', '[', ']', '=']);
    let simple = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if !simple || unfit(profile) || value.contains(['\n', '\r']) {
        desk.not_modelled(format!("aws configure set {name}"));
        let text = format!("lockkeeper does not model `aws configure set {name}`");
        return Err(Failure::general(text).into());
    }
    let secret = SECRETS.contains(&name);
    let (path, section) = match secret {
        true => (session::credentials_path(desk), profile.to_owned()),
        false => (session::config_path(desk), session::section_of(profile)),
    };
    let mut sections = session::sections(desk, &path)?;
    let settings = sections.entry(section).or_default();
    settings.insert(name.to_ascii_lowercase(), value.to_owned());
    let written = desk.write_with_parents(&path, text(&sections).into_bytes())?;
    written.map_err(|error| Failure::general(format!("{error}: {path}")))?;
    if !secret && name != "region" {
        desk.not_modelled(format!("aws configure set {name}: kept, without effect"));
    }
    Ok((String::new(), 0))
}

fn text(sections: &Sections) -> String {
    let mut out = String::new();
    for (name, settings) in sections {
        out.push_str(&format!("[{name}]\n"));
        for (key, value) in settings {
            out.push_str(&format!("{key} = {value}\n"));
        }
    }
    out
}

fn list(globals: &Globals, desk: &Desk<'_>) -> Result<String, Stop> {
    let name = globals.profile.as_deref().unwrap_or("default");
    let settings = session::profile(desk, name)?.unwrap_or_default();
    let masked = |value: &str| {
        let tail: Vec<char> = value.chars().rev().take(4).collect();
        let tail: String = tail.into_iter().rev().collect();
        format!("{}{tail}", "*".repeat(16))
    };
    let mut out = format!(
        "{:>10}  {:>24} {:>16}    Location\n",
        "Name", "Value", "Type"
    );
    out.push_str(&format!(
        "{:>10}  {:>24} {:>16}    --------\n",
        "----", "-----", "----"
    ));
    let mut row = |label: &str, value: Option<String>, kind: &str, place: &str| {
        let line = match value {
            Some(value) => format!("{label:>10}  {value:>24} {kind:>16}    {place}\n"),
            None => format!("{label:>10}  {:>24} {:>16}    None\n", "<not set>", "None"),
        };
        out.push_str(&line);
    };
    row(
        "profile",
        globals.profile.clone(),
        "manual",
        "['AWS_PROFILE', 'AWS_DEFAULT_PROFILE']",
    );
    for (label, variable, setting) in [
        ("access_key", "AWS_ACCESS_KEY_ID", "aws_access_key_id"),
        (
            "secret_key",
            "AWS_SECRET_ACCESS_KEY",
            "aws_secret_access_key",
        ),
    ] {
        match desk.call.env(variable) {
            Some(value) => row(label, Some(masked(value)), "env", ""),
            None => {
                let value = settings.get(setting).map(|value| masked(value));
                row(label, value, "shared-credentials-file", "");
            }
        }
    }
    match &globals.region {
        Some(region) => row(
            "region",
            Some(region.clone()),
            "env",
            "['AWS_REGION', 'AWS_DEFAULT_REGION']",
        ),
        None => row(
            "region",
            settings.get("region").cloned(),
            "config-file",
            "~/.aws/config",
        ),
    }
    Ok(out)
}
