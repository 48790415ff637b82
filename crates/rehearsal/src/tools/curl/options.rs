//! What a `curl` command line asks for.

use super::super::arguments::{Arguments, Grammar, Known, Misuse};
use super::super::{Desk, Need, oci};
use super::url::{Url, encode};

const KNOWN: Known = &[
    "--connect-timeout=",
    "--create-dirs",
    "--data= -d --data-ascii",
    "--data-binary=",
    "--data-raw=",
    "--data-urlencode=",
    "--dump-header= -D",
    "--fail -f",
    "--fail-with-body",
    "--get -G",
    "--head -I",
    "--header= -H",
    "--include -i --show-headers",
    "--json=",
    "--location -L",
    "--max-time= -m",
    "--oauth2-bearer=",
    "--output= -o",
    "--output-dir=",
    "--remote-name -O",
    "--request= -X",
    "--retry=",
    "--retry-all-errors",
    "--retry-connrefused",
    "--retry-delay=",
    "--retry-max-time=",
    "--show-error -S",
    "--silent -s",
    "--url=",
    "--user= -u",
    "--version -V",
    "--write-out= -w",
];

const COSMETIC: Known = &[
    "--basic",
    "--cacert=",
    "--compressed",
    "--cookie= -b",
    "--cookie-jar= -c",
    "--disable -q",
    "--globoff -g",
    "--http1.0 -0",
    "--http1.1",
    "--http2",
    "--insecure -k",
    "--ipv4 -4",
    "--ipv6 -6",
    "--keepalive-time=",
    "--location-trusted",
    "--max-redirs=",
    "--no-buffer -N",
    "--no-keepalive",
    "--no-progress-meter",
    "--path-as-is",
    "--progress-bar -#",
    "--proto=",
    "--proto-redir=",
    "--referer= -e",
    "--remove-on-error",
    "--speed-limit= -Y",
    "--speed-time= -y",
    "--ssl-reqd",
    "--tcp-nodelay",
    "--tls-max=",
    "--tlsv1.2",
    "--tlsv1.3",
    "--user-agent= -A",
    "--verbose -v",
];

const GRAMMAR: Grammar = Grammar {
    equals_sign: false,
    ..Grammar::new(KNOWN, COSMETIC)
};

/// One transfer, the same for every attempt.
#[derive(Debug, Clone, Default)]
pub(super) struct Transfer {
    pub(super) url: Url,
    /// Where the body goes; standard output if nowhere.
    pub(super) output: Option<String>,
}

/// All that the options say.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) transfers: Vec<Transfer>,
    pub(super) method: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) data: Option<Vec<u8>>,
    pub(super) fail: bool,
    pub(super) fail_with_body: bool,
    /// `--silent`: no warnings, and no errors either without `--show-error`.
    pub(super) silent: bool,
    pub(super) show_errors: bool,
    pub(super) include: bool,
    pub(super) create_directories: bool,
    pub(super) dump_header: Option<String>,
    pub(super) write_out: Option<String>,
    pub(super) max_time: Option<f64>,
    pub(super) retries: u32,
    pub(super) retry_delay: Option<u64>,
    pub(super) retry_max_time: Option<u64>,
    pub(super) retry_refused: bool,
    pub(super) retry_all: bool,
    pub(super) version: bool,
}

/// Why a command line does not become a plan.
pub(super) enum Unfit {
    Misuse(Misuse),
    NotModelled(String),
    /// Exit code and message.
    Wrong(i32, String),
    Need(Need),
}

impl From<Need> for Unfit {
    fn from(need: Need) -> Self {
        Self::Need(need)
    }
}

pub(super) fn read(desk: &Desk<'_>) -> Result<Plan, Unfit> {
    let read = Arguments::parse(desk.call.args(), &GRAMMAR).map_err(Unfit::Misuse)?;
    let mut plan = Plan {
        fail: read.has("--fail") || read.has("--fail-with-body"),
        fail_with_body: read.has("--fail-with-body"),
        silent: read.has("--silent"),
        show_errors: !read.has("--silent") || read.has("--show-error"),
        include: read.has("--include") || read.has("--head"),
        create_directories: read.has("--create-dirs"),
        dump_header: read.value("--dump-header").map(str::to_owned),
        max_time: number(&read, "--max-time")?,
        retries: number(&read, "--retry")?.map_or(0, |n: f64| n as u32),
        retry_delay: number(&read, "--retry-delay")?
            .map(|n: f64| n as u64)
            .filter(|n| *n > 0),
        retry_max_time: number(&read, "--retry-max-time")?
            .map(|n: f64| n as u64)
            .filter(|n| *n > 0),
        retry_refused: read.has("--retry-connrefused"),
        retry_all: read.has("--retry-all-errors"),
        version: read.has("--version"),
        ..Plan::default()
    };
    // Connections stand at once here, so that this limit is never met.
    number(&read, "--connect-timeout")?;
    if plan.version {
        return Ok(plan);
    }
    plan.headers = headers(desk, &read)?;
    plan.data = data(desk, &read)?;
    plan.write_out = match read.value("--write-out") {
        Some(format) => match format.strip_prefix('@') {
            Some(path) => Some(String::from_utf8_lossy(&file(desk, path, 26)?).into_owned()),
            None => Some(format.to_owned()),
        },
        None => None,
    };
    let mut query = None;
    if read.has("--get") {
        query = plan.data.take();
    }
    plan.method = match read.value("--request") {
        Some(method) => method.to_owned(),
        None if read.has("--head") => "HEAD".to_owned(),
        None if plan.data.is_some() => "POST".to_owned(),
        None => "GET".to_owned(),
    };
    plan.transfers = transfers(&read, query)?;
    Ok(plan)
}

fn number(read: &Arguments, name: &str) -> Result<Option<f64>, Unfit> {
    let Some(text) = read.value(name) else {
        return Ok(None);
    };
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && (0.0..1e7).contains(&number) => Ok(Some(number)),
        _ => Err(Unfit::Wrong(
            2,
            format!(
                "curl: option {name}: expected a proper numerical parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
            ),
        )),
    }
}

fn file(desk: &Desk<'_>, path: &str, code: i32) -> Result<Vec<u8>, Unfit> {
    if path == "-" {
        return Ok(desk.stdin()?);
    }
    desk.read(path)?.map_err(|error| {
        let text = format!("curl: Failed to open {path}: {}\n", oci::lower(error));
        Unfit::Wrong(code, text)
    })
}

fn headers(desk: &Desk<'_>, read: &Arguments) -> Result<Vec<(String, String)>, Unfit> {
    let mut headers = Vec::new();
    let mut add = |line: &str| {
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    };
    for given in read.values("--header") {
        match given.strip_prefix('@') {
            Some(path) => String::from_utf8_lossy(&file(desk, path, 26)?)
                .lines()
                .for_each(&mut add),
            None => add(given),
        }
    }
    if let Some(token) = read.value("--oauth2-bearer") {
        add(&format!("authorization: Bearer {token}"));
    }
    if let Some(user) = read.value("--user") {
        let password = user.split_once(':').map_or("", |(_, password)| password);
        // The world's hosts look at the secret, not at its encoding.
        add(&format!("authorization: Basic-password {password}"));
    }
    if read.value("--json").is_some() {
        add("content-type: application/json");
    }
    Ok(headers)
}

/// The request's body: all data options, joined by `&`.
fn data(desk: &Desk<'_>, read: &Arguments) -> Result<Option<Vec<u8>>, Unfit> {
    let mut all: Option<Vec<u8>> = None;
    for (name, value) in &read.options {
        let part = match *name {
            "--data" => match value.strip_prefix('@') {
                Some(path) => {
                    let mut bytes = file(desk, path, 26)?;
                    bytes.retain(|byte| !matches!(byte, b'\n' | b'\r' | 0));
                    bytes
                }
                None => value.clone().into_bytes(),
            },
            "--data-binary" | "--json" => match value.strip_prefix('@') {
                Some(path) => file(desk, path, 26)?,
                None => value.clone().into_bytes(),
            },
            "--data-raw" => value.clone().into_bytes(),
            "--data-urlencode" => match value.split_once('=') {
                Some(("", content)) => encode(content).into_bytes(),
                Some((key, content)) => format!("{key}={}", encode(content)).into_bytes(),
                None if value.contains('@') => {
                    let what = "curl --data-urlencode name@file".to_owned();
                    return Err(Unfit::NotModelled(what));
                }
                None => encode(value).into_bytes(),
            },
            _ => continue,
        };
        match &mut all {
            None => all = Some(part),
            Some(all) => {
                if *name != "--json" {
                    all.push(b'&');
                }
                all.extend(part);
            }
        }
    }
    Ok(all)
}

fn transfers(read: &Arguments, query: Option<Vec<u8>>) -> Result<Vec<Transfer>, Unfit> {
    let urls: Vec<&str> = read
        .values("--url")
        .chain(read.words.iter().map(String::as_str))
        .collect();
    let names = read.options.iter().filter_map(|(name, value)| match *name {
        "--output" => Some(Some(value.as_str())),
        "--remote-name" => Some(None),
        _ => None,
    });
    let mut outputs: Vec<Option<&str>> = names.collect();
    outputs.reverse();
    let mut transfers = Vec::new();
    for text in urls {
        let mut url =
            Url::parse(text).map_err(|error| Unfit::Wrong(3, format!("curl: (3) {error}\n")))?;
        if let Some(query) = &query {
            let query = String::from_utf8_lossy(query);
            let sign = if url.path.contains('?') { '&' } else { '?' };
            url.path.push_str(&format!("{sign}{query}"));
        }
        let output = match outputs.pop() {
            None => None,
            Some(Some(path)) => (path != "-").then(|| path.to_owned()),
            Some(None) => {
                let path = url.path.split('?').next().unwrap_or_default();
                let name = path.rsplit('/').next().unwrap_or_default();
                if name.is_empty() {
                    let text = "curl: (23) Failed to extract a sensible file name from the URL\n";
                    return Err(Unfit::Wrong(23, text.to_owned()));
                }
                Some(name.to_owned())
            }
        };
        let output = match (output, read.value("--output-dir")) {
            (Some(name), Some(directory)) => Some(format!("{directory}/{name}")),
            (output, _) => output,
        };
        transfers.push(Transfer { url, output });
    }
    if transfers.is_empty() {
        let text = "curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n";
        return Err(Unfit::Wrong(2, text.to_owned()));
    }
    Ok(transfers)
}
