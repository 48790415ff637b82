//! Running package scripts and commands: what they check decides how they end.

use std::time::Duration;

use serde_json::json;

use super::super::{Desk, Need};
use super::command::{self, Meaning};
use super::coverage::{self, Coverage};
use super::package::Package;
use super::shell::{self, Joint};
use crate::commits::{Gate, Traits};

/// Scripts that call scripts end somewhere.
const DEPTH: u32 = 8;
/// So many commands are run for one call, however scripts call each other.
const COMMANDS: u32 = 1000;

/// How a run came out. Nothing of it has happened yet: it is printed once its time has passed.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) status: i32,
    pub(super) output: String,
    pub(super) takes: Duration,
    /// What the repository lacks and was taken to be there.
    pub(super) lacking: Vec<String>,
    /// What was taken as passed.
    pub(super) assumed: Vec<String>,
    commands: u32,
    /// Files that it leaves.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

pub(super) struct Runner<'r, 'd> {
    pub(super) desk: &'r Desk<'d>,
    pub(super) package: &'r Package,
    /// npm and yarn run `prex` and `postx` around `x`.
    pub(super) hooks: bool,
    pub(super) run: Run,
}

impl Runner<'_, '_> {
    fn traits(&self) -> Traits {
        let commit = self.desk.machine.commit.as_ref();
        commit.map_or_else(Traits::default, |sha| self.desk.commits.of(sha))
    }

    /// Runs a script that exists, with these words after its body.
    pub(super) fn script(
        &mut self,
        name: &str,
        passed: &[String],
        depth: u32,
    ) -> Result<i32, Need> {
        if depth > DEPTH || self.run.commands > COMMANDS {
            self.run.assumed.push(format!(
                "package script `{name}`: calls itself too often; taken as passed"
            ));
            return Ok(0);
        }
        let around: Vec<(String, Vec<String>)> = match self.hooks {
            true => vec![
                (format!("pre{name}"), Vec::new()),
                (name.to_owned(), passed.to_vec()),
                (format!("post{name}"), Vec::new()),
            ],
            false => vec![(name.to_owned(), passed.to_vec())],
        };
        for (part, passed) in around {
            let Some(body) = self.package.script(&part).map(str::to_owned) else {
                continue;
            };
            let quoted: Vec<String> = passed
                .iter()
                .map(|word| format!(" {}", quote(word)))
                .collect();
            let line = format!("{body}{}", quoted.concat());
            self.run.output.push_str(&format!(
                "\n> {} {part}\n> {line}\n\n",
                self.package.title()
            ));
            let status = self.line(&line, &part, depth)?;
            if status != 0 {
                return Ok(status);
            }
        }
        Ok(0)
    }

    /// Runs a line of `sh` that stands in the script `name`.
    pub(super) fn line(&mut self, line: &str, name: &str, depth: u32) -> Result<i32, Need> {
        let mut status = 0;
        for (joint, words) in shell::split(line) {
            let runs = match joint {
                Joint::Then | Joint::Pipe => true,
                Joint::And => status == 0,
                Joint::Or => status != 0,
            };
            if !runs {
                continue;
            }
            let own = self.command(&words, name, depth)?;
            status = own;
            if words.first().is_some_and(|word| word == "exit") {
                break;
            }
        }
        Ok(status)
    }

    fn command(&mut self, words: &[String], name: &str, depth: u32) -> Result<i32, Need> {
        self.run.commands += 1;
        if self.run.commands > COMMANDS {
            return Ok(0);
        }
        match command::meaning(words) {
            Meaning::Ends(status) => Ok(status),
            Meaning::Nothing => {
                if words.first().is_some_and(|word| word == "echo") {
                    self.run
                        .output
                        .push_str(&format!("{}\n", words[1..].join(" ")));
                }
                self.run.takes += Duration::from_secs(1);
                Ok(0)
            }
            Meaning::Checks(gate, tool) => {
                let coverage = match tool {
                    None => Coverage::default(),
                    Some(tool) => coverage::of(self.desk, self.package, tool, words, false)?,
                };
                Ok(self.check(gate, coverage, words))
            }
            Meaning::Compares(tool) => {
                let coverage = coverage::of(self.desk, self.package, tool, words, true)?;
                self.run.takes += Duration::from_secs(2);
                Ok(self.compare(coverage))
            }
            Meaning::Lines(lines) => {
                let mut status = 0;
                for line in lines {
                    status = status.max(self.line(&line, name, depth + 1)?);
                }
                Ok(status)
            }
            Meaning::Scripts(patterns, passed) => {
                for pattern in patterns {
                    for script in self.package.scripts_like(&pattern) {
                        if self.package.script(&script).is_none() {
                            self.run.output.push_str(&missing(&script));
                            return Ok(1);
                        }
                        let status = self.script(&script, &passed, depth + 1)?;
                        if status != 0 {
                            return Ok(status);
                        }
                    }
                }
                Ok(0)
            }
            Meaning::Unknown => match command::by_name(name) {
                Some(gate) => Ok(self.check(gate, Coverage::default(), words)),
                None => {
                    let script = match self.package.script(name) {
                        Some(_) => format!(" of the package script `{name}`"),
                        None => String::new(),
                    };
                    self.run
                        .assumed
                        .push(format!("`{}`{script}: taken as passed", words.join(" ")));
                    self.run.takes += self.desk.world.durations().script;
                    Ok(0)
                }
            },
        }
    }

    /// What a check of this gate comes to for the commit.
    pub(super) fn check(&mut self, gate: Gate, coverage: Coverage, words: &[String]) -> i32 {
        let durations = self.desk.world.durations();
        self.run.takes += match gate {
            Gate::Test | Gate::Coverage => durations.test,
            Gate::Lint => durations.lint,
            _ => durations.type_check,
        };
        let traits = self.traits();
        if traits.fails.contains(&gate) {
            self.run.output.push_str(match gate {
                Gate::Lint => "src/api.ts\n  12:7  error  'unused' is assigned a value but never used\n\n1 problem (1 error, 0 warnings)\n",
                Gate::TypeCheck => "src/api.ts(12,7): error TS2322: Type 'string' is not assignable to type 'number'.\n",
                _ => "not ok 1 - lists what was added\n  expected: 1\n  actual: 0\n\ntests 24, passed 23, failed 1\n",
            });
            return 1;
        }
        if gate != Gate::Test {
            return 0;
        }
        self.run.output.push_str("tests 24, passed 24, failed 0\n");
        if coverage.measured {
            self.report(words, traits.coverage_percent);
        }
        self.compare(coverage)
    }

    fn compare(&mut self, coverage: Coverage) -> i32 {
        let reached = self.traits().coverage_percent;
        if coverage.measured {
            self.run
                .output
                .push_str(&format!("All files | {reached} % of lines\n"));
        }
        match coverage.threshold {
            Some(asked) if reached < asked => {
                self.run.output.push_str(&format!(
                    "ERROR: Coverage for lines ({reached}%) does not meet global threshold ({asked}%)\n"
                ));
                1
            }
            _ => 0,
        }
    }

    /// The machine-readable reports that the command or the configuration asks for by name.
    fn report(&mut self, words: &[String], percent: f64) {
        let configured: String = ["jest", "c8", "nyc"]
            .iter()
            .map(|section| self.package.section(section))
            .collect();
        let wants = |reporter: &str| {
            configured.contains(reporter) || words.iter().any(|word| word.contains(reporter))
        };
        let path = |name: &str| self.package.path(name).to_string_lossy().into_owned();
        if wants("json-summary") {
            let one =
                json!({ "total": 1000, "covered": percent * 10.0, "skipped": 0, "pct": percent });
            let total =
                json!({ "lines": one, "statements": one, "functions": one, "branches": one });
            let text = json!({ "total": total }).to_string();
            self.run
                .files
                .push((path("coverage/coverage-summary.json"), text.into_bytes()));
        }
        if wants("lcov") {
            let hit = (percent * 10.0) as u32;
            let text = format!("TN:\nSF:src/api.ts\nLF:1000\nLH:{hit}\nend_of_record\n");
            self.run
                .files
                .push((path("coverage/lcov.info"), text.into_bytes()));
        }
    }
}

/// npm's words for a script that is not there.
pub(super) fn missing(script: &str) -> String {
    format!(
        "npm error Missing script: \"{script}\"\nnpm error\nnpm error To see a list of scripts, run:\nnpm error   npm run\n"
    )
}

fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./=:@,+".contains(&b);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
