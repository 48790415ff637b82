//! From a method and a path to a route.

use std::collections::BTreeMap;

use super::{Answer, Call, Failure, Hub};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
}

impl Method {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            _ => None,
        }
    }
}

/// One operation of the API.
pub(super) struct Route {
    /// Its id in GitHub's OpenAPI description.
    pub(super) operation: &'static str,
    pub(super) method: Method,
    /// Below `/repos/{owner}/{repo}/`.
    pattern: &'static str,
    /// The scope of `permissions` that it needs: read for GET, write for POST.
    pub(super) permission: &'static str,
    pub(super) answer: fn(&mut Hub, &mut Call<'_>) -> Result<Answer, Failure>,
}

pub(super) const fn get(
    operation: &'static str,
    pattern: &'static str,
    permission: &'static str,
    answer: fn(&mut Hub, &mut Call<'_>) -> Result<Answer, Failure>,
) -> Route {
    Route {
        operation,
        method: Method::Get,
        pattern,
        permission,
        answer,
    }
}

pub(super) const fn post(
    operation: &'static str,
    pattern: &'static str,
    permission: &'static str,
    answer: fn(&mut Hub, &mut Call<'_>) -> Result<Answer, Failure>,
) -> Route {
    Route {
        operation,
        method: Method::Post,
        pattern,
        permission,
        answer,
    }
}

pub(super) enum Target {
    Found(&'static Route, BTreeMap<&'static str, String>),
    Unknown,
}

pub(super) fn find(routes: &'static [Route], method: Method, path: &str) -> Target {
    let found = routes
        .iter()
        .filter(|route| route.method == method)
        .find_map(|route| captures(route.pattern, path).map(|names| Target::Found(route, names)));
    found.unwrap_or(Target::Unknown)
}

/// What the names of a pattern stand for, percent-decoded.
fn captures(pattern: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut names = BTreeMap::new();
    let mut rest = Some(path.trim_end_matches('/')).filter(|path| !path.is_empty());
    for wanted in pattern.split('/').filter(|wanted| !wanted.is_empty()) {
        let given = rest?;
        let name = wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix('+')) {
            names.insert(name, decode(given)?);
            rest = None;
            continue;
        }
        let (segment, tail) = match given.split_once('/') {
            Some((segment, tail)) => (segment, Some(tail)),
            None => (given, None),
        };
        match name {
            Some(name) => {
                names.insert(name, decode(segment)?);
            }
            None if segment == wanted => {}
            None => return None,
        }
        rest = tail;
    }
    rest.is_none().then_some(names)
}

/// A request's path with a leading slash and without query, and its query.
pub(super) fn split(path_and_query: &str) -> (String, BTreeMap<String, String>) {
    let text = path_and_query
        .strip_prefix("https://api.github.com")
        .unwrap_or(path_and_query);
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((
                decode(&name.replace('+', " "))?,
                decode(&value.replace('+', " "))?,
            ))
        })
        .collect();
    (format!("/{}", path.trim_start_matches('/')), query)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push((digit(high)? * 16 + digit(low)?) as u8);
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

pub(super) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}
