//! `docker run`: only for what checks a gate by itself (`docker run app npm test`); no container
//! is started.

use super::super::arguments::{Arguments, Grammar, Misuse};
use super::super::ending::not_modelled;
use super::super::{Desk, Invocation, Need, Progress, npm};
use super::{Command, find};

const GRAMMAR: Grammar = Grammar {
    stop_at_first_word: true,
    ..Grammar::new(
        &["--detach -d", "--entrypoint="],
        &[
            "--add-host=",
            "--cpus=",
            "--env= -e",
            "--env-file=",
            "--init",
            "--interactive -i",
            "--memory= -m",
            "--mount=",
            "--name=",
            "--network= --net",
            "--platform=",
            "--publish= -p",
            "--pull=",
            "--quiet -q",
            "--rm",
            "--tty -t",
            "--user= -u",
            "--volume= -v",
            "--workdir= -w",
        ],
    )
};

const CHECKERS: &[&str] = &["npm", "npx", "yarn", "pnpm", "node"];

impl Command<'_, '_> {
    pub(super) fn run(self) -> Result<Progress, Need> {
        let read = match Arguments::parse(self.args, &GRAMMAR) {
            Ok(read) => read,
            Err(Misuse::Unknown(option)) => {
                let what = format!("docker run {option}");
                return Ok(not_modelled(self.desk, &what, 125));
            }
            Err(Misuse::NoValue(option)) => {
                self.desk.err(format!("flag needs an argument: {option}\n"));
                return Ok(Progress::Done(125));
            }
        };
        let (image, argv) = match read.words.split_first() {
            Some((image, argv)) => (image, argv),
            None => {
                self.desk
                    .err("docker: 'docker run' requires at least 1 argument\n");
                return Ok(Progress::Done(125));
            }
        };
        let checks = argv
            .first()
            .is_some_and(|program| CHECKERS.contains(&program.as_str()));
        let plain = !read.has("--detach") && read.value("--entrypoint").is_none();
        if !checks || !plain || find(self.desk.machine, image).is_none() {
            let command: Vec<&str> = argv.iter().map(String::as_str).take(3).collect();
            let what = format!("docker run {image} {}", command.join(" "));
            return Ok(not_modelled(self.desk, what.trim_end(), 125));
        }
        let call = Invocation {
            argv: argv.to_vec(),
            cwd: self.desk.call.cwd.clone(),
            env: self.desk.call.env.clone(),
        };
        let inner = self.docker.inner.get_or_insert_with(|| npm::start(&call));
        let mut desk = Desk {
            call: &call,
            world: &mut *self.desk.world,
            machine: &mut *self.desk.machine,
            commits: self.desk.commits,
            caller: self.desk.caller,
            answers: self.desk.answers,
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        let progress = inner.resume(&mut desk);
        let (out, err) = (desk.stdout, desk.stderr);
        self.desk.stdout.extend(out);
        self.desk.stderr.extend(err);
        progress
    }
}
