//! `run:` steps: their script, shell and directory.

use std::path::Path;

use lockkeeper_workflow as wf;
use lockkeeper_world::event::Conclusion;
use lockkeeper_world::ids::JobId;

use super::Stage;
use super::jobs::JobPlay;
use super::steps::{NO_SPACE, write_new};
use super::strand::{Doing, StrandId};
use crate::engine::{EngineError, Step};
use crate::history::TAKEN_AS_PASSED;

/// Shells that GitHub's Ubuntu runners have: where one is missing here, that is no fault of the
/// workflow's.
const ON_RUNNERS: &[&str] = &[
    "bash",
    "node",
    "perl",
    "php",
    "powershell",
    "pwsh",
    "python",
    "python3",
    "ruby",
    "sh",
    "zsh",
];

impl Stage {
    pub(super) fn run_script(
        &mut self,
        job: JobId,
        strand: StrandId,
        script: &wf::Template,
        shell: Option<&wf::Template>,
        directory: Option<&wf::Template>,
    ) -> Result<bool, EngineError> {
        let evaluated = (|| {
            let script = self.evaluate_text(job, strand, script)?;
            let shell = match shell {
                Some(shell) => Some(self.evaluate_text(job, strand, shell)?),
                None => None,
            };
            let shell = match shell.filter(|shell| !shell.is_empty()) {
                Some(shell) => Some(shell),
                None => self.default_shell(job, strand)?,
            };
            let directory = match directory {
                Some(directory) => Some(self.evaluate_text(job, strand, directory)?),
                None => self.default_directory(job, strand)?,
            };
            Ok::<_, wf::expr::EvalError>((script, shell, directory))
        })();
        let (script, shell, directory) = match evaluated {
            Ok(evaluated) => evaluated,
            Err(error) => return self.fails(job, strand, &error.to_string()),
        };
        let env = self.process_env(job, strand);
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(true);
        };
        let Some(of) = play.strands.get(&strand) else {
            return Ok(true);
        };
        let program = shell.as_deref().map_or("bash", program);
        let name = match of.frames.is_empty() {
            true => format!("temp/step-{}{}", of.number, extension(program)),
            false => {
                play.scripts += 1;
                format!(
                    "temp/step-{}-{}{}",
                    of.number,
                    play.scripts,
                    extension(program)
                )
            }
        };
        let script_path = play.inside.join(&name).display().to_string();
        let cwd = play.workspace_inside().join(directory.unwrap_or_default());
        let argv = shell_command(shell.as_deref(), &script_path);
        let Some(mut argv) = argv else {
            let why = "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) or a format string containing '{0}'";
            return self.fails(job, strand, why);
        };
        let path = env.get("PATH").map_or("", String::as_str);
        // Debian has no `python`, GitHub's runners do.
        if argv[0] == "python" && !is_installed(play, "python", path) {
            argv[0] = "python3".to_owned();
        }
        if !is_installed(play, &argv[0], path) {
            if !ON_RUNNERS.contains(&argv[0].as_str()) {
                return self.fails(job, strand, &format!("{}: command not found", argv[0]));
            }
            let text = format!(
                "the shell `{}` is not installed on this machine: its step is {TAKEN_AS_PASSED}",
                argv[0]
            );
            self.not_modelled(job, strand, text);
            self.complete_step(job, strand, Conclusion::Success, None)?;
            return Ok(false);
        }
        let text = match program {
            "pwsh" | "powershell" => format!(
                "$ErrorActionPreference = 'stop'\n{script}\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) {{ exit $LASTEXITCODE }}"
            ),
            // As the runner writes it: with a newline at the end.
            _ => format!("{}\n", script.trim_end_matches('\n')),
        };
        play.files.remove_file(&name).ok();
        match write_new(&play.files, name.as_ref(), text.as_bytes()) {
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                return self.fails(job, strand, NO_SPACE);
            }
            written => written.map_err(EngineError::io("write a step's script"))?,
        }
        let unsecure = env
            .get("ACTIONS_ALLOW_UNSECURE_COMMANDS")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if let Some(of) = play.strands.get_mut(&strand) {
            of.doing = Doing::Command;
            of.turn += 1;
            of.signalled = false;
            of.reader.unsecure = unsecure;
        }
        let machine = play.machine;
        let step = Step {
            argv,
            env: env.into_iter().collect(),
            cwd,
        };
        let lane = self.lane(job, strand);
        self.engine.start(machine, lane, &step)?;
        self.settle_machines()?;
        // Its end, if that has come already, is taken in by whoever called.
        Ok(true)
    }

    fn default_shell(
        &self,
        job: JobId,
        strand: StrandId,
    ) -> Result<Option<String>, wf::expr::EvalError> {
        self.default_of(job, strand, |defaults| defaults.shell.as_ref())
    }

    /// Where a step without `working-directory` starts.
    fn default_directory(
        &self,
        job: JobId,
        strand: StrandId,
    ) -> Result<Option<String>, wf::expr::EvalError> {
        self.default_of(job, strand, |defaults| defaults.working_directory.as_ref())
    }

    /// What `defaults.run` says for the steps of a job; those of actions have none.
    fn default_of(
        &self,
        job: JobId,
        strand: StrandId,
        of: impl Fn(&wf::RunDefaults) -> Option<&wf::Template>,
    ) -> Result<Option<String>, wf::expr::EvalError> {
        let Some((play, strand_of)) = self.strand(job, strand) else {
            return Ok(None);
        };
        if !strand_of.frames.is_empty() {
            return Ok(None);
        }
        let own = play
            .definition()
            .and_then(|definition| of(&definition.defaults.run));
        let template = own.or_else(|| of(&play.loaded.workflow.defaults.run));
        match template {
            Some(template) => {
                let context = self.step_context(job, play, strand_of, &play.env);
                let value = template.eval_string(&context)?;
                Ok(Some(value).filter(|value| !value.is_empty()))
            }
            None => Ok(None),
        }
    }
}

/// The program of a `shell:`.
fn program(shell: &str) -> &str {
    let first = shell.split_ascii_whitespace().next().unwrap_or(shell);
    first.rsplit('/').next().unwrap_or(first)
}

fn extension(program: &str) -> &'static str {
    match program {
        "bash" | "sh" => ".sh",
        "pwsh" | "powershell" => ".ps1",
        "python" | "python3" => ".py",
        _ => "",
    }
}

/// How GitHub starts a shell; nothing for one that it does not know and that is no template.
fn shell_command(shell: Option<&str>, script: &str) -> Option<Vec<String>> {
    let format = match shell {
        None => "bash -e {0}",
        Some("bash") => "bash --noprofile --norc -e -o pipefail {0}",
        Some("sh") => "sh -e {0}",
        Some("python") => "python {0}",
        Some("pwsh") => "pwsh -command \". '{0}'\"",
        Some("powershell") => "powershell -command \". '{0}'\"",
        Some(custom) if custom.contains("{0}") => custom,
        Some(_) => return None,
    };
    let words = words(format);
    let words: Vec<String> = words
        .into_iter()
        // As the runner's platform formats: braces of its own are doubled.
        .map(|word| {
            word.replace("{0}", script)
                .replace("{{", "{")
                .replace("}}", "}")
        })
        .collect();
    (!words.is_empty()).then_some(words)
}

/// The arguments of a command line as the runner's platform splits them: at blanks, but for what
/// stands in double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&'"') => {
                characters.next();
                word.get_or_insert_default().push('"');
            }
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

/// Whether a step would find a program: by path, among the tools, or on its `PATH`.
fn is_installed(play: &JobPlay, name: &str, path: &str) -> bool {
    let exists = |path: &Path| match path.strip_prefix(&play.inside) {
        Ok(inside) => play.files.metadata(inside).is_ok(),
        Err(_) => path.is_file(),
    };
    if name.contains('/') {
        return exists(&play.workspace_inside().join(name));
    }
    crate::tools::TOOLS.iter().any(|tool| tool.name == name)
        || path
            .split(':')
            .filter(|directory| !directory.is_empty())
            .any(|directory| exists(&Path::new(directory).join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_start_as_github_starts_them() {
        let command = |shell| shell_command(shell, "/s.sh").map(|argv| argv.join("|"));
        assert_eq!(command(None).as_deref(), Some("bash|-e|/s.sh"));
        assert_eq!(
            command(Some("bash")).as_deref(),
            Some("bash|--noprofile|--norc|-e|-o|pipefail|/s.sh")
        );
        assert_eq!(
            command(Some("bash -euo pipefail {0}")).as_deref(),
            Some("bash|-euo|pipefail|/s.sh")
        );
        assert_eq!(
            command(Some("sh -c \"exec bash '{0}' \\\"x\\\"\"")).as_deref(),
            Some("sh|-c|exec bash '/s.sh' \"x\"")
        );
        assert_eq!(
            command(Some("pwsh")).as_deref(),
            Some("pwsh|-command|. '/s.sh'")
        );
        assert_eq!(command(Some("fish")), None);
    }
}
