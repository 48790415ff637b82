//! What all statements set → the policy, with where each value comes from.

use std::collections::BTreeMap;

use lockkeeper_names::{BranchName, ClusterName, RepositoryName, ServiceName, TimeZone};

use crate::reader::{Lines, Read};
use crate::setting::{Env, Key, Value};
use crate::window::{Days, Hours, Window};
use crate::{
    Ci, Claim, Contradiction, Environment, Environments, ImageScan, Images, Migrations, Place,
    Policy, Provenance, PullRequest, Reading, Rollback, RollbackMethod, RollbackTrigger, Scanner,
    Service, Severity, Source, Status, Trigger,
};

/// A value and the statement that set it first.
struct Claimed {
    value: Value,
    statement: usize,
    place: Place,
}

#[derive(Default)]
struct Resolver {
    claims: BTreeMap<Key, Claimed>,
    provenance: BTreeMap<String, Provenance>,
    contradictions: Vec<Contradiction>,
}

/// Resolves what was read from these sources, in their order.
pub(crate) fn resolve(read: Vec<(&Source, Vec<Read>)>) -> Reading {
    let mut resolver = Resolver::default();
    let mut statements = Vec::new();
    let mut settings = Vec::new();
    for (source, reads) in read {
        let lines = Lines::new(&source.text);
        for read in reads {
            for setting in read.settings {
                let span = setting.span.clone().unwrap_or(read.statement.span.clone());
                let place = lines.place(&source.text, &source.name, span);
                settings.push((statements.len(), setting, place));
            }
            statements.push(read.statement);
        }
    }
    let branch = settings
        .iter()
        .find_map(|(_, setting, _)| match (&setting.key, &setting.value) {
            (Key::ProductionBranch, Value::Branch(branch)) => Some(branch.clone()),
            _ => None,
        });
    let branch = branch.map_or_else(|| assumed_branch(&settings), |branch| (branch, None));
    for (statement, setting, _) in &settings {
        if let Some(other) = setting.branch.as_ref().filter(|other| **other != branch.0) {
            let statement = &mut statements[*statement];
            statement.status = Status::NotUnderstood;
            statement.note = Some(format!(
                "only pull requests to the production branch, `{}`, are gated; this speaks of `{other}`",
                branch.0
            ));
        }
    }
    let services = settings
        .iter()
        .find_map(|(_, setting, _)| match &setting.value {
            Value::Services(names) => Some(names.len()),
            _ => None,
        })
        .unwrap_or(0);
    for (statement, setting, place) in settings {
        if statements[statement].status == Status::NotUnderstood
            && setting
                .branch
                .as_ref()
                .is_some_and(|other| *other != branch.0)
        {
            continue;
        }
        let pointers = setting.key.pointers(services);
        if pointers.is_empty() && !matches!(setting.key, Key::Registry | Key::Runtime) {
            statements[statement].note.get_or_insert_with(|| {
                "no rule names a service that it could belong to".to_owned()
            });
        }
        let sets = &mut statements[statement].sets;
        sets.extend(
            pointers
                .iter()
                .filter(|pointer| !sets.contains(pointer))
                .cloned()
                .collect::<Vec<_>>(),
        );
        resolver.claim(setting.key, setting.value, statement, place, services);
    }
    for contradiction in &resolver.contradictions {
        for (this, other) in [
            (&contradiction.first, &contradiction.second),
            (&contradiction.second, &contradiction.first),
        ] {
            let statement = &mut statements[this.statement];
            statement.status = Status::NotUnderstood;
            statement.note = Some(format!(
                "it contradicts {}:{}: {} here, {} there",
                other.place.source, other.place.line, this.value, other.value
            ));
        }
    }
    let policy = resolver.policy(branch);
    Reading {
        policy,
        provenance: resolver.provenance,
        statements,
        contradictions: resolver.contradictions,
    }
}

/// The production branch where no statement names it, and why.
fn assumed_branch(
    settings: &[(usize, crate::setting::Setting, Place)],
) -> (BranchName, Option<Provenance>) {
    let named: Vec<(&BranchName, &Place)> = settings
        .iter()
        .filter_map(|(_, setting, place)| {
            let branch = match (&setting.key, &setting.value) {
                (Key::Branch(_), Value::Branch(branch)) => Some(branch),
                _ => setting.branch.as_ref(),
            };
            branch.map(|branch| (branch, place))
        })
        .collect();
    let usual = ["main", "master"];
    let usual = named
        .iter()
        .find(|(branch, _)| usual.contains(&branch.as_str()));
    let named = usual
        .or(named.first())
        .map(|(branch, place)| ((*branch).clone(), (*place).clone()));
    match named {
        Some((branch, place)) => {
            let why = format!(
                "no rule names the production branch; `{branch}` is what {}:{} names",
                place.source, place.line
            );
            (branch, Some(Provenance::Assumed { why }))
        }
        None => {
            let why = "no rule names a branch, and new repositories have `main`".to_owned();
            (main_branch(), Some(Provenance::Default { why }))
        }
    }
}

fn main_branch() -> BranchName {
    // The grammar of branches accepts these four letters.
    BranchName::parse("main").expect("`main` is a branch name")
}

impl Resolver {
    fn claim(&mut self, key: Key, value: Value, statement: usize, place: Place, services: usize) {
        let Some(held) = self.claims.get_mut(&key) else {
            for pointer in key.pointers(services) {
                self.provenance
                    .insert(pointer, Provenance::Place(place.clone()));
            }
            self.claims.insert(
                key,
                Claimed {
                    value,
                    statement,
                    place,
                },
            );
            return;
        };
        if let Some(both) = held.value.both(&value) {
            held.value = both;
            return;
        }
        self.contradictions.push(Contradiction {
            pointer: key
                .pointers(services.max(1))
                .into_iter()
                .next()
                .unwrap_or_default(),
            first: Claim {
                statement: held.statement,
                value: held.value.to_string(),
                place: held.place.clone(),
            },
            second: Claim {
                statement,
                value: value.to_string(),
                place,
            },
        });
        // Whoever goes on in spite of the error gets the safer of both.
        held.value = held.value.clone().stricter(value);
    }

    fn value(&self, key: Key) -> Option<&Value> {
        self.claims.get(&key).map(|claimed| &claimed.value)
    }

    fn flag(&self, key: Key) -> bool {
        matches!(self.value(key), Some(Value::Flag(true)))
    }

    fn assume(&mut self, pointer: &str, why: String) {
        self.provenance
            .insert(pointer.to_owned(), Provenance::Assumed { why });
    }

    fn fall_back(&mut self, pointer: &str, why: &str) {
        let why = why.to_owned();
        self.provenance
            .entry(pointer.to_owned())
            .or_insert(Provenance::Default { why });
    }

    fn policy(&mut self, branch: (BranchName, Option<Provenance>)) -> Policy {
        let (production_branch, provenance) = branch;
        if let Some(provenance) = provenance {
            self.provenance
                .insert("/production_branch".to_owned(), provenance);
        }
        let ci = self.ci();
        let production = self.environment(Env::Production, &production_branch, None);
        let staging = self.environment(
            Env::Staging,
            &production_branch,
            production.cluster.as_ref(),
        );
        let services = self.services(production.cluster.as_ref());
        self.fall_back("/pull_request/required", "no rule asks for pull requests");
        Policy {
            pull_request: PullRequest {
                required: self.flag(Key::PullRequest),
            },
            ci,
            services,
            environments: Environments {
                staging,
                production,
            },
            migrations: match self.value(Key::MigrationCommand) {
                Some(Value::Command(command)) => Some(Migrations {
                    command: command.clone(),
                }),
                _ => None,
            },
            rollback: self.rollback(),
            images: match self.value(Key::KeptImages) {
                Some(Value::Count(kept)) => Some(Images { kept: *kept }),
                _ => None,
            },
            production_branch,
        }
    }

    fn ci(&mut self) -> Ci {
        for (pointer, gate) in [
            ("/ci/lint", "a linter"),
            ("/ci/type_check", "a type check"),
            ("/ci/test", "tests"),
            ("/ci/image_build", "an image build"),
        ] {
            self.fall_back(pointer, &format!("no rule asks for {gate}"));
        }
        let image_scan = self.value(Key::Scanner).is_some().then(|| {
            let stated = match self.value(Key::Severities) {
                Some(Value::Severities(severities)) => Some(severities.clone()),
                _ => None,
            };
            self.fall_back(
                "/ci/image_scan/severities",
                "no rule names severities; these are the ones that are commonly fixed at once",
            );
            ImageScan {
                scanner: Scanner::Trivy,
                severities: stated.unwrap_or_else(|| vec![Severity::High, Severity::Critical]),
            }
        });
        Ci {
            lint: self.flag(Key::Lint),
            type_check: self.flag(Key::TypeCheck),
            test: self.flag(Key::Test),
            coverage_percent: match self.value(Key::Coverage) {
                Some(Value::Percent(percent)) => Some(*percent),
                _ => None,
            },
            image_build: self.flag(Key::ImageBuild),
            image_scan,
        }
    }

    fn environment(
        &mut self,
        env: Env,
        production_branch: &BranchName,
        production_cluster: Option<&ClusterName>,
    ) -> Environment {
        let pointer = |field: &str| format!("/environments/{}/{field}", env.as_str());
        let stated = match self.value(Key::Trigger(env)) {
            Some(Value::Trigger(trigger)) => Some(*trigger),
            _ => None,
        };
        let (usual, why) = match env {
            Env::Staging => (
                Trigger::Merge,
                "no rule says what starts a deployment to staging; each merge does",
            ),
            Env::Production => (
                Trigger::Manual,
                "no rule starts production by itself, so a person does",
            ),
        };
        self.fall_back(&pointer("trigger"), why);
        let trigger = stated.unwrap_or(usual);
        let branch = match (trigger, self.value(Key::Branch(env))) {
            (Trigger::Manual, _) => None,
            (Trigger::Merge, Some(Value::Branch(branch))) => Some(branch.clone()),
            (Trigger::Merge, _) => {
                self.fall_back(
                    &pointer("branch"),
                    "no rule names a branch, so it is the production branch",
                );
                Some(production_branch.clone())
            }
        };
        self.fall_back(&pointer("approval"), "no rule asks for approval");
        self.fall_back(&pointer("smoke_test"), "no rule asks for smoke tests");
        let cluster = match (self.value(Key::Cluster(env)), production_cluster) {
            (Some(Value::Cluster(cluster)), _) => Some(cluster.clone()),
            (_, Some(production)) => staging_cluster(production).inspect(|cluster| {
                self.assume(
                    &pointer("cluster"),
                    format!("no rule names staging's cluster; `{cluster}` is made from production's, `{production}`"),
                );
            }),
            _ => None,
        };
        Environment {
            trigger,
            branch,
            window: match env {
                Env::Staging => None,
                Env::Production => self.window(),
            },
            approval: self.flag(Key::Approval(env)),
            smoke_test: self.flag(Key::SmokeTest(env)),
            cluster,
            region: match self.value(Key::Region(env)) {
                Some(Value::Region(region)) => Some(region.clone()),
                _ => None,
            },
            account: match self.value(Key::Account(env)) {
                Some(Value::Account(account)) => Some(account.clone()),
                _ => None,
            },
            url: match self.value(Key::Url(env)) {
                Some(Value::Url(url)) => Some(url.clone()),
                _ => None,
            },
        }
    }

    fn window(&mut self) -> Option<Window> {
        let days = match self.value(Key::WindowDays) {
            Some(Value::Days(days)) => Some(*days),
            _ => None,
        };
        let hours = match self.value(Key::WindowHours) {
            Some(Value::Hours(hours)) => Some(*hours),
            _ => None,
        };
        if days.is_none() && hours.is_none() {
            return None;
        }
        let pointer = |field: &str| format!("/environments/production/window/{field}");
        self.fall_back(&pointer("days"), "no rule names days, so it is all of them");
        for end in ["from", "to"] {
            self.fall_back(&pointer(end), "no rule names hours, so it is the whole day");
        }
        let time_zone = match self.value(Key::WindowZone) {
            Some(Value::TimeZone(zone)) => zone.clone(),
            _ => {
                self.assume(
                    &pointer("time_zone"),
                    "no rule names the time zone of the deploy window; it is taken by UTC"
                        .to_owned(),
                );
                // The database has it.
                TimeZone::parse("UTC").expect("`UTC` is a time zone")
            }
        };
        let hours = hours.unwrap_or(Hours::ALL);
        Some(Window {
            days: days.unwrap_or(Days::ALL),
            from: hours.from,
            to: hours.to,
            time_zone,
        })
    }

    fn services(&mut self, cluster: Option<&ClusterName>) -> Vec<Service> {
        let names = match self.value(Key::Services) {
            Some(Value::Services(names)) => names.clone(),
            _ => Vec::new(),
        };
        let path = |value: Option<&Value>| match value {
            Some(Value::Path(path)) => Some(path.clone()),
            _ => None,
        };
        names
            .into_iter()
            .enumerate()
            .filter_map(|(at, name)| {
                let repository = match self.value(Key::Repository) {
                    Some(Value::Repository(repository)) => repository.clone(),
                    _ => {
                        let (repository, why) = repository_of(&name, cluster)?;
                        self.assume(&format!("/services/{at}/repository"), why);
                        repository
                    }
                };
                Some(Service {
                    repository,
                    container: match self.value(Key::Container) {
                        Some(Value::Container(container)) => Some(container.clone()),
                        _ => None,
                    },
                    health_path: path(self.value(Key::HealthPath)),
                    readiness_path: path(self.value(Key::ReadinessPath)),
                    name,
                })
            })
            .collect()
    }

    fn rollback(&mut self) -> Option<Rollback> {
        self.value(Key::RollbackMethod)?;
        self.fall_back(
            "/rollback/trigger",
            "no rule says how it is started; the production workflow is dispatched",
        );
        Some(Rollback {
            method: RollbackMethod::RedeployPreviousImage,
            trigger: RollbackTrigger::WorkflowDispatch,
        })
    }
}

/// `-staging` before a final `-cluster`, else at the end.
fn staging_cluster(production: &ClusterName) -> Option<ClusterName> {
    let name = production.as_str();
    let staging = match name.strip_suffix("-cluster") {
        Some(stem) => format!("{stem}-staging-cluster"),
        None => format!("{name}-staging"),
    };
    ClusterName::parse(&staging).ok()
}

/// The service's name before its last hyphen if the cluster's starts with it, else all of it.
fn repository_of(
    service: &ServiceName,
    cluster: Option<&ClusterName>,
) -> Option<(RepositoryName, String)> {
    let stem = service.as_str().rsplit_once('-').map(|(stem, _)| stem);
    let shared = stem.filter(|stem| {
        !stem.is_empty() && cluster.is_some_and(|cluster| cluster.as_str().starts_with(stem))
    });
    let named = shared.and_then(|stem| RepositoryName::parse(&stem.to_lowercase()).ok());
    if let (Some(repository), Some(cluster)) = (named, cluster) {
        let why = format!(
            "no rule names the ECR repository; the service `{service}` and the cluster `{cluster}` share `{repository}`"
        );
        return Some((repository, why));
    }
    // ECR allows no capitals and no runs of signs; what is left of such a name is no guess to make.
    let repository = RepositoryName::parse(&service.as_str().to_lowercase()).ok()?;
    let why = format!("no rule names the ECR repository; it is called as the service, `{service}`");
    Some((repository, why))
}
