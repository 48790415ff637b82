//! A world with one service, and a shell-like way to call `aws` in it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use lockkeeper_rehearsal::commits::Commits;
use lockkeeper_rehearsal::machine::Machine;
use lockkeeper_rehearsal::tools::{Desk, FileError, Invocation, Need, Progress, TOOLS};
use lockkeeper_world::World;
use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::clock::START;
use lockkeeper_world::cloud::{Cloud, Mutability, Place, ServiceSetup};
use lockkeeper_world::event::What;
use lockkeeper_world::hub::{Hub, RepositorySpec, Settings, Visibility};
use lockkeeper_world::ids::{Caller, JobId, RunId};
use lockkeeper_world::outage::{Ailment, Api, Outage};
use serde_json::{Value, json};

pub(crate) const KEY: &str = "AKIAEXAMPLEEXAMPLE01";

/// What one call left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    machine: Machine,
}

fn hub() -> Hub {
    let spec = RepositorySpec {
        slug: "acme/shop".parse().unwrap(),
        repository_id: 1,
        owner_id: 2,
        visibility: Visibility::Private,
        default_branch: "main".parse().unwrap(),
        root: "1111111111111111111111111111111111111111".parse().unwrap(),
        created_after_immutable_ids: false,
    };
    Hub::new(spec, Settings::github_defaults())
}

impl Bench {
    /// `shop-web` in `shops` runs two healthy tasks of `shop:live`, in account 123456789012.
    pub(crate) fn new() -> Self {
        let region = "eu-west-1".parse().unwrap();
        let place = Place {
            account: "123456789012".parse().unwrap(),
            region,
        };
        let mut world = World::new(hub(), Cloud::new(place.clone()));
        let (cloud, log) = (&mut world.cloud, &mut world.log);
        cloud.use_access_key(&place.account, "deployer", KEY);
        let repository = "shop".parse().unwrap();
        cloud
            .create_repository(START, &place, &repository, Mutability::Mutable)
            .unwrap();
        let facts = ImageFacts {
            commit: None,
            behaviour: Behaviour::Healthy,
            vulnerable: false,
        };
        for (seed, tag) in [("old", "live"), ("new", "next"), ("odd", "spare")] {
            let tags = [tag.parse().unwrap()];
            cloud
                .put_image(START, log, &place, &repository, &tags, seed, facts.clone())
                .unwrap();
        }
        let definition = json!({
            "family": "shop",
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "containerDefinitions": [{
                "name": "web",
                "image": format!("{}/shop:live", place.registry()),
                "portMappings": [{ "containerPort": 8080 }],
            }],
        });
        let mut arn = String::new();
        for _ in 0..3 {
            arn = cloud
                .create_task_definition(START, &place, &definition)
                .unwrap();
        }
        let setup = ServiceSetup::new(
            place,
            "shops".parse().unwrap(),
            "shop-web".parse().unwrap(),
            arn,
        );
        cloud.create_service(START, log, setup).unwrap();
        let env = [
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", "not checked"),
            ("AWS_REGION", "eu-west-1"),
            ("HOME", "/home/runner"),
        ];
        Bench {
            world,
            env: env
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
            files: BTreeMap::new(),
            machine: Machine::default(),
        }
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The next `count` calls of `operation` suffer from `ailment`.
    pub(crate) fn ail(&mut self, api: Api, operation: &str, ailment: Ailment, count: u32) {
        self.world.cloud.outages.add(Outage {
            api,
            operation: Some(operation.to_owned()),
            ailment,
            from: self.world.now(),
            until: self.world.now() + Duration::from_secs(86_400),
            count: Some(count),
        });
    }

    /// A command line split at spaces outside single quotes.
    pub(crate) fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        for (at, part) in line.split('\'').enumerate() {
            let mut pieces = match at % 2 {
                1 => vec![part],
                _ => part.split(' ').collect(),
            };
            let first = pieces.remove(0);
            if let Some(last) = words.last_mut() {
                last.push_str(first);
            }
            words.extend(pieces.into_iter().map(str::to_owned));
        }
        words.retain(|word| !word.is_empty());
        words
    }

    pub(crate) fn sh(&mut self, line: &str) -> Ended {
        self.run(&Self::words(line))
    }

    pub(crate) fn run(&mut self, words: &[String]) -> Ended {
        let call = Invocation {
            argv: words.to_vec(),
            cwd: PathBuf::from("/work"),
            env: self.env.clone(),
        };
        let entry = TOOLS.iter().find(|tool| tool.name == words[0]).unwrap();
        let mut tool = (entry.start)(&call);
        let mut answers = BTreeMap::new();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let began = self.world.now();
        let commits = Commits::default();
        loop {
            let mut desk = Desk {
                call: &call,
                world: &mut self.world,
                machine: &mut self.machine,
                commits: &commits,
                caller: Caller {
                    run: RunId(1),
                    attempt: 1,
                    job: JobId(1),
                    step: 0,
                    line: 12,
                },
                answers: &answers,
                stdout: Vec::new(),
                stderr: Vec::new(),
            };
            let progress = tool.resume(&mut desk);
            out.extend(desk.stdout);
            err.extend(desk.stderr);
            match progress {
                Ok(Progress::Sleep(pause)) => {
                    let until = self.world.now() + pause;
                    self.world.advance(until);
                }
                Ok(Progress::Done(exit)) => {
                    return Ended {
                        exit,
                        out: String::from_utf8(out).unwrap(),
                        err: String::from_utf8(err).unwrap(),
                        took: self.world.now().since(began),
                    };
                }
                Err(need) => {
                    let answer = match &need {
                        Need::Read(path) => {
                            self.files.get(path).cloned().ok_or(FileError(libc::ENOENT))
                        }
                        Need::Write { path, bytes, .. } => {
                            self.files.insert(path.clone(), bytes.clone());
                            Ok(Vec::new())
                        }
                        Need::Stdin => Ok(Vec::new()),
                        Need::Run(_) => unreachable!("a modelled tool runs nothing"),
                    };
                    assert!(answers.insert(need, answer).is_none(), "asked twice");
                }
            }
        }
    }

    /// Standard output of a command that must succeed.
    pub(crate) fn ok(&mut self, line: &str) -> String {
        let ended = self.sh(line);
        assert_eq!((ended.exit, ended.err.as_str()), (0, ""), "{line}");
        ended.out
    }

    /// Standard output of a command that must succeed, as JSON.
    pub(crate) fn json(&mut self, line: &str) -> Value {
        serde_json::from_str(&self.ok(line)).unwrap()
    }

    /// Exit code and message of a command that must fail and print nothing else.
    pub(crate) fn fails(&mut self, line: &str) -> (i32, String) {
        let ended = self.sh(line);
        assert_eq!(ended.out, "", "{line}");
        let message = ended.err.strip_prefix("\naws: [ERROR]: ");
        let message = message.unwrap_or(&ended.err).trim_end().to_owned();
        (ended.exit, message)
    }

    /// How often an operation was called.
    pub(crate) fn calls(&self, wanted: &str) -> usize {
        self.world
            .log
            .events()
            .iter()
            .filter(|event| {
                matches!(&event.what, What::ApiCalled { operation, .. } if operation == wanted)
            })
            .count()
    }

    pub(crate) fn not_modelled(&self) -> Vec<String> {
        self.world
            .log
            .events()
            .iter()
            .filter_map(|event| match &event.what {
                What::NotModelled { text, .. } => Some(text.clone()),
                _ => None,
            })
            .collect()
    }
}
