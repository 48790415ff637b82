//! Inputs from a seed and a number: words of the grammar in any order, workflows with changes, bytes.

use super::subject::{ACTION, CRON, EXPRESSION, GLOB, Subject, WORKFLOW};
use crate::random::Random;

pub(super) struct Input {
    pub(super) subject: &'static Subject,
    pub(super) text: String,
}

/// Files that use much of the language, to change.
const WORKFLOWS: &[&str] = &[
    include_str!("../../soak/every-key.yml"),
    include_str!("../../soak/anchors.yml"),
    include_str!("../../../examples/naive/.github/workflows/deploy-staging.yml"),
];
const ACTIONS: &[&str] = &[
    include_str!("../../soak/composite.yml"),
    include_str!("../../soak/docker.yml"),
];

const YAML: &[&str] = &[
    "on",
    "push",
    "pull_request",
    "workflow_dispatch",
    "workflow_call",
    "schedule",
    "jobs",
    "steps",
    "run",
    "uses",
    "with",
    "env",
    "if",
    "needs",
    "matrix",
    "strategy",
    "include",
    "exclude",
    "inputs",
    "outputs",
    "secrets",
    "permissions",
    "concurrency",
    "group",
    "environment",
    "container",
    "services",
    "image",
    "runs-on",
    "runs",
    "using",
    "composite",
    "node24",
    "main",
    "name",
    "types",
    "branches",
    "paths",
    "tags",
    "cron",
    "default",
    "required",
    "options",
    "parallel",
    "background",
    "wait",
    "- ",
    ": ",
    "\n",
    "\n  ",
    "\n    ",
    "\n      - ",
    "\n        ",
    "|\n",
    ">-\n",
    "|2\n",
    "'",
    "\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<",
    "<<: ",
    "!!int ",
    "!!str ",
    "!",
    "#",
    " ",
    "${{",
    "}}",
    "${{ github.sha }}",
    "github.sha",
    "null",
    "1.5",
    "true",
    "é",
    "日本",
    "\u{feff}",
    "\t",
    "\\",
    "\\u00e9",
    "~",
    "? ",
    "--- ",
    "...\n",
    "@",
    "x",
    "%",
    "\r\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "0x1F",
    ".inf",
    "actions/checkout@v4",
    "./.github/workflows/a.yml",
    "ubuntu-24.04",
    "'*/5 * * * *'",
    "a: b",
    "\"\\x\"",
];
const EXPRESSION_WORDS: &[&str] = &[
    "github",
    "env",
    "needs",
    "secrets",
    ".",
    "*",
    "[",
    "]",
    "(",
    ")",
    ",",
    "!",
    "&&",
    "||",
    "==",
    "!=",
    "<",
    ">=",
    "'a'",
    "''",
    "'",
    "1",
    "0x1F",
    "0o7",
    "-.5",
    "1e3",
    "1e999",
    "NaN",
    "Infinity",
    "null",
    "true",
    "format",
    "contains",
    "join",
    "toJSON",
    "fromJSON",
    "case",
    "hashFiles",
    "success",
    "always",
    "startsWith",
    "endsWith",
    " ",
    "'{0}'",
    "'{0:}'",
    "'{'",
    "'{{0}}'",
    "é",
    "'ß'",
    "'[1,2]'",
    "'{\"a\":[1,{\"b\":2}]}'",
    "+",
    "\n",
    "_a",
    "a-b",
    ".list",
    ".nested.a",
    ".*",
    "[0]",
    "[*]",
    "github.list.*",
    "\u{a0}",
    "😀",
    "'\\ud83d'",
];
const GLOB_WORDS: &[&str] = &[
    "a",
    "b",
    "/",
    "*",
    "**",
    "**/",
    "/**",
    "?",
    "+",
    "!",
    "[",
    "]",
    "[a-z]",
    "[!a]",
    "\\",
    ".",
    "é",
    "-",
    "x*",
    "main",
    "\n",
    " ",
    "😀",
    "[]]",
    "[a-",
    "release/v",
];
const CRON_WORDS: &[&str] = &[
    "*",
    "0",
    "5",
    "59",
    "60",
    "23",
    "24",
    "31",
    "32",
    "12",
    "13",
    "7",
    "/",
    "-",
    ",",
    " ",
    "*/5",
    "1-5",
    "MON",
    "JAN",
    "sun",
    "@daily",
    "?",
    "L",
    "W",
    "#",
    "99999999999999999999",
    "é",
    "\t",
    "0-0/0",
    "5-1",
];

pub(super) fn make(seed: u64, n: u64) -> Input {
    let mut random = Random::new(seed.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ n);
    let (subject, text) = match random.below(100) {
        0..=31 => (&EXPRESSION, expression(&mut random)),
        32..=46 => (&GLOB, words(&mut random, GLOB_WORDS, 24)),
        47..=56 => (&CRON, words(&mut random, CRON_WORDS, 14)),
        57..=66 => (&ACTION, file(&mut random, ACTIONS)),
        _ => (&WORKFLOW, file(&mut random, WORKFLOWS)),
    };
    Input { subject, text }
}

fn words(random: &mut Random, from: &[&str], most: usize) -> String {
    let n = random.below(most + 1);
    (0..n).map(|_| random.pick(from)).collect()
}

fn expression(random: &mut Random) -> String {
    match random.below(400) {
        // Long and deep ones.
        0 => {
            let word = random.pick(EXPRESSION_WORDS);
            word.repeat(random.below(25_000) / word.len().max(1) + 1)
        }
        1..=20 => bytes(random, 40),
        21..=120 => {
            // Calls with most of their brackets right.
            let mut text = words(random, EXPRESSION_WORDS, 6);
            for _ in 0..random.below(5) {
                let call = random.pick(&[
                    "format('{0}', ",
                    "join(",
                    "toJSON(",
                    "contains(",
                    "case(true, ",
                    "!(",
                    "(",
                ]);
                let end = random.pick(&[")", ")", ", 1)", ", github.list)", "].a)"]);
                text = format!("{call}{text}{end}");
            }
            text
        }
        _ => words(random, EXPRESSION_WORDS, 20),
    }
}

fn bytes(random: &mut Random, most: usize) -> String {
    let n = random.below(most + 1);
    let bytes: Vec<u8> = (0..n).map(|_| random.below(256) as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn file(random: &mut Random, seeds: &[&str]) -> String {
    match random.below(1000) {
        // Large ones: one piece again and again.
        0 => {
            let piece = words(random, YAML, 6);
            piece.repeat(random.below(200_000) / piece.len().max(1) + 1)
        }
        1..=30 => bytes(random, 200),
        31..=330 => words(random, YAML, 60),
        331..=480 => {
            let inside = words(random, YAML, 20);
            let frame = random.pick(&[
                "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: @\n",
                "on: push\njobs:\n  a:\n    runs-on: x\n    @",
                "on:\n  push:\n    @\njobs: {a: {runs-on: x}}",
                "on: push\nenv: {a: &a @}\njobs: {a: {runs-on: x, env: *a}}",
                "name: a\nruns:\n  using: composite\n  steps:\n    - @",
                "on: push\njobs: {a: {runs-on: x, if: \"@\"}}",
                "on: {workflow_dispatch: {inputs: {a: {@}}}}\njobs: {a: {runs-on: x}}",
            ]);
            frame.replace('@', &inside)
        }
        _ => {
            let seed = random.pick(seeds);
            changed(random, seed)
        }
    }
}

/// A few changes, by characters and by lines.
fn changed(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(4) {
        let at = random.below(chars.len() + 1);
        let to = (at + random.below(30)).min(chars.len());
        match random.below(6) {
            0 => {
                chars.drain(at..to);
            }
            1 => {
                let piece: Vec<char> = chars[at..to].to_vec();
                let there = random.below(chars.len() + 1);
                chars.splice(there..there, piece);
            }
            2 => {
                let word: Vec<char> = random.pick(YAML).chars().collect();
                chars.splice(at..at, word);
            }
            3 => {
                let word: Vec<char> = random.pick(EXPRESSION_WORDS).chars().collect();
                chars.splice(at..to, word);
            }
            4 => {
                // A line away, or twice.
                let start = chars[..at]
                    .iter()
                    .rposition(|c| *c == '\n')
                    .map_or(0, |i| i + 1);
                let end = chars[at..]
                    .iter()
                    .position(|c| *c == '\n')
                    .map_or(chars.len(), |i| at + i + 1);
                let line: Vec<char> = chars[start..end].to_vec();
                if random.once_in(2) {
                    chars.drain(start..end);
                } else {
                    chars.splice(start..start, line);
                }
            }
            _ if at < chars.len() => {
                chars[at] = char::from_u32(random.below(0x3000) as u32).unwrap_or('\u{fffd}');
            }
            _ => {}
        }
    }
    chars.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use lockkeeper_workflow::{load, load_action};

    #[test]
    fn the_files_that_are_changed_are_good_ones() {
        for text in super::WORKFLOWS {
            assert_eq!(load("w.yml", text).err().unwrap_or_default(), [], "{text}");
        }
        for text in super::ACTIONS {
            assert_eq!(
                load_action("action.yml", text).err().unwrap_or_default(),
                []
            );
        }
    }

    #[test]
    fn an_input_is_the_same_each_time() {
        for n in 0..2000 {
            assert_eq!(super::make(7, n).text, super::make(7, n).text);
        }
    }
}
