//! `npm`, `npx`, `yarn`, `pnpm` and `node`: a command fails exactly when the commit fails what it
//! checks.
//!
//! Which gate a command is follows from the package script's real body, then from its name; a
//! script that only echoes checks nothing.

mod command;
mod coverage;
mod package;
mod scripts;
mod shell;

use super::ending::{Ending, not_modelled};
use super::{Desk, Invocation, Need, Progress, Tool};
use coverage::Coverage;
use package::Package;
use scripts::{Run, Runner, missing};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manager {
    Npm,
    Yarn,
    Pnpm,
}

impl Manager {
    fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Yarn => "yarn",
            Self::Pnpm => "pnpm",
        }
    }

    fn lock_file(self) -> &'static str {
        match self {
            Self::Npm => "package-lock.json",
            Self::Yarn => "yarn.lock",
            Self::Pnpm => "pnpm-lock.yaml",
        }
    }
}

#[derive(Default)]
struct Npm {
    waited: bool,
    ending: Ending,
}

pub(super) fn start(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Npm::default())
}

/// What a command line asks for.
enum Task {
    Install {
        frozen: bool,
        global: bool,
    },
    /// A script, and the words passed on to it.
    Script {
        name: String,
        passed: Vec<String>,
        if_present: bool,
    },
    /// A command of `node_modules/.bin` or the registry.
    Execute(Vec<String>),
    /// Prints this, or nothing.
    Print(String),
    /// A field of `package.json`.
    Field {
        path: String,
        json: bool,
    },
    NotModelled(String),
}

impl Tool for Npm {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        if let Some(progress) = self.ending.due(desk) {
            return Ok(progress);
        }
        let argv = &desk.call.argv;
        let program = argv.first().map_or("npm", String::as_str);
        let program = program.rsplit('/').next().unwrap_or(program);
        let (manager, task, directory) = match program {
            "npx" => (Manager::Npm, npx(desk.call.args()), ".".to_owned()),
            "node" => (Manager::Npm, node(desk.call.args()), ".".to_owned()),
            "yarn" => with(Manager::Yarn, desk.call.args()),
            "pnpm" => with(Manager::Pnpm, desk.call.args()),
            _ => with(Manager::Npm, desk.call.args()),
        };
        let package = match Package::read(desk, &directory)? {
            Ok(package) => package,
            Err(text) => {
                desk.err(format!("npm error code EJSONPARSE\nnpm error {text}\n"));
                return Ok(Progress::Done(1));
            }
        };
        match task {
            Task::NotModelled(what) => Ok(not_modelled(desk, &what, 1)),
            Task::Print(text) => {
                desk.out(text);
                Ok(Progress::Done(0))
            }
            Task::Field { path, json } => Ok(field(desk, &package, &path, json)),
            Task::Install { frozen, global } => {
                self.install(desk, manager, &package, frozen, global)
            }
            Task::Script {
                name,
                passed,
                if_present,
            } => self.script(desk, manager, &package, &name, &passed, if_present),
            Task::Execute(words) => {
                let line: Vec<String> = words.iter().map(|word| quote(word)).collect();
                let line = line.join(" ");
                let name = words.first().cloned().unwrap_or_default();
                let mut runner = Runner {
                    desk,
                    package: &package,
                    hooks: false,
                    run: Run::default(),
                };
                let status = runner.line(&line, &name, 0)?;
                let mut run = runner.run;
                run.status = status;
                self.end(desk, run)
            }
        }
    }
}

fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

/// A package's field as `npm pkg get` or `node -p` prints it.
fn field(desk: &mut Desk<'_>, package: &Package, path: &str, json: bool) -> Progress {
    if !package.exists() {
        desk.err("Error: Cannot find module './package.json'\n");
        return Progress::Done(1);
    }
    let mut steps = path.split('.');
    let mut value = package.value(steps.next().unwrap_or_default());
    for step in steps {
        value = value.get(step).unwrap_or(&serde_json::Value::Null);
    }
    let text = match value {
        serde_json::Value::Null if json => "{}".to_owned(),
        serde_json::Value::Null => "undefined".to_owned(),
        serde_json::Value::String(text) if !json => text.clone(),
        other => other.to_string(),
    };
    desk.out(format!("{text}\n"));
    Progress::Done(0)
}

impl Npm {
    fn install(
        &mut self,
        desk: &mut Desk<'_>,
        manager: Manager,
        package: &Package,
        frozen: bool,
        global: bool,
    ) -> Result<Progress, Need> {
        let lock = desk.read(package.path(manager.lock_file()))?;
        let shrinkwrap = manager == Manager::Npm
            && lock.is_err()
            && desk.read(package.path("npm-shrinkwrap.json"))?.is_ok();
        if frozen && package.exists() && lock.is_err() && !shrinkwrap && !global {
            desk.err(match manager {
                Manager::Npm => "npm error code EUSAGE\nnpm error\nnpm error The `npm ci` command can only install with an existing package-lock.json or\nnpm error npm-shrinkwrap.json with lockfileVersion >= 1. Run an install with npm@5 or\nnpm error later to generate a package-lock.json file, then try again.\n",
                Manager::Yarn => "error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.\n",
                Manager::Pnpm => " ERR_PNPM_NO_LOCKFILE  Cannot install with \"frozen-lockfile\" because pnpm-lock.yaml is absent\n",
            });
            return Ok(Progress::Done(1));
        }
        if !self.waited {
            self.waited = true;
            return Ok(Progress::Sleep(desk.world.durations().install));
        }
        if global {
            let what = desk.call.argv.join(" ");
            desk.not_modelled(format!("`{what}`: taken as passed"));
        } else if !package.exists() {
            desk.assume(format!(
                "there is no package.json: `{} install` is taken to work",
                manager.name()
            ));
        } else {
            desk.machine.installed.insert("node_modules".to_owned());
        }
        desk.out("\nadded 214 packages in 20s\n");
        Ok(Progress::Done(0))
    }

    fn script(
        &mut self,
        desk: &mut Desk<'_>,
        manager: Manager,
        package: &Package,
        name: &str,
        passed: &[String],
        if_present: bool,
    ) -> Result<Progress, Need> {
        let run = if manager == Manager::Npm { "run " } else { "" };
        let shown = format!("{} {run}{name}", manager.name());
        if package.script(name).is_none() && package.exists() {
            // What is no script may be a command of a dependency.
            if manager != Manager::Npm {
                let words: Vec<String> = std::iter::once(name.to_owned())
                    .chain(passed.iter().cloned())
                    .collect();
                if command::meaning(&words) != command::Meaning::Unknown {
                    let line: Vec<String> = words.iter().map(|word| quote(word)).collect();
                    let mut runner = Runner {
                        desk,
                        package,
                        hooks: false,
                        run: Run::default(),
                    };
                    let status = runner.line(&line.join(" "), name, 0)?;
                    let mut run = runner.run;
                    run.status = status;
                    return self.end(desk, run);
                }
            }
            if if_present {
                return Ok(Progress::Done(0));
            }
            desk.err(match manager {
                Manager::Npm => missing(name),
                Manager::Yarn => format!("error Command \"{name}\" not found.\n"),
                Manager::Pnpm => format!(" ERR_PNPM_NO_SCRIPT  Missing script: {name}\n"),
            });
            return Ok(Progress::Done(1));
        }
        let mut runner = Runner {
            desk,
            package,
            hooks: manager != Manager::Pnpm,
            run: Run::default(),
        };
        if package.exists() {
            let status = runner.script(name, passed, 0)?;
            runner.run.status = status;
        } else {
            let assumed = match command::by_name(name) {
                None => format!("there is no package.json: `{shown}` is taken to work"),
                Some(gate) => {
                    let mut coverage = Coverage::default();
                    for tool in [command::Measure::Jest, command::Measure::Vitest] {
                        let found = coverage::of(runner.desk, package, tool, passed, false)?;
                        if found.threshold.is_some() {
                            coverage = found;
                        }
                    }
                    runner.run.status = runner.check(gate, coverage, passed);
                    format!(
                        "there is no package.json: `{shown}` is taken as the commit's {}",
                        gate.name()
                    )
                }
            };
            runner.run.lacking.push(assumed);
        }
        let run = runner.run;
        self.end(desk, run)
    }

    /// Lets a run's time pass, then leaves what it leaves.
    fn end(&mut self, desk: &mut Desk<'_>, run: Run) -> Result<Progress, Need> {
        if !self.waited && !run.takes.is_zero() {
            self.waited = true;
            return Ok(Progress::Sleep(run.takes));
        }
        for (path, bytes) in run.files {
            // A report that cannot be written fails no test.
            desk.write_with_parents(path, bytes)?.ok();
        }
        for lacking in run.lacking {
            desk.assume(lacking);
        }
        for assumed in run.assumed {
            desk.not_modelled(assumed);
        }
        desk.out(run.output);
        Ok(Progress::Done(run.status))
    }
}

/// A command line of npm, yarn or pnpm: what it asks for, and in which directory.
fn with(manager: Manager, args: &[String]) -> (Manager, Task, String) {
    let mut directory = ".".to_owned();
    let mut words: Vec<String> = Vec::new();
    let mut options: Vec<String> = Vec::new();
    let mut passed: Vec<String> = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let has_script = match words.first().map(String::as_str) {
            Some("run" | "run-script" | "exec" | "x" | "dlx") => words.len() > 1,
            Some(_) => manager != Manager::Npm,
            None => false,
        };
        let command = words.first().map(String::as_str);
        if arg == "--" {
            passed.extend(rest.cloned());
            break;
        }
        // Behind a script's name yarn and pnpm pass everything on; npm keeps the options.
        let kept = manager != Manager::Npm || matches!(command, Some("exec" | "x"));
        if has_script && kept && !is_install(command) {
            passed.push(arg.clone());
            continue;
        }
        match arg.as_str() {
            "--prefix" | "-C" | "--cwd" | "--dir" => {
                directory = rest.next().cloned().unwrap_or_default()
            }
            "-w" | "--workspace" | "--filter" | "-F" | "-r" | "--recursive" | "--workspaces"
            | "-ws" => {
                let what = format!("{} {arg}", manager.name());
                return (manager, Task::NotModelled(what), directory);
            }
            option if option.starts_with('-') => {
                if let Some((_, value)) = option
                    .split_once('=')
                    .filter(|(name, _)| matches!(*name, "--prefix" | "--cwd" | "--dir"))
                {
                    directory = value.to_owned();
                }
                if option.starts_with("--workspace=") || option.starts_with("--filter=") {
                    let what = format!("{} {option}", manager.name());
                    return (manager, Task::NotModelled(what), directory);
                }
                options.push(option.to_owned());
            }
            word => words.push(word.to_owned()),
        }
    }
    let has = |name: &str| options.iter().any(|option| option == name);
    let global = has("-g") || has("--global");
    let frozen = has("--frozen-lockfile") || has("--immutable");
    let script = |name: &str, first: &[String]| Task::Script {
        name: name.to_owned(),
        passed: first.iter().chain(&passed).cloned().collect(),
        if_present: has("--if-present"),
    };
    let text: Vec<&str> = words.iter().map(String::as_str).collect();
    let task = match text.as_slice() {
        _ if words.is_empty() && (has("-v") || has("--version")) => Task::Print(match manager {
            Manager::Npm => "10.9.4\n".to_owned(),
            Manager::Yarn => "1.22.22\n".to_owned(),
            Manager::Pnpm => "10.15.0\n".to_owned(),
        }),
        [] if manager == Manager::Yarn => Task::Install { frozen, global },
        [] => Task::Print(format!("{} <command>\n", manager.name())),
        ["ci" | "clean-install" | "install-clean", ..] => Task::Install {
            frozen: true,
            global,
        },
        ["install" | "i" | "add", ..] => Task::Install {
            frozen,
            global: global || words.len() > 1,
        },
        ["global", ..] if manager == Manager::Yarn => Task::Install {
            frozen,
            global: true,
        },
        ["run" | "run-script", name, ..] => script(name, &words[2..]),
        ["run" | "run-script"] => Task::Print(String::new()),
        ["test" | "t" | "tst", ..] => script("test", &words[1..]),
        ["start" | "stop" | "restart", ..] => {
            Task::NotModelled(format!("{} {}", manager.name(), text[0]))
        }
        ["exec" | "x" | "dlx", ..] => {
            Task::Execute(words[1..].iter().chain(&passed).cloned().collect())
        }
        [
            "audit" | "ls" | "list" | "cache" | "config" | "set" | "prune" | "fund" | "outdated"
            | "dedupe" | "ping" | "store" | "why" | "rebuild" | "root" | "bin" | "prefix",
            ..,
        ] => match text[0] {
            "audit" => Task::Print("found 0 vulnerabilities\n".to_owned()),
            _ => Task::Print(String::new()),
        },
        ["pkg", "get", path] => Task::Field {
            path: (*path).to_owned(),
            json: true,
        },
        [name, ..] if manager != Manager::Npm => script(name, &words[1..]),
        [name, ..] => Task::NotModelled(format!("{} {name}", manager.name())),
    };
    (manager, task, directory)
}

fn is_install(command: Option<&str>) -> bool {
    matches!(command, Some("install" | "i" | "add" | "ci" | "global"))
}

fn npx(args: &[String]) -> Task {
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "-p" | "--package" => {
                rest.next();
            }
            "-v" | "--version" => return Task::Print("10.9.4\n".to_owned()),
            "-c" | "--call" => {
                return match rest.next() {
                    Some(line) => {
                        Task::Execute(line.split_whitespace().map(str::to_owned).collect())
                    }
                    None => Task::NotModelled("npx -c".to_owned()),
                };
            }
            "--" => {}
            option if option.starts_with('-') => {}
            _ => {
                return Task::Execute(std::iter::once(arg).chain(rest).cloned().collect());
            }
        }
    }
    Task::NotModelled("npx without a command".to_owned())
}

fn node(args: &[String]) -> Task {
    let text: Vec<&str> = args.iter().map(String::as_str).collect();
    match text.as_slice() {
        ["-v" | "--version"] => Task::Print("v22.23.2\n".to_owned()),
        ["-p" | "--print" | "-pe", expression] => match package_field(expression) {
            Some(path) => Task::Field { path, json: false },
            None => Task::NotModelled(format!("node -p {expression:?}")),
        },
        ["-e" | "--eval", expression] => {
            let inner = expression
                .strip_prefix("console.log(")
                .and_then(|text| text.trim_end_matches(';').strip_suffix(')'));
            match inner.and_then(package_field) {
                Some(path) => Task::Field { path, json: false },
                None => Task::NotModelled(format!("node -e {expression:?}")),
            }
        }
        [] => Task::NotModelled("node without a file".to_owned()),
        _ => Task::Execute(
            std::iter::once("node".to_owned())
                .chain(args.iter().cloned())
                .collect(),
        ),
    }
}

/// `require('./package.json').version` → `version`.
fn package_field(expression: &str) -> Option<String> {
    let rest = expression
        .trim()
        .trim_end_matches(';')
        .strip_prefix("require(")?;
    let (file, field) = rest.split_once(")")?;
    let field = field.strip_prefix('.')?;
    let is_package = matches!(
        file.trim_matches(['\'', '"', '`']),
        "./package.json" | "./package"
    );
    let plain = field
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
    (is_package && plain).then(|| field.to_owned())
}
