//! Region and credentials: options, then the environment, then the files in `~/.aws`.

use std::collections::BTreeMap;

use lockkeeper_names::Region;
use lockkeeper_world::cloud::ApiCaller;

use super::failure::{Failure, Stop};
use super::request::globals::Globals;
use crate::tools::Desk;

/// One file's sections, each with its settings.
pub(super) type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Where a file of the AWS CLI lies.
pub(super) fn path(desk: &Desk<'_>, variable: &str, name: &str) -> String {
    match desk.call.env(variable) {
        Some(path) => path.to_owned(),
        None => format!("{}/.aws/{name}", desk.call.env("HOME").unwrap_or("")),
    }
}

pub(super) fn config_path(desk: &Desk<'_>) -> String {
    path(desk, "AWS_CONFIG_FILE", "config")
}

pub(super) fn credentials_path(desk: &Desk<'_>) -> String {
    path(desk, "AWS_SHARED_CREDENTIALS_FILE", "credentials")
}

/// A file's sections; none where it cannot be read.
pub(super) fn sections(desk: &Desk<'_>, path: &str) -> Result<Sections, Stop> {
    let bytes = desk.read(path)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut sections = Sections::new();
    let mut current = None;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            let name = name.trim().to_owned();
            sections.entry(name.clone()).or_default();
            current = Some(name);
        } else if let (Some(section), Some((key, value))) = (&current, line.split_once('=')) {
            let settings = sections.entry(section.clone()).or_default();
            settings.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    Ok(sections)
}

/// The name of a profile's section in the configuration file.
pub(super) fn section_of(profile: &str) -> String {
    match profile {
        "default" => "default".to_owned(),
        other => format!("profile {other}"),
    }
}

/// What the files say of one profile.
pub(super) fn profile(
    desk: &Desk<'_>,
    name: &str,
) -> Result<Option<BTreeMap<String, String>>, Stop> {
    let config = sections(desk, &config_path(desk))?;
    let credentials = sections(desk, &credentials_path(desk))?;
    let configured = config.get(&section_of(name));
    let credential = credentials.get(name);
    if configured.is_none() && credential.is_none() {
        return Ok(None);
    }
    let both = configured.into_iter().chain(credential).flatten();
    Ok(Some(both.map(|(k, v)| (k.clone(), v.clone())).collect()))
}

/// Who calls, and where.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) region: Option<String>,
    access_key: Option<String>,
}

pub(super) fn open(globals: &Globals, desk: &Desk<'_>) -> Result<Session, Stop> {
    let key = desk.call.env("AWS_ACCESS_KEY_ID").map(str::to_owned);
    let secret = desk.call.env("AWS_SECRET_ACCESS_KEY");
    let mut token = desk.call.env("AWS_SESSION_TOKEN");
    let mut settings = BTreeMap::new();
    if globals.profile.is_some() || globals.region.is_none() || key.is_none() {
        let name = globals.profile.as_deref().unwrap_or("default");
        match profile(desk, name)? {
            Some(found) => settings = found,
            None if globals.profile.is_some() => {
                let text = format!("The config profile ({name}) could not be found");
                return Err(Failure::general(text).into());
            }
            None => {}
        }
    }
    let access_key = match (key, secret) {
        (Some(key), Some(_)) => Some(key),
        (Some(_), None) => {
            let text = "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY";
            return Err(Failure::general(text).into());
        }
        (None, _) => {
            token = settings.get("aws_session_token").map(String::as_str);
            settings.get("aws_access_key_id").cloned()
        }
    };
    // AWS knows a role's key only together with its token.
    let access_key = match access_key {
        Some(key) if key.starts_with("ASIA") && token.is_none() => {
            Some(format!("{key} without its session token"))
        }
        other => other,
    };
    Ok(Session {
        region: globals
            .region
            .clone()
            .or_else(|| settings.get("region").cloned()),
        access_key,
    })
}

impl Session {
    /// The caller of one service, and the URL that errors name.
    pub(super) fn caller(
        &self,
        endpoint_prefix: &str,
        desk: &Desk<'_>,
    ) -> Result<(ApiCaller, String), Failure> {
        let caller = |region| ApiCaller {
            access_key: self.access_key.clone(),
            source: Some(desk.caller),
            region,
        };
        let host = endpoint_prefix;
        let Some(name) = &self.region else {
            // STS alone has an endpoint without a region.
            return match endpoint_prefix {
                "sts" => Ok((caller(None), "https://sts.amazonaws.com/".to_owned())),
                _ => Err(Failure::no_region()),
            };
        };
        if name.is_empty() {
            let text = format!("Invalid endpoint: https://{host}..amazonaws.com");
            return Err(Failure::general(text));
        }
        let region: Region = name.parse().map_err(|_| {
            let text = format!("Provided region_name '{name}' doesn't match a supported format.");
            Failure::general(text)
        })?;
        let url = format!("https://{host}.{name}.amazonaws.com/");
        Ok((caller(Some(region)), url))
    }

    pub(super) fn has_credentials(&self) -> bool {
        self.access_key.is_some()
    }
}
