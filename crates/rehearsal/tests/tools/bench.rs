//! A job's machine with files, and a world around it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use lockkeeper_names::CommitSha;
use lockkeeper_rehearsal::commits::{Commits, Traits};
use lockkeeper_rehearsal::machine::Machine;
use lockkeeper_rehearsal::tools::{Desk, FileError, Invocation, Need, Progress, TOOLS};
use lockkeeper_world::World;
use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::clock::START;
use lockkeeper_world::cloud::{
    ApiCaller, Cloud, HealthCheck, LoadBalancer, Mutability, ServiceSetup,
};
use lockkeeper_world::event::What;
use lockkeeper_world::hub::{
    Access, Hub, JobRequest, Permissions, RepositorySpec, Role, RunRequest, Settings, Visibility,
};
use lockkeeper_world::ids::Caller;
use lockkeeper_world::outage::{Ailment, Api, Outage};
use serde_json::json;

pub(crate) const HOST: &str = "shop.example.org";
pub(crate) const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) machine: Machine,
    pub(crate) commits: Commits,
    pub(crate) caller: Caller,
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) key: String,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

pub(crate) fn sha(digit: char) -> CommitSha {
    String::from(digit).repeat(40).parse().expect("a commit")
}

impl Bench {
    /// `example/shop` with a service behind [`HOST`], an immutable repository `shop` that holds
    /// `live`, and a job of a run that may do everything, on commit `b`.
    pub(crate) fn new() -> Self {
        let root = sha('a');
        let spec = RepositorySpec {
            slug: "example/shop".parse().expect("a slug"),
            repository_id: 77,
            owner_id: 11,
            visibility: Visibility::Private,
            default_branch: "main".parse().expect("a branch"),
            root: root.clone(),
            created_after_immutable_ids: false,
        };
        let mut settings = Settings::github_defaults();
        settings.collaborators = [("bob".parse().expect("a login"), Role::Write)].into();
        let mut world = World::new(Hub::new(spec, settings), Cloud::default());
        let run = RunRequest::new(
            "deploy.yml".parse().expect("a file"),
            "workflow_dispatch",
            "refs/heads/main",
            root,
            "bob".parse().expect("a login"),
        );
        let run = world
            .hub
            .create_run(START, &mut world.log, run)
            .expect("a run");
        let mut request = JobRequest::new("deploy", 10);
        request.permissions = Permissions::all(Access::Write).with("id-token", Access::Write);
        let job = world
            .hub
            .add_job(START, &mut world.log, run, request)
            .expect("a job");
        let key = serve(&mut world);
        // Until a runner takes it.
        world.advance(START + Duration::from_secs(60));
        let now = world.now();
        world
            .hub
            .start_job(now, &mut world.log, job)
            .expect("it starts");
        let token = world.hub.token_for(job);
        Self {
            world,
            machine: Machine {
                commit: Some(sha('b')),
                ..Machine::default()
            },
            commits: Commits::default(),
            caller: Caller {
                run,
                attempt: 1,
                job,
                step: 0,
                line: 12,
            },
            files: BTreeMap::new(),
            env: [("GH_TOKEN".to_owned(), token)].into(),
            key,
        }
    }

    pub(crate) fn commit_is(&mut self, change: impl FnOnce(&mut Traits)) {
        let mut traits = Traits::default();
        change(&mut traits);
        self.commits.insert(sha('b'), traits);
    }

    pub(crate) fn file(&mut self, path: &str, text: &str) {
        self.files.insert(plain(Path::new(path)), text.into());
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        let bytes = self.files.get(&plain(Path::new(path)));
        std::str::from_utf8(bytes.unwrap_or_else(|| panic!("no {path}"))).expect("UTF-8")
    }

    pub(crate) fn outage(
        &mut self,
        api: Api,
        operation: Option<&str>,
        ailment: Ailment,
        count: u32,
    ) {
        let outage = Outage {
            api,
            operation: operation.map(str::to_owned),
            ailment,
            from: START,
            until: START + Duration::from_secs(86_400),
            count: Some(count),
        };
        match api {
            Api::GitHub => self.world.hub.outages.add(outage),
            _ => self.world.cloud.outages.add(outage),
        }
    }

    /// What `aws ecr get-login-password` prints.
    pub(crate) fn password(&mut self) -> String {
        let caller = ApiCaller {
            access_key: Some(self.key.clone()),
            ..ApiCaller::default()
        };
        let now = self.world.now();
        let world = &mut self.world;
        let reply = world.cloud.call(
            now,
            &mut world.log,
            &caller,
            Api::Ecr,
            "GetAuthorizationToken",
            &json!({}),
        );
        let reply = reply.result.expect("a token");
        let token = reply["authorizationData"][0]["authorizationToken"].as_str();
        let text = unbase64(token.expect("text"));
        text.strip_prefix("AWS:").expect("AWS:…").to_owned()
    }

    pub(crate) fn logged_in(mut self) -> Self {
        let password = self.password();
        let login = ["docker", "login", "-u", "AWS", "--password-stdin", REGISTRY];
        let ended = self.call_with(&login, &password);
        assert_eq!(ended.code, 0, "{}", ended.err);
        self
    }

    /// Calls a tool with words split at spaces.
    pub(crate) fn call(&mut self, line: &str) -> Ended {
        let words: Vec<&str> = line.split(' ').collect();
        self.call_with(&words, "")
    }

    pub(crate) fn call_with(&mut self, argv: &[&str], stdin: &str) -> Ended {
        let call = Invocation {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            cwd: "/work".into(),
            env: self.env.clone(),
        };
        let entry = TOOLS
            .iter()
            .find(|entry| entry.name == argv[0])
            .unwrap_or_else(|| panic!("{} is no tool", argv[0]));
        let mut tool = (entry.start)(&call);
        let mut answers = BTreeMap::new();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let began = self.world.now();
        for _ in 0..10_000 {
            let mut desk = Desk {
                call: &call,
                world: &mut self.world,
                machine: &mut self.machine,
                commits: &self.commits,
                caller: self.caller,
                answers: &answers,
                stdout: Vec::new(),
                stderr: Vec::new(),
            };
            let progress = tool.resume(&mut desk);
            let (more_out, more_err) = (desk.stdout, desk.stderr);
            match progress {
                // What was printed by then is dropped: the tool starts again.
                Err(need) => {
                    let answer = self.meet(&need, stdin);
                    assert!(answers.insert(need, answer).is_none(), "asked twice");
                    continue;
                }
                Ok(Progress::Sleep(time)) => {
                    let until = self.world.now() + time;
                    self.world.advance(until);
                    out.extend(more_out);
                    err.extend(more_err);
                }
                Ok(Progress::Done(code)) => {
                    out.extend(more_out);
                    err.extend(more_err);
                    return Ended {
                        code,
                        out: String::from_utf8_lossy(&out).into_owned(),
                        err: String::from_utf8_lossy(&err).into_owned(),
                        took: self.world.now().since(began),
                    };
                }
            }
        }
        panic!("{argv:?} does not end");
    }

    fn meet(&mut self, need: &Need, stdin: &str) -> Result<Vec<u8>, FileError> {
        match need {
            Need::Stdin => Ok(stdin.into()),
            Need::Run(_) => unreachable!("a modelled tool runs nothing"),
            Need::Read(path) => {
                let path = plain(path);
                let below = |file: &PathBuf| *file != path && file.starts_with(&path);
                match self.files.get(&path) {
                    Some(bytes) => Ok(bytes.clone()),
                    None if self.files.keys().any(below) => Err(FileError(libc::EISDIR)),
                    None => Err(FileError(libc::ENOENT)),
                }
            }
            Need::Write {
                path,
                bytes,
                parents,
            } => {
                let path = plain(path);
                let parent = path.parent().unwrap_or(Path::new(""));
                let there = parent.as_os_str().is_empty()
                    || self.files.keys().any(|file| file.starts_with(parent));
                if !there && !parents {
                    return Err(FileError(libc::ENOENT));
                }
                self.files.insert(path, bytes.clone());
                Ok(Vec::new())
            }
        }
    }

    /// What the report would name.
    pub(crate) fn not_modelled(&self) -> BTreeSet<String> {
        let events = self.world.log.events().iter();
        let texts = events.filter_map(|event| match &event.what {
            What::NotModelled { text, .. } | What::Assumed { text } => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }
}

/// The path without `.`.
fn plain(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

/// Lets one task serve at [`HOST`]; answers an access key that may do everything.
fn serve(world: &mut World) -> String {
    let (cloud, log) = (&mut world.cloud, &mut world.log);
    let place = cloud.home().clone();
    let repository = "shop".parse().expect("a repository");
    cloud
        .create_repository(START, &place, &repository, Mutability::Immutable)
        .expect("new");
    let facts = ImageFacts {
        commit: Some(sha('c')),
        behaviour: Behaviour::Healthy,
        vulnerable: false,
    };
    let tag = "live".parse().expect("a tag");
    let old = cloud
        .put_image(START, log, &place, &repository, &[tag], "old", facts)
        .expect("put");
    let definition = json!({
        "family": "shop",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [{
            "name": "web",
            "image": format!("{REGISTRY}/shop@{old}"),
            "portMappings": [{ "containerPort": 8080 }],
        }],
    });
    let definition = cloud
        .create_task_definition(START, &place, &definition)
        .expect("valid");
    let mut setup = ServiceSetup::new(
        place.clone(),
        "shops".parse().expect("a cluster"),
        "shop-web".parse().expect("a service"),
        definition,
    );
    setup.load_balancer = Some(LoadBalancer {
        target_group: "shop".to_owned(),
        container: "web".to_owned(),
        port: 8080,
        health_check: HealthCheck::new("/health"),
        deregistration_delay: Duration::from_secs(30),
    });
    let service = cloud.create_service(START, log, setup).expect("a service");
    cloud.create_route(HOST, &service);
    cloud.create_access_key(&place.account, "ci")
}

fn unbase64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut out) = (0u32, 0, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = LETTERS.iter().position(|letter| *letter == byte);
        bits = (bits << 6) | value.expect("base64") as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    String::from_utf8(out).expect("UTF-8")
}
