//! `gh api`.

use serde_json::Value;

use super::super::arguments::{Arguments, Known};
use super::super::oci;
use super::fields::{self, Unfit};
use super::talk::Reply;
use super::{Command, Outcome, filter};

const KNOWN: Known = &[
    "--method= -X",
    "--field= -F",
    "--raw-field= -f",
    "--header= -H",
    "--include -i",
    "--input=",
    "--jq= -q",
    "--paginate",
    "--silent",
    "--slurp",
];

impl Command<'_, '_> {
    pub(super) fn api(&mut self) -> Outcome {
        let cosmetic = &["--cache=", "--preview= -p"];
        let read = match self.read("gh api", KNOWN, cosmetic) {
            Ok(read) => read,
            Err(code) => return Ok(code),
        };
        let [endpoint] = read.words.as_slice() else {
            let count = read.words.len();
            self.desk
                .err(format!("accepts 1 arg(s), received {count}\n"));
            return Ok(1);
        };
        if endpoint == "graphql" {
            return Ok(self.not_modelled("gh api graphql"));
        }
        let spec = self.desk.world.hub.spec().clone();
        let slug = self.repository(&read);
        let (owner, name) = slug.split_once('/').unwrap_or((&slug, ""));
        let branch = self
            .desk
            .call
            .env("GITHUB_REF_NAME")
            .unwrap_or(spec.default_branch.as_str())
            .to_owned();
        let fill = |text: &str| {
            text.replace("{owner}", owner)
                .replace("{repo}", name)
                .replace("{branch}", &branch)
        };
        let endpoint = endpoint
            .strip_prefix("https://api.github.com/")
            .unwrap_or(endpoint);
        if endpoint.contains("://") {
            return Ok(self.not_modelled("gh api of another host"));
        }
        let mut path = fill(endpoint.trim_start_matches('/'));
        let parameters = match fields::read(self.desk, &read, &fill) {
            Ok(parameters) => parameters,
            Err(Unfit::Need(need)) => return Err(need.into()),
            Err(Unfit::Wrong(text)) => {
                self.desk.err(format!("{text}\n"));
                return Ok(1);
            }
        };
        let input = match read.value("--input") {
            None => None,
            Some("-") => Some(self.desk.stdin()?),
            Some(file) => match self.desk.read(file)? {
                Ok(bytes) => Some(bytes),
                Err(error) => {
                    self.desk
                        .err(format!("open {file}: {}\n", oci::lower(error)));
                    return Ok(1);
                }
            },
        };
        let method = match read.value("--method") {
            Some(method) => method.to_ascii_uppercase(),
            None if input.is_some() || !parameters.is_empty() => "POST".to_owned(),
            None => "GET".to_owned(),
        };
        let mut body = None;
        if method == "GET" || input.is_some() {
            for (key, value) in &parameters {
                let text = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let sign = if path.contains('?') { '&' } else { '?' };
                path.push_str(&format!("{sign}{}={}", encode(key), encode(&text)));
            }
        } else if !parameters.is_empty() {
            body = Some(Value::Object(parameters));
        }
        if let Some(bytes) = input {
            match serde_json::from_slice(&bytes) {
                Ok(value) => body = Some(value),
                Err(_) => {
                    self.desk.err("gh: Problems parsing JSON (HTTP 400)\n");
                    return Ok(1);
                }
            }
        }
        if read.has("--paginate") && method != "GET" {
            self.desk
                .err("the `--paginate` option is not supported for non-GET requests\n");
            return Ok(1);
        }
        if read.has("--slurp") && (read.value("--jq").is_some() || !read.has("--paginate")) {
            let text = match read.has("--paginate") {
                true => "the `--slurp` option is not supported with `--jq` or `--template`\n",
                false => "`--paginate` required when passing `--slurp`\n",
            };
            self.desk.err(text);
            return Ok(1);
        }
        self.exchange(&read, &method, path, body.as_ref())
    }

    fn exchange(
        &mut self,
        read: &Arguments,
        method: &str,
        mut path: String,
        body: Option<&Value>,
    ) -> Outcome {
        let mut pages = Vec::new();
        loop {
            let reply = self.talk.ask(self.desk, method, &path, body)?;
            let next = match &reply {
                Reply::Answer {
                    status, headers, ..
                } if *status < 300 && read.has("--paginate") => next_page(headers),
                _ => None,
            };
            pages.push(reply);
            match next {
                Some(next) => path = next,
                None => break,
            }
        }
        // All is asked: from here on it may print.
        let mut merged: Vec<Value> = Vec::new();
        let mut arrays = true;
        for page in &pages {
            if let Reply::Answer { body, .. } = page {
                arrays &= body.is_array();
                merged.push(body.clone());
            }
        }
        let together =
            read.has("--slurp") || (pages.len() > 1 && arrays && read.value("--jq").is_none());
        let mut printed = Vec::new();
        for page in &pages {
            let Reply::Answer {
                status,
                headers,
                body,
            } = page
            else {
                let verb = format!("{}{}", &method[..1], method[1..].to_ascii_lowercase());
                self.desk
                    .err(format!("{verb} \"https://api.github.com/{path}\": EOF\n"));
                return Ok(1);
            };
            if read.has("--include") {
                self.desk
                    .out(format!("HTTP/2.0 {status} {}\r\n", reason(*status)));
                for (name, value) in headers {
                    self.desk.out(format!("{name}: {value}\r\n"));
                }
                self.desk.out("\r\n");
            }
            let failed = *status >= 400;
            if together && !failed {
                continue;
            }
            match read
                .value("--jq")
                .filter(|_| !failed && !read.has("--silent"))
            {
                Some(expression) if !body.is_null() => {
                    match filter::jq(self.desk, expression, body) {
                        Ok(text) => self.desk.out(text),
                        Err(text) => {
                            self.desk.err(format!("{text}\n"));
                            return Ok(1);
                        }
                    }
                }
                _ if read.has("--silent") || body.is_null() => {}
                _ => printed.push(body.to_string()),
            }
            if failed {
                self.desk.out(printed.concat());
                self.desk
                    .err(format!("gh: {} (HTTP {status})\n", message(body)));
                return Ok(1);
            }
        }
        if together && !read.has("--silent") {
            let whole = match read.has("--slurp") {
                true => Value::Array(merged),
                false => merged
                    .into_iter()
                    .flat_map(|page| match page {
                        Value::Array(items) => items,
                        other => vec![other],
                    })
                    .collect(),
            };
            printed.push(whole.to_string());
        }
        self.desk.out(printed.concat());
        Ok(0)
    }
}

fn message(body: &Value) -> String {
    let text = body["message"].as_str().unwrap_or_default();
    let details: Vec<&str> = body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["message"].as_str().or(error.as_str()))
        .collect();
    match details.is_empty() {
        true => text.to_owned(),
        false => format!("{text}\n{}", details.join("\n")),
    }
}

/// The path that `Link: <…>; rel="next"` leads to.
fn next_page(headers: &[(String, String)]) -> Option<String> {
    let (_, link) = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("link"))?;
    let next = link
        .split(", ")
        .find(|part| part.ends_with("rel=\"next\""))?;
    let url = next.strip_prefix('<')?.split('>').next()?;
    Some(url.strip_prefix("https://api.github.com/")?.to_owned())
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        _ => "",
    }
}

pub(super) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
