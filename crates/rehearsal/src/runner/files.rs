//! The files through which a step speaks to later ones: `GITHUB_OUTPUT`, `GITHUB_ENV`,
//! `GITHUB_PATH`, `GITHUB_STEP_SUMMARY`.

/// Why such a file cannot be read: the step fails, as on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileCommandError {
    #[error("Invalid format '{0}'")]
    Format(String),
    #[error("Invalid value. Matching delimiter not found '{0}'")]
    Delimiter(String),
    #[error("Can't store {0} output parameter using '$GITHUB_ENV' command.")]
    Blocked(String),
}

/// Reads `name=value` lines and `name<<delimiter` blocks.
pub(crate) fn assignments(text: &str) -> Result<Vec<(String, String)>, FileCommandError> {
    let mut found = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
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
                    return Err(FileCommandError::Format(line.to_owned()));
                }
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some(end) if end == delimiter => break,
                        Some(part) => value.push(part),
                        None => return Err(FileCommandError::Delimiter(delimiter.to_owned())),
                    }
                }
                found.push((name.to_owned(), value.join("\n")));
            }
            _ => return Err(FileCommandError::Format(line.to_owned())),
        }
    }
    Ok(found)
}

/// As [`assignments`], for `GITHUB_ENV`: what would change the runner itself is refused.
pub(crate) fn environment(text: &str) -> Result<Vec<(String, String)>, FileCommandError> {
    let found = assignments(text)?;
    match found
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("NODE_OPTIONS"))
    {
        Some((name, _)) => Err(FileCommandError::Blocked(name.clone())),
        // GITHUB_* and RUNNER_* cannot be overwritten; GitHub drops them in silence.
        None => Ok(found
            .into_iter()
            .filter(|(name, _)| !name.starts_with("GITHUB_") && !name.starts_with("RUNNER_"))
            .collect()),
    }
}

/// The directories of `GITHUB_PATH`, a line each.
pub(crate) fn paths(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
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
            assignments("a<<EOF\nx"),
            Err(FileCommandError::Delimiter("EOF".into()))
        );
        assert!(assignments("just text").is_err());
        assert!(assignments("=x").is_err());
        assert!(environment("NODE_OPTIONS=--require /x").is_err());
        assert_eq!(
            environment("GITHUB_SHA=x\nA=b").unwrap(),
            [("A".to_owned(), "b".to_owned())]
        );
    }
}
