//! Files that workflows name and that were not given: where only the workflows are known, something
//! stands in their place that does nothing and succeeds.
//!
//! Each is told to the reader: that the real one would have succeeded is assumed.

mod called;
mod scripts;
mod task_definition;

use std::collections::BTreeMap;
use std::sync::Arc;

use lockkeeper_names::AccountId;
use lockkeeper_workflow as wf;

use crate::repository::File;
use crate::stage::Loaded;

/// What stands in.
#[derive(Debug, Default)]
pub(crate) struct StandIns {
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) sentences: Vec<String>,
}

/// A file that does nothing.
struct StandIn {
    path: String,
    executable: bool,
    contents: String,
    /// What it stands for, as in "…: a stand-in that succeeds".
    what: String,
}

/// Everything that the workflows name and `files` lack.
pub(crate) fn stand_ins(
    workflows: &[Arc<Loaded>],
    account: &AccountId,
    files: &BTreeMap<String, File>,
) -> StandIns {
    let mut found = StandIns::default();
    for loaded in workflows {
        for job in loaded.workflow.jobs.values() {
            let site = Site { loaded, job };
            let mut wanted = Vec::new();
            called::workflow(site, &mut wanted);
            for step in all_steps(&job.steps) {
                called::action(step, &mut wanted);
                scripts::named(site, step, &mut wanted);
                task_definition::named(site, step, account, &mut wanted);
            }
            for StandIn {
                path,
                executable,
                contents,
                what,
            } in wanted
            {
                if files.contains_key(&path) || found.files.contains_key(&path) {
                    continue;
                }
                found.sentences.push(format!(
                    "{path} was not given with the workflows: {what} ({}:{})",
                    loaded.file, job.place.line
                ));
                let contents = contents.into_bytes();
                found.files.insert(
                    path,
                    File {
                        executable,
                        contents,
                    },
                );
            }
        }
    }
    found
}

/// Where a step stands.
#[derive(Clone, Copy)]
struct Site<'a> {
    loaded: &'a Loaded,
    job: &'a wf::Job,
}

impl Site<'_> {
    /// A template's text, with what `env` spells out filled in; none if more is needed.
    fn text(self, template: &wf::Template, step: Option<&wf::Step>) -> Option<String> {
        let mut text = template.source().to_owned();
        while let Some(at) = text.find("${{") {
            let end = at + text[at..].find("}}")?;
            let name = text[at + 3..end].trim().strip_prefix("env.")?;
            let pairs = [
                step.map(|step| &step.env),
                Some(&self.job.env),
                Some(&self.loaded.workflow.env),
            ];
            let value = pairs.into_iter().flatten().find_map(|env| env.get(name))?;
            let value = value.source();
            if value.contains("${{") {
                return None;
            }
            text.replace_range(at..end + 2, value);
        }
        Some(text)
    }

    /// The directory in which a step's script runs.
    fn directory(self, step: &wf::Step) -> Option<String> {
        let wf::StepKind::Run {
            working_directory, ..
        } = &step.kind
        else {
            return Some(String::new());
        };
        let used = working_directory
            .as_ref()
            .or(self.job.defaults.run.working_directory.as_ref())
            .or(self.loaded.workflow.defaults.run.working_directory.as_ref());
        match used {
            Some(template) => inside(&self.text(template, Some(step))?),
            None => Some(String::new()),
        }
    }
}

/// A path of the repository, without `.` and `..`; none if it leads out.
fn inside(path: &str) -> Option<String> {
    if path.starts_with(['/', '~']) || path.contains(['$', '*', '?', '{', '\\', ':', '\0']) {
        return None;
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (parts.first() != Some(&".git")).then(|| parts.join("/"))
}

fn join(directory: &str, path: &str) -> Option<String> {
    match path.starts_with('/') {
        true => None,
        false => inside(format!("{directory}/{path}").trim_start_matches('/')),
    }
}

fn all_steps(steps: &[wf::Step]) -> Vec<&wf::Step> {
    let mut all = Vec::new();
    for step in steps {
        match &step.kind {
            wf::StepKind::Parallel { steps } => all.extend(all_steps(steps)),
            _ => all.push(step),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::Library;

    fn stand_ins_of(text: &str) -> StandIns {
        let loaded = Library::default().read("ship.yml", text).unwrap();
        let account = AccountId::parse("123456789012").unwrap();
        stand_ins(&[loaded], &account, &BTreeMap::new())
    }

    #[test]
    fn what_is_named_is_stood_in_for() {
        let found = stand_ins_of(
            "on: push\nenv: {DEFINITION: ops/task.json, NAME: web}\njobs:\n  check:\n    uses: ./.github/workflows/check.yml\n    with: {level: strict}\n  ship:\n    runs-on: ubuntu-24.04\n    defaults: {run: {working-directory: server}}\n    steps:\n      - uses: ./.github/actions/setup\n      - run: |\n          chmod +x ./gradlew\n          bash scripts/check.sh --file=$OTHER/x.sh > made.sh\n          tr -d x <version.txt >> out/list.txt 2>/dev/null\n          curl https://example.com/install.sh | sh\n      - uses: aws-actions/amazon-ecs-render-task-definition@v1\n        with:\n          task-definition: ${{ env.DEFINITION }}\n          container-name: ${{ env.NAME }}\n          image: x\n",
        );
        let paths: Vec<&str> = found.files.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                ".github/actions/setup/action.yml",
                ".github/workflows/check.yml",
                "ops/task.json",
                "server/.keep",
                "server/gradlew",
                "server/out/.keep",
                "server/scripts/check.sh",
                "server/version.txt",
            ]
        );
        let definition = String::from_utf8_lossy(&found.files["ops/task.json"].contents);
        assert!(definition.contains("\"name\": \"web\""), "{definition}");
        assert!(found.files["server/gradlew"].executable);
        assert_eq!(found.sentences.len(), paths.len());
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(inside("./a//b/../c").as_deref(), Some("a/c"));
        for out in [
            "../a",
            "a/../../b",
            "/etc/x.sh",
            "~/x.sh",
            ".git/hooks/x",
            "$HOME/x",
        ] {
            assert_eq!(inside(out), None, "{out}");
        }
    }
}
