//! The files through which a step speaks to later ones: `GITHUB_OUTPUT`, `GITHUB_ENV`,
//! `GITHUB_PATH`, `GITHUB_STEP_SUMMARY`.

/// Why such a file cannot be read: the step fails, as on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileCommandError {
    #[error("Invalid format '{0}'")]
    Format(String),
    #[error("Invalid format '{0}'. Name must not be empty and delimiter must not be empty")]
    Empty(String),
    #[error("Invalid value. Matching delimiter not found '{0}'")]
    Delimiter(String),
    #[error("Invalid value. EOF marker missing new line.")]
    NoNewline,
}

/// A summary larger than this is not shown.
pub(crate) const LARGEST_SUMMARY: u64 = 1 << 20;

/// Reads `name=value` lines and `name<<delimiter` blocks.
pub(crate) fn assignments(text: &str) -> Result<Vec<(String, String)>, FileCommandError> {
    let mut found = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let plain = |line: &'_ str| -> usize { line.strip_suffix('\n').map_or(line.len(), str::len) };
    while let Some(line) = lines.next() {
        let line = &line[..plain(line)];
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), later) if later.is_none_or(|other| at < other) => {
                let (name, value) = (&line[..at], &line[at + 1..]);
                if name.is_empty() {
                    return Err(FileCommandError::Format(line.to_owned()));
                }
                found.push((name.to_owned(), value.to_owned()));
            }
            (_, Some(at)) => {
                let (name, delimiter) = (&line[..at], &line[at + 2..]);
                if name.is_empty() || delimiter.is_empty() {
                    return Err(FileCommandError::Empty(line.to_owned()));
                }
                let mut value = String::new();
                loop {
                    let Some(part) = lines.next() else {
                        return Err(FileCommandError::Delimiter(delimiter.to_owned()));
                    };
                    if &part[..plain(part)] == delimiter {
                        break;
                    }
                    if !part.ends_with('\n') {
                        return Err(FileCommandError::NoNewline);
                    }
                    value.push_str(part);
                }
                // The line break before the delimiter is not part of the value.
                value.truncate(plain(&value));
                found.push((name.to_owned(), value));
            }
            _ => return Err(FileCommandError::Format(line.to_owned())),
        }
    }
    Ok(found)
}

/// Whether `GITHUB_ENV` may not set this variable: it would change actions, not steps.
pub(crate) fn is_blocked(name: &str) -> bool {
    name.eq_ignore_ascii_case("NODE_OPTIONS")
}

/// The directories of `GITHUB_PATH`, a line each.
pub(crate) fn paths(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_github_reads_them() {
        let text = "a=1\nb=x=y<<z\nc<<EOF\nline 1\nd=2\n\nEOF\n\nempty=\ne<<=\nv\n=\n";
        let read = assignments(text).unwrap();
        let shown: Vec<(&str, &str)> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("a", "1"),
                ("b", "x=y<<z"),
                ("c", "line 1\nd=2\n"),
                ("empty", ""),
                ("e", "v")
            ]
        );
        assert_eq!(
            assignments("a<<EOF\nx\n"),
            Err(FileCommandError::Delimiter("EOF".into()))
        );
        assert!(assignments("just text").is_err());
        assert!(assignments("=x").is_err());
        assert_eq!(
            assignments("a<<EOF\nx\nEO"),
            Err(FileCommandError::NoNewline)
        );
        assert!(is_blocked("Node_Options") && !is_blocked("NODE_ENV"));
    }
}
