//! Durations that somebody gives: a TOML file with a line for each that differs.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use lockkeeper_world::Durations;
use toml::{Spanned, Value};

/// The most bytes of such a file.
const MOST_BYTES: u64 = 1 << 20;
/// The longest that anything may take, in seconds.
const LONGEST: f64 = 86_400.0;

/// Why a file of durations cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DurationsError {
    #[error("{file}: {error}")]
    Read { file: String, error: std::io::Error },
    #[error("{file} is larger than 1 MiB")]
    TooLarge { file: String },
    #[error("{file}:{line}: {message}")]
    Wrong {
        file: String,
        line: usize,
        message: String,
    },
}

/// Reads `name = seconds` lines; what is not named takes as long as usual.
pub fn durations(path: &Path) -> Result<Durations, DurationsError> {
    let file = path.display().to_string();
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|opened| opened.take(MOST_BYTES + 1).read_to_string(&mut text));
    if let Err(error) = read {
        return Err(DurationsError::Read { file, error });
    }
    if text.len() as u64 > MOST_BYTES {
        return Err(DurationsError::TooLarge { file });
    }
    read_text(&text).map_err(|(at, message)| DurationsError::Wrong {
        line: text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1,
        file,
        message,
    })
}

/// The durations of a text, or what is wrong at which byte.
fn read_text(text: &str) -> Result<Durations, (usize, String)> {
    let given: BTreeMap<Spanned<String>, Spanned<Value>> =
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            (at, error.message().to_owned())
        })?;
    let mut durations = Durations::default();
    for (name, value) in given {
        let at = name.span().start;
        let name = name.get_ref().as_str();
        let Some(duration) = durations.by_name(name) else {
            let known: Vec<&str> = Durations::TABLE.iter().map(|entry| entry.name).collect();
            let message = format!(
                "nothing is called {name:?} that takes time; there are: {}",
                known.join(", ")
            );
            return Err((at, message));
        };
        let seconds = match value.get_ref() {
            Value::Integer(seconds) => *seconds as f64,
            Value::Float(seconds) => *seconds,
            other => {
                let kind = other.type_str();
                return Err((at, format!("`{name}` is a number of seconds, not a {kind}")));
            }
        };
        if !(0.0..=LONGEST).contains(&seconds) {
            return Err((
                at,
                format!("`{name}` is a number of seconds from 0 to {LONGEST}"),
            ));
        }
        // The world counts in milliseconds.
        *duration = Duration::from_millis((seconds * 1000.0).round() as u64);
    }
    Ok(durations)
}

/// What a reader of the report must know: the durations that are not the usual ones.
pub(crate) fn notes(durations: &Durations) -> Vec<String> {
    let mut durations = *durations;
    let told = Durations::TABLE.iter().filter_map(|entry| {
        let given = *durations.by_name(entry.name)?;
        (given != entry.usual).then(|| {
            format!(
                "`{}` takes {} s, as given (usually {} s)",
                entry.name,
                given.as_secs_f64(),
                entry.usual.as_secs_f64()
            )
        })
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_taken_and_everything_else_is_as_usual() {
        let given = read_text("# ours\nimage-build = 240\n\"test\" = 1.5\n").unwrap();
        let usual = Durations::default();
        assert_eq!(given.image_build, Duration::from_secs(240));
        assert_eq!(given.test, Duration::from_millis(1500));
        assert_eq!(given.checkout, usual.checkout);
        assert_eq!(notes(&usual), Vec::<String>::new());
        assert_eq!(
            notes(&given),
            [
                "`test` takes 1.5 s, as given (usually 30 s)",
                "`image-build` takes 240 s, as given (usually 60 s)"
            ]
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused_at_its_place() {
        for (text, at, wanted) in [
            (
                "test = 3\nimage-bild = 4\n",
                9,
                "nothing is called \"image-bild\"",
            ),
            ("test = \"3 s\"\n", 0, "a number of seconds, not a string"),
            ("test = -1\n", 0, "from 0 to 86400"),
            ("test = nan\n", 0, "from 0 to 86400"),
            ("test = inf\n", 0, "from 0 to 86400"),
            ("test = 1e300\n", 0, "from 0 to 86400"),
            ("[test]\nx = 1\n", 1, "not a table"),
            ("test = 1\ntest = 2\n", 9, "duplicate key"),
            ("test =\n", 6, ""),
        ] {
            let (place, message) = read_text(text).unwrap_err();
            assert!(message.contains(wanted), "{text:?}: {message}");
            assert_eq!(place, at, "{text:?}: {message}");
        }
    }
}
