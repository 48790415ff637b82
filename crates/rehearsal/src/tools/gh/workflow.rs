//! `gh workflow run`, and finding a workflow by what people call it.

use serde_json::{Map, Value, json};

use super::api::encode;
use super::talk::{Pause, Reply};
use super::{Command, Outcome};

impl Command<'_, '_> {
    /// The file name or number of a workflow given by file, number or name.
    pub(super) fn workflow(
        &mut self,
        slug: &str,
        text: &str,
    ) -> Result<Result<String, i32>, Pause> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let is_file = text.ends_with(".yml") || text.ends_with(".yaml");
        if is_number || is_file {
            let file = text.rsplit('/').next().unwrap_or(text);
            return Ok(Ok(encode(file)));
        }
        let all = match self.get(&format!("repos/{slug}/actions/workflows?per_page=100"))? {
            Ok(all) => all,
            Err(code) => return Ok(Err(code)),
        };
        let found = all["workflows"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|workflow| workflow["name"] == text)
            .map(|workflow| workflow["id"].to_string());
        Ok(found.ok_or_else(|| {
            self.desk
                .err(format!("could not find any workflows named {text}\n"));
            1
        }))
    }

    pub(super) fn workflow_run(&mut self) -> Outcome {
        let known = &[
            "--ref= -r",
            "--raw-field= -f",
            "--field= -F",
            "--json",
            "--repo= -R",
        ];
        let read = match self.read("gh workflow run", known, &[]) {
            Ok(read) => read,
            Err(code) => return Ok(code),
        };
        let [workflow] = read.words.as_slice() else {
            self.desk
                .err("workflow ID, name, or filename required when not running interactively\n");
            return Ok(1);
        };
        let mut inputs = Map::new();
        if read.has("--json") {
            let bytes = self.desk.stdin()?;
            match serde_json::from_slice::<Map<String, Value>>(&bytes) {
                Ok(given) => inputs = given,
                Err(error) => {
                    self.desk
                        .err(format!("could not parse provided JSON: {error}\n"));
                    return Ok(1);
                }
            }
        }
        for (option, text) in &read.options {
            if !matches!(*option, "--field" | "--raw-field") {
                continue;
            }
            let Some((name, value)) = text.split_once('=') else {
                self.desk.err(format!(
                    "field \"{text}\" requires a value separated by an '=' sign\n"
                ));
                return Ok(1);
            };
            let value = match value.strip_prefix('@').filter(|_| *option == "--field") {
                None => value.to_owned(),
                Some(path) => match self.desk.read(path)? {
                    Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                    Err(error) => {
                        self.desk.err(format!(
                            "open {path}: {}\n",
                            error.to_string().to_lowercase()
                        ));
                        return Ok(1);
                    }
                },
            };
            inputs.insert(name.to_owned(), Value::from(value));
        }
        let slug = self.repository(&read);
        let id = match self.workflow(&slug, workflow)? {
            Ok(id) => id,
            Err(code) => return Ok(code),
        };
        let git_ref = match read.value("--ref") {
            Some(git_ref) => git_ref.to_owned(),
            None => match self.get(&format!("repos/{slug}"))? {
                Ok(repository) => repository["default_branch"]
                    .as_str()
                    .unwrap_or("main")
                    .to_owned(),
                Err(code) => return Ok(code),
            },
        };
        let path = format!("repos/{slug}/actions/workflows/{id}/dispatches");
        let body = json!({ "ref": git_ref, "inputs": inputs });
        match self.talk.ask(self.desk, "POST", &path, Some(&body))? {
            Reply::Answer { status, .. } if status < 300 => Ok(0),
            reply => {
                self.desk.err("could not create workflow dispatch event: ");
                Ok(self.failed(&path, &reply))
            }
        }
    }
}
