//! What people do to the repository, and which workflows that starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockkeeper_names::{CommitSha, Login, WorkflowFile};
use lockkeeper_workflow as wf;
use lockkeeper_world::event::What;
use lockkeeper_world::hub::{Dispatch, DispatchInput, Refused, Run, RunRequest, WorkflowFacts};
use lockkeeper_world::ids::{PullNumber, RunId};
use serde_json::{Value, json};

use super::Stage;
use super::runs::{Loaded, Origin, PullRequestFrom, group};

impl Stage {
    /// Opens a pull request for a commit, which starts what listens to that.
    pub(crate) fn open_pull(
        &mut self,
        head: &CommitSha,
        actor: &Login,
        from: PullRequestFrom,
    ) -> Result<PullNumber, Refused> {
        let fork = from == PullRequestFrom::Fork;
        let base = self.repository.branch.clone();
        let pull = self.world.hub.open_pull(
            self.world.now(),
            &mut self.world.log,
            head,
            &base,
            actor,
            fork,
        )?;
        let git_ref = self
            .world
            .hub
            .pull(pull)
            .map(|pull| pull.merge_ref())
            .unwrap_or_default();
        let origin = |trigger, git_ref: String, sha: CommitSha| Origin {
            trigger,
            activity: Some("opened"),
            git_ref,
            sha,
            actor: actor.clone(),
            pull: Some(pull),
            fork,
            branch: base.to_string(),
            changed: self.changed_files(head),
        };
        // That event runs the base branch's workflow file, with its rights.
        let tip = self
            .world
            .hub
            .head(&base)
            .cloned()
            .unwrap_or_else(|| self.repository.root.clone());
        // The other one runs on the merge of both, and not at all where they conflict.
        let merge = self
            .repository
            .merge(&tip, head)
            .map(|merge| merge.sha.clone());
        let by_pull = merge
            .clone()
            .map(|merge| origin("pull_request", git_ref, merge));
        let by_target = origin("pull_request_target", format!("refs/heads/{base}"), tip);
        if let Some(merge) = merge {
            self.world.hub.set_merge_commit(pull, &merge)?;
            // What the change is like, the merge is like: the branch is fine.
            let traits = self.commits.of(head);
            self.commits.insert(merge, traits);
        }
        if let Some(by_pull) = by_pull {
            self.start_workflows(&by_pull);
        }
        self.start_workflows(&by_target);
        Ok(pull)
    }

    /// Merges a pull request if GitHub lets it, which pushes to the branch.
    pub(crate) fn merge_pull(
        &mut self,
        pull: PullNumber,
        actor: &Login,
    ) -> Result<CommitSha, Refused> {
        let head = self.world.hub.pull(pull).map(|pull| pull.head.clone());
        let head = head.unwrap_or_else(|| self.repository.root.clone());
        let sha =
            self.world
                .hub
                .merge_pull(self.world.now(), &mut self.world.log, pull, actor, &head)?;
        self.pushed(&sha, actor);
        Ok(sha)
    }

    /// Merges a pull request that was opened and checked before the story begins.
    pub(crate) fn merge_checked(
        &mut self,
        head: &CommitSha,
        author: &Login,
        actor: &Login,
    ) -> Result<CommitSha, Refused> {
        let base = self.repository.branch.clone();
        let now = self.world.now();
        let required: Vec<String> = self
            .world
            .hub
            .rulesets()
            .iter()
            .flat_map(|rules| rules.required_checks.clone())
            .collect();
        if let Some(file) = self.world.hub.workflows().keys().next().cloned() {
            self.world.hub.passed_before(head, &file, &required);
        }
        let pull =
            self.world
                .hub
                .open_pull(now, &mut self.world.log, head, &base, author, false)?;
        self.merge_pull(pull, actor)
    }

    /// Pushes a commit to the production branch directly, if GitHub lets it.
    pub(crate) fn push_directly(&mut self, sha: &CommitSha, actor: &Login) -> Result<(), Refused> {
        let branch = self.repository.branch.clone();
        self.world
            .hub
            .push(self.world.now(), &mut self.world.log, &branch, sha, actor)?;
        self.pushed(sha, actor);
        Ok(())
    }

    fn pushed(&mut self, sha: &CommitSha, actor: &Login) {
        let branch = self.repository.branch.clone();
        self.tell_workflows(sha);
        let origin = Origin {
            trigger: "push",
            activity: None,
            git_ref: format!("refs/heads/{branch}"),
            sha: sha.clone(),
            actor: actor.clone(),
            pull: None,
            fork: false,
            branch: branch.to_string(),
            changed: self.changed_files(sha),
        };
        self.start_workflows(&origin);
    }

    /// Dispatches a workflow on the production branch.
    pub(crate) fn dispatch(
        &mut self,
        workflow: &WorkflowFile,
        inputs: &BTreeMap<String, String>,
        actor: &Login,
    ) -> Result<RunId, Refused> {
        let branch = self.repository.branch.clone();
        let filled = match self.world.hub.check_dispatch(workflow, inputs) {
            Ok(filled) => filled,
            Err(refused) => {
                let what = What::DispatchRefused {
                    workflow: workflow.to_string(),
                    actor: actor.to_string(),
                    why: refused.why.clone(),
                };
                self.world.log.push(self.world.now(), None, what);
                return Err(refused);
            }
        };
        let sha = self
            .world
            .hub
            .head(&branch)
            .cloned()
            .unwrap_or_else(|| self.repository.root.clone());
        let mut request = RunRequest::new(
            workflow.clone(),
            "workflow_dispatch",
            format!("refs/heads/{branch}"),
            sha,
            actor.clone(),
        );
        request.inputs = filled;
        self.create_run(request)
    }

    /// A dispatch that a job asked for through the API.
    pub(super) fn carry_out_dispatch(&mut self, dispatch: Dispatch) {
        let sha = self
            .world
            .hub
            .resolve(&dispatch.git_ref)
            .cloned()
            .unwrap_or_else(|| self.repository.root.clone());
        let mut request = RunRequest::new(
            dispatch.workflow,
            "workflow_dispatch",
            dispatch.git_ref,
            sha,
            dispatch.actor,
        );
        request.id = Some(dispatch.run);
        request.inputs = dispatch.inputs;
        self.create_run(request).ok();
    }

    /// Re-runs all jobs of a run.
    pub(crate) fn rerun(&mut self, run: RunId, actor: &Login) -> Result<u32, Refused> {
        self.world
            .hub
            .rerun(self.world.now(), &mut self.world.log, run, actor)
    }

    pub(crate) fn cancel(&mut self, run: RunId, actor: &Login, why: &str) -> Result<(), Refused> {
        self.world
            .hub
            .cancel_run(self.world.now(), &mut self.world.log, run, actor, why)
    }

    /// The workflow files that a commit holds, those that GitHub cannot read left out.
    pub(crate) fn workflows_at(&self, sha: &CommitSha) -> Vec<Arc<Loaded>> {
        let files = self.repository.files_of(sha).unwrap_or_default();
        files
            .iter()
            .filter_map(|(path, file)| {
                let name = path.strip_prefix(".github/workflows/")?;
                WorkflowFile::parse(name).ok()?;
                self.library
                    .read(name, &String::from_utf8_lossy(&file.contents))
                    .ok()
            })
            .collect()
    }

    /// Tells the hub which workflows the production branch holds.
    pub(crate) fn tell_workflows(&mut self, sha: &CommitSha) {
        let mut facts = BTreeMap::new();
        for loaded in self.workflows_at(sha) {
            let Ok(file) = WorkflowFile::parse(&loaded.file) else {
                continue;
            };
            let dispatch = loaded
                .workflow
                .on
                .workflow_dispatch
                .as_ref()
                .map(|dispatch| {
                    let inputs = dispatch.inputs.iter().map(|(name, input)| {
                        let default = input
                            .default
                            .as_ref()
                            .map(|template| template.source().to_owned());
                        (
                            name.clone(),
                            DispatchInput {
                                required: input.required,
                                default,
                                options: input
                                    .options
                                    .iter()
                                    .map(|option| option.value.clone())
                                    .collect(),
                            },
                        )
                    });
                    inputs.collect()
                });
            let name = loaded
                .workflow
                .name
                .clone()
                .map_or_else(|| format!(".github/workflows/{file}"), |name| name.value);
            facts.insert(file, WorkflowFacts { name, dispatch });
        }
        self.world.hub.set_workflows(facts);
    }

    fn start_workflows(&mut self, origin: &Origin) {
        for loaded in self.workflows_at(&origin.sha) {
            let mut event =
                wf::Event::new(origin.trigger, &format!("refs/heads/{}", origin.branch))
                    .changed(origin.changed.clone());
            if let Some(activity) = origin.activity {
                event = event.activity(activity);
            }
            if wf::triggered(&loaded.workflow, &event).is_err() {
                continue;
            }
            let Ok(file) = WorkflowFile::parse(&loaded.file) else {
                continue;
            };
            let mut request = RunRequest::new(
                file,
                origin.trigger,
                origin.git_ref.clone(),
                origin.sha.clone(),
                origin.actor.clone(),
            );
            request.pull = origin.pull;
            request.from_fork = origin.fork && origin.trigger == "pull_request";
            self.create_run(request).ok();
        }
    }

    fn create_run(&mut self, mut request: RunRequest) -> Result<RunId, Refused> {
        if let Some(loaded) = self.workflow_at(&request.sha, &request.workflow) {
            if let Some(name) = &loaded.workflow.name {
                request.name = name.value.clone();
            }
            let id = match request.id {
                Some(id) => id,
                None => self.world.hub.promise_run(),
            };
            request.id = Some(id);
            let context = self.trigger_context(&request);
            request.concurrency = loaded
                .workflow
                .concurrency
                .as_ref()
                .map(|concurrency| group(concurrency, &context));
        }
        self.world
            .hub
            .create_run(self.world.now(), &mut self.world.log, request)
    }

    fn changed_files(&self, sha: &CommitSha) -> Vec<String> {
        self.world
            .hub
            .commit(sha)
            .map(|commit| commit.files_changed.clone())
            .unwrap_or_default()
    }

    /// `github.event` of a run.
    pub(super) fn event_payload(&self, run: &Run) -> Value {
        let spec = self.world.hub.spec();
        let repository = json!({
            "id": spec.repository_id,
            "name": spec.name(),
            "full_name": spec.slug,
            "default_branch": spec.default_branch,
            "private": spec.visibility.as_str() != "public",
            "html_url": format!("https://github.com/{}", spec.slug),
            "owner": { "login": spec.owner(), "id": spec.owner_id },
        });
        let sender = json!({ "login": run.actor, "type": "User" });
        let commit = |sha: &CommitSha| {
            let found = self.world.hub.commit(sha);
            json!({
                "id": sha,
                "message": found.map(|commit| commit.message.clone()),
                "timestamp": self.world.now().rfc3339(),
                "author": { "name": found.map(|commit| commit.author.to_string()), "username": found.map(|commit| commit.author.to_string()) },
                "modified": found.map(|commit| commit.files_changed.clone()),
            })
        };
        match run.trigger.as_str() {
            "push" => {
                let before = self
                    .world
                    .hub
                    .commit(&run.sha)
                    .and_then(|commit| commit.parents.first().cloned());
                json!({
                    "ref": run.git_ref,
                    "before": before.map_or_else(|| "0".repeat(40), |sha| sha.to_string()),
                    "after": run.sha,
                    "forced": false, "created": false, "deleted": false,
                    "head_commit": commit(&run.sha),
                    "commits": [commit(&run.sha)],
                    "pusher": { "name": run.actor },
                    "repository": repository, "sender": sender,
                })
            }
            "workflow_dispatch" => json!({
                "ref": run.git_ref,
                "inputs": run.inputs,
                "workflow": format!(".github/workflows/{}", run.workflow),
                "repository": repository, "sender": sender,
            }),
            _ => {
                let pull = run.pull.and_then(|number| self.world.hub.pull(number));
                let head = pull.map(|pull| pull.head.clone());
                let head_repository = if run.from_fork {
                    json!({ "full_name": format!("{}/{}", run.actor, spec.name()), "fork": true })
                } else {
                    repository.clone()
                };
                json!({
                    "action": "opened",
                    "number": run.pull.map(|number| number.0),
                    "pull_request": {
                        "number": run.pull.map(|number| number.0),
                        "title": "A change",
                        "body": "",
                        "draft": false,
                        "merged": false,
                        "merge_commit_sha": pull.and_then(|pull| pull.merge_commit.clone()),
                        "labels": [],
                        "user": { "login": run.actor },
                        "head": { "sha": head, "ref": pull.map(|pull| pull.head_branch()), "repo": head_repository },
                        "base": { "ref": pull.map(|pull| pull.base.to_string()), "sha": self.world.hub.head(&spec.default_branch), "repo": repository },
                    },
                    "repository": repository, "sender": sender,
                })
            }
        }
    }
}
