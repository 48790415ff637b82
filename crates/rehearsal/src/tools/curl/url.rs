//! URLs as `curl` reads them.

/// A URL in its parts; the scheme is of no importance here but for its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) text: String,
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// With the query.
    pub(super) path: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().any(|c| c.is_control() || c == ' ') {
            return Err("URL using bad/illegal format or missing URL".to_owned());
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            other => return Err(format!("Protocol \"{other}\" not supported")),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) => {
                let port = port.parse();
                let port =
                    port.map_err(|_| "URL using bad/illegal format or missing URL".to_owned())?;
                (host, port)
            }
            None => (host, default_port),
        };
        if host.is_empty() {
            return Err("URL using bad/illegal format or missing URL".to_owned());
        }
        let path = match path.starts_with('?') {
            true => format!("/{path}"),
            false => path.to_owned(),
        };
        Ok(Self {
            text: text.to_owned(),
            scheme,
            host: host.to_ascii_lowercase(),
            port,
            path,
        })
    }

    /// The value of a query's parameter, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.path.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decode(value))
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

fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits: Vec<u8> = bytes.by_ref().take(2).collect();
        let hex = std::str::from_utf8(&digits).ok();
        out.push(
            hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())
                .unwrap_or(b'%'),
        );
    }
    String::from_utf8_lossy(&out).into_owned()
}
