//! `--write-out`.

/// What its variables stand for.
pub(super) struct Facts<'a> {
    pub(super) status: u16,
    pub(super) exit_code: i32,
    pub(super) message: &'a str,
    pub(super) url: &'a str,
    pub(super) scheme: &'a str,
    pub(super) method: &'a str,
    pub(super) content_type: &'a str,
    pub(super) size: usize,
    pub(super) seconds: f64,
}

/// The text for standard output, and for standard error.
pub(super) fn render(format: &str, facts: &Facts<'_>) -> (String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    let mut to_err = false;
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        let sink = if to_err { &mut err } else { &mut out };
        sink.push_str(&rest[..at]);
        let marked = &rest[at..];
        rest = &marked[1..];
        if let Some(escaped) = marked.strip_prefix('\\') {
            let (text, skip) = match escaped.chars().next() {
                Some('n') => ("\n", 1),
                Some('t') => ("\t", 1),
                Some('r') => ("\r", 1),
                Some('\\') => ("\\", 1),
                _ => ("\\", 0),
            };
            sink.push_str(text);
            rest = &escaped[skip..];
            continue;
        }
        if let Some(after) = rest.strip_prefix('%') {
            sink.push('%');
            rest = after;
            continue;
        }
        let Some((name, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        else {
            sink.push('%');
            continue;
        };
        rest = after;
        let value = match name {
            "stderr" => {
                to_err = true;
                continue;
            }
            "stdout" => {
                to_err = false;
                continue;
            }
            "http_code" | "response_code" => format!("{:03}", facts.status),
            "http_connect" => "000".to_owned(),
            "exitcode" => facts.exit_code.to_string(),
            "errormsg" => facts.message.to_owned(),
            "url" | "url_effective" => facts.url.to_owned(),
            "scheme" => facts.scheme.to_owned(),
            "method" => facts.method.to_owned(),
            "content_type" => facts.content_type.to_owned(),
            "size_download" => facts.size.to_string(),
            "size_upload" | "num_redirects" | "ssl_verify_result" | "num_retries" => "0".to_owned(),
            "num_connects" => "1".to_owned(),
            "http_version" => "2".to_owned(),
            "redirect_url" | "remote_ip" | "local_ip" => String::new(),
            name if name.starts_with("time_") => format!("{:.6}", facts.seconds),
            unknown => {
                err.push_str(&format!(
                    "curl: unknown --write-out variable: '{unknown}'\n"
                ));
                continue;
            }
        };
        let sink = if to_err { &mut err } else { &mut out };
        sink.push_str(&value);
    }
    if to_err { &mut err } else { &mut out }.push_str(rest);
    (out, err)
}
