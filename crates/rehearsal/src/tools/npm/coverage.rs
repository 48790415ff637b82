//! The coverage below which a test command fails, by its options and its configuration.

use serde_json::Value;

use super::super::{Desk, Need};
use super::command::Measure;
use super::package::Package;

const METRICS: [&str; 4] = ["lines", "statements", "branches", "functions"];

/// What a test command does about coverage.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Coverage {
    pub(super) measured: bool,
    /// The highest percentage that is asked for.
    pub(super) threshold: Option<f64>,
}

/// Reads it for a command with these words. `compares` where it compares and nothing else.
pub(super) fn of(
    desk: &Desk<'_>,
    package: &Package,
    tool: Measure,
    words: &[String],
    compares: bool,
) -> Result<Coverage, Need> {
    Ok(match tool {
        Measure::Jest => jest(desk, package, words)?,
        Measure::Vitest => vitest(desk, package, words)?,
        Measure::C8 => c8(desk, package, words, compares)?,
        Measure::Node => Coverage {
            measured: true,
            threshold: highest(
                METRICS
                    .iter()
                    .filter_map(|metric| value(words, &format!("--test-coverage-{metric}"))),
            ),
        },
    })
}

fn highest<'t>(texts: impl Iterator<Item = &'t str>) -> Option<f64> {
    texts
        .filter_map(|text| text.trim_matches(['\'', '"']).parse::<f64>().ok())
        .max_by(f64::total_cmp)
}

/// `--name value` or `--name=value`, the last one.
fn value<'w>(words: &'w [String], name: &str) -> Option<&'w str> {
    let mut found = None;
    for (at, word) in words.iter().enumerate() {
        if word == name {
            found = words.get(at + 1).map(String::as_str).or(found);
        } else if let Some(text) = word
            .strip_prefix(name)
            .and_then(|tail| tail.strip_prefix('='))
        {
            found = Some(text);
        }
    }
    found
}

/// Whether a flag is on: the last of `--name`, `--name=false`, `--no-name`.
fn flag(words: &[String], name: &str) -> Option<bool> {
    let long = format!("--{name}");
    words.iter().rev().find_map(|word| {
        if let Some(text) = word.strip_prefix(&long) {
            match text {
                "" | "=true" => return Some(true),
                "=false" => return Some(false),
                _ => {}
            }
        }
        (*word == format!("--no-{name}")).then_some(false)
    })
}

fn jest(desk: &Desk<'_>, package: &Package, words: &[String]) -> Result<Coverage, Need> {
    let mut config = package.section("jest");
    for name in [
        "jest.config.ts",
        "jest.config.js",
        "jest.config.mjs",
        "jest.config.cjs",
        "jest.config.json",
    ] {
        config.push_str(&package.file(desk, name)?);
    }
    let config = without_comments(&config);
    let collects = flag(words, "coverage")
        .or(flag(words, "collectCoverage"))
        .unwrap_or_else(|| is_on(&config, "collectCoverage"));
    if !collects {
        return Ok(Coverage::default());
    }
    let given = value(words, "--coverageThreshold");
    let threshold = match given.map(|text| serde_json::from_str::<Value>(text.trim_matches('\''))) {
        Some(Ok(json)) => numbers(&json),
        Some(Err(_)) => None,
        None => block(&config, "coverageThreshold").and_then(|text| in_text(&text)),
    };
    Ok(Coverage {
        measured: true,
        threshold,
    })
}

fn vitest(desk: &Desk<'_>, package: &Package, words: &[String]) -> Result<Coverage, Need> {
    let mut config = String::new();
    for name in [
        "vitest.config.ts",
        "vitest.config.mts",
        "vitest.config.js",
        "vitest.config.mjs",
        "vite.config.ts",
        "vite.config.mts",
        "vite.config.js",
        "vite.config.mjs",
    ] {
        config.push_str(&package.file(desk, name)?);
    }
    let section = block(&without_comments(&config), "coverage").unwrap_or_default();
    let measured = flag(words, "coverage")
        .or(flag(words, "coverage.enabled"))
        .unwrap_or_else(|| is_on(&section, "enabled"));
    if !measured {
        return Ok(Coverage::default());
    }
    let by_option = highest(METRICS.iter().flat_map(|metric| {
        [
            value(words, &format!("--coverage.thresholds.{metric}")),
            value(words, &format!("--coverage.{metric}")),
        ]
        .into_iter()
        .flatten()
    }));
    let all = flag(words, "coverage.thresholds.100") == Some(true);
    let by_file = block(&section, "thresholds").map_or_else(
        || in_text(&section),
        |text| match is_on(&text, "100") {
            true => Some(100.0),
            false => in_text(&text),
        },
    );
    Ok(Coverage {
        measured: true,
        threshold: if all {
            Some(100.0)
        } else {
            by_option.or(by_file)
        },
    })
}

/// c8 and nyc compare only when told to; then lines must reach 90 where nothing else is said.
fn c8(
    desk: &Desk<'_>,
    package: &Package,
    words: &[String],
    compares: bool,
) -> Result<Coverage, Need> {
    let mut config = Value::Null;
    for section in ["c8", "nyc"] {
        if package.value(section).is_object() {
            config = package.value(section).clone();
        }
    }
    for name in [".c8rc.json", ".c8rc", ".nycrc", ".nycrc.json"] {
        if let Ok(value) = serde_json::from_str::<Value>(&package.file(desk, name)?) {
            config = value;
        }
    }
    let told = flag(words, "check-coverage")
        .or(config["check-coverage"].as_bool())
        .or(config["checkCoverage"].as_bool())
        .unwrap_or(false);
    let all = flag(words, "100")
        .or(config["100"].as_bool())
        .unwrap_or(false);
    if !told && !compares && !all {
        return Ok(Coverage {
            measured: true,
            threshold: None,
        });
    }
    let of = |metric: &str| {
        value(words, &format!("--{metric}"))
            .and_then(|text| text.parse::<f64>().ok())
            .or(config[metric].as_f64())
    };
    let lines = of("lines").unwrap_or(90.0);
    let rest = METRICS[1..].iter().filter_map(|metric| of(metric));
    Ok(Coverage {
        measured: true,
        threshold: if all {
            Some(100.0)
        } else {
            rest.chain([lines]).max_by(f64::total_cmp)
        },
    })
}

/// The largest percentage in jest's `coverageThreshold`; negative numbers count lines, not percent.
fn numbers(value: &Value) -> Option<f64> {
    let inside = |values: &mut dyn Iterator<Item = &Value>| {
        values.filter_map(numbers).max_by(f64::total_cmp)
    };
    match value {
        Value::Number(number) => number.as_f64().filter(|number| *number >= 0.0),
        Value::Object(map) => inside(&mut map.values()),
        Value::Array(items) => inside(&mut items.iter()),
        _ => None,
    }
}

/// The text between the braces that follow `key:`.
fn block(text: &str, key: &str) -> Option<String> {
    let start = text.match_indices(key).find_map(|(at, _)| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let before = text[..at].chars().next_back();
        let tail = text[at + key.len()..]
            .trim_start_matches(['"', '\''])
            .trim_start();
        let tail = tail.strip_prefix(':')?.trim_start();
        (!before.is_some_and(word) && tail.starts_with('{')).then(|| text.len() - tail.len())
    })?;
    let mut depth = 0;
    for (at, character) in text[start..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(text[start + 1..start + at].to_owned());
        }
    }
    None
}

/// The largest of `lines: 80`, `'branches': 70`, …
fn in_text(text: &str) -> Option<f64> {
    METRICS
        .iter()
        .flat_map(|metric| {
            text.match_indices(metric)
                .map(move |(at, _)| at + metric.len())
        })
        .filter_map(|at| {
            let tail = text[at..].trim_start_matches(['"', '\'']).trim_start();
            let tail = tail.strip_prefix(':')?.trim_start();
            let end = tail
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(tail.len());
            tail[..end].parse::<f64>().ok()
        })
        .max_by(f64::total_cmp)
}

/// Whether `key: true` stands there.
fn is_on(text: &str, key: &str) -> bool {
    text.match_indices(key).any(|(at, _)| {
        let tail = text[at + key.len()..]
            .trim_start_matches(['"', '\''])
            .trim_start();
        tail.strip_prefix(':')
            .is_some_and(|tail| tail.trim_start().starts_with("true"))
    })
}

fn without_comments(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with('*'));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_in_configuration_files() {
        let jest = "module.exports = {\n collectCoverage: true,\n // coverageThreshold: { global: { lines: 99 } },\n coverageThreshold: { global: { branches: 70, 'lines': 82.5 } } }";
        let jest = without_comments(jest);
        assert!(is_on(&jest, "collectCoverage"));
        let found = block(&jest, "coverageThreshold").and_then(|text| in_text(&text));
        assert_eq!(found, Some(82.5));
        let vitest = "test: { coverage: { enabled: true, thresholds: { 100: true } } }";
        let section = block(vitest, "coverage").expect("there");
        assert!(is_on(&section, "enabled"));
        assert!(is_on(&block(&section, "thresholds").expect("there"), "100"));
    }
}
