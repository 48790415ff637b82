//! `gh`: GitHub's API, and the commands about runs and workflows.

mod api;
mod fields;
mod filter;
mod run;
mod talk;
mod workflow;

use serde_json::Value;

use super::arguments::{Arguments, Grammar, Known};
use super::ending::{misused, not_modelled};
use super::{Desk, Invocation, Need, Progress, Tool};
use talk::{Pause, Reply, Talk};

#[derive(Default)]
struct Gh {
    talk: Talk,
}

pub(super) fn start(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Gh::default())
}

/// How a command goes on: it ends with an exit code, or has to be run again.
type Outcome = Result<i32, Pause>;

impl Tool for Gh {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        self.talk.rewind();
        let mut command = Command {
            args: desk.call.args(),
            desk,
            talk: &mut self.talk,
        };
        match command.run() {
            Ok(code) => Ok(Progress::Done(code)),
            Err(Pause::Need(need)) => Err(need),
            Err(Pause::Sleep(time)) => Ok(Progress::Sleep(time)),
        }
    }
}

/// One `gh` command at work.
struct Command<'c, 'd> {
    desk: &'c mut Desk<'d>,
    talk: &'c mut Talk,
    args: &'c [String],
}

impl Command<'_, '_> {
    fn run(&mut self) -> Outcome {
        let words: Vec<&str> = self.args.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["--version" | "version"] => {
                self.desk.out("gh version 2.97.0 (2026-08-11)\nhttps://github.com/cli/cli/releases/tag/v2.97.0\n");
                return Ok(0);
            }
            [] | ["help" | "--help", ..] => {
                self.desk
                    .out("Work seamlessly with GitHub from the command line.\n");
                return Ok(0);
            }
            ["auth", "setup-git", ..] => return Ok(0),
            _ => {}
        }
        if talk::token(self.desk).is_none() {
            self.desk.err("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable. Example:\n  env:\n    GH_TOKEN: ${{ github.token }}\n");
            return Ok(4);
        }
        let below = |args: &mut Self, count: usize| args.args = &args.args[count..];
        match words.as_slice() {
            ["api", ..] => {
                below(self, 1);
                self.api()
            }
            ["auth", "status", ..] => {
                self.desk.out("github.com\n  ✓ Logged in to github.com account github-actions[bot] (GH_TOKEN)\n");
                Ok(0)
            }
            ["auth", "token", ..] => {
                let token = talk::token(self.desk).unwrap_or_default();
                self.desk.out(format!("{token}\n"));
                Ok(0)
            }
            ["run", sub, ..] => {
                below(self, 2);
                match *sub {
                    "list" | "ls" => self.run_list(),
                    "view" => self.run_view(),
                    "cancel" => self.run_cancel(),
                    "watch" => self.run_watch(),
                    "rerun" => self.run_rerun(),
                    other => Ok(self.not_modelled(&format!("gh run {other}"))),
                }
            }
            ["workflow", "run", ..] => {
                below(self, 2);
                self.workflow_run()
            }
            [name, sub, ..] if !sub.starts_with('-') => {
                Ok(self.not_modelled(&format!("gh {name} {sub}")))
            }
            [name, ..] => Ok(self.not_modelled(&format!("gh {name}"))),
            [] => Ok(0),
        }
    }

    fn not_modelled(&mut self, what: &str) -> i32 {
        not_modelled(self.desk, what, 1);
        1
    }

    fn read(&mut self, command: &str, known: Known, cosmetic: Known) -> Result<Arguments, i32> {
        Arguments::parse(self.args, &Grammar::new(known, cosmetic)).map_err(|misuse| {
            misused(self.desk, command, &misuse, 1);
            1
        })
    }

    /// `owner/name` of the repository that is meant.
    fn repository(&self, read: &Arguments) -> String {
        let given = read.value("--repo").or(self.desk.call.env("GH_REPO"));
        match given {
            Some(name) => name.trim_start_matches("github.com/").to_owned(),
            None => self.desk.world.hub.spec().slug.to_string(),
        }
    }

    /// Prints why a request failed, as gh does outside of `gh api`.
    fn failed(&mut self, path: &str, reply: &Reply) -> i32 {
        let text = match reply {
            Reply::Closed => format!("Get \"https://api.github.com/{path}\": EOF\n"),
            Reply::Answer { status, body, .. } => format!(
                "HTTP {status}: {} (https://api.github.com/{path})\n",
                body["message"].as_str().unwrap_or_default()
            ),
        };
        self.desk.err(text);
        1
    }

    /// Asks for JSON that must be there; prints why it is not.
    fn get(&mut self, path: &str) -> Result<Result<Value, i32>, Pause> {
        let reply = self.talk.ask(self.desk, "GET", path, None)?;
        Ok(match reply {
            Reply::Answer { status, body, .. } if status < 300 => Ok(body),
            reply => Err(self.failed(path, &reply)),
        })
    }
}
