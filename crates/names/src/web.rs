use crate::grammar::{all, lower_hex, name};

fn path(text: &str) -> bool {
    text.starts_with('/')
        && all(text, 1024, |b| {
            b.is_ascii_alphanumeric() || b"/._-~%+=?&:,".contains(&b)
        })
        && !text.contains("//")
}

name! {
    /// The path of an endpoint, with its query if it has one.
    UrlPath, "a URL path", "a path that starts with `/`, of letters, digits and `/._-~%+=?&:,`",
    path
}

name! {
    /// An `https` URL without user, fragment or query: the base of an endpoint.
    HttpsUrl, "an https URL", "https://host[:port][/path]",
    |text| {
        let Some(rest) = text.strip_prefix("https://") else { return false };
        let (authority, tail) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let label = |l: &str| all(l, 63, |b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-') && !l.ends_with('-');
        host.len() <= 253
            && host.split('.').all(label)
            && port.parse::<u16>().is_ok_and(|p| p > 0) && port.bytes().all(|b| b.is_ascii_digit())
            && (tail.is_empty() || (path(tail) && !tail.contains('?')))
    }
}

impl HttpsUrl {
    /// The host, without the port.
    pub fn host(&self) -> &str {
        let rest = &self.as_str()["https://".len()..];
        rest.split(['/', ':']).next().unwrap_or(rest)
    }
}

name! {
    /// A manifest's digest, `sha256:` and 64 hexadecimal digits.
    ImageDigest, "an image digest", "sha256: and 64 lower-case hexadecimal digits",
    |text| text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(lower_hex))
}

name! {
    /// An image's tag: up to 128 letters, digits and `._-`, not starting with `.` or `-`.
    ImageTag, "an image tag", "up to 128 letters, digits and `._-`, not starting with `.` or `-`",
    |text| all(text, 128, |b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !text.starts_with(['.', '-'])
}
