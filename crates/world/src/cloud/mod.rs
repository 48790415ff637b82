//! AWS: ECR, ECS, STS, the load balancer.
//!
//! A request comes as [`Cloud::call`] with the members of botocore's input shape, and is answered
//! with the members of the output shape; instants are written as AWS CLI version 2 prints them.
//! `docker` and `skopeo` use the registry through [`Cloud::registry_push`] and
//! [`Cloud::registry_pull`], users reach what serves through [`Cloud::request`]. Everything else
//! happens by itself, at [`Cloud::next_timer`].
//!
//! Each operation is a function with its typed input, and a line of the table in `operations`.
//!
//! ```
//! use lockkeeper_world::cloud::{ApiCaller, Cloud};
//! use lockkeeper_world::outage::Api;
//! use lockkeeper_world::{Log, clock::START};
//!
//! let (mut cloud, mut log) = (Cloud::default(), Log::default());
//! let account = cloud.home().account.clone();
//! let caller = ApiCaller {
//!     access_key: Some(cloud.create_access_key(&account, "ci")),
//!     ..ApiCaller::default()
//! };
//! let input = serde_json::json!({});
//! let reply = cloud.call(START, &mut log, &caller, Api::Sts, "GetCallerIdentity", &input);
//! assert_eq!(reply.result?["Arn"], "arn:aws:iam::123456789012:user/ci");
//! # Ok::<(), lockkeeper_world::cloud::ApiError>(())
//! ```
//!
//! # What differs from AWS
//! - A cluster's name exists once in a world, whatever its account and region.
//! - Services are replica services on Fargate with the rolling strategy; alarms, lifecycle hooks,
//!   blue/green, capacity providers, service discovery and tasks outside of services are refused.
//! - What a role may do is judged by its policies where they are known; a role without known
//!   policies and a user with static keys may do everything. Resource policies of AWS's own
//!   resources do not exist, so that another account's repositories are out of a role's reach.
//!   A condition on something that this world does not know is named, and refused.
//! - Commands of container health checks are not run.
//! - A task that fails its load balancer's checks is stopped at once and then replaced; ECS starts
//!   its replacement first where the maximum allows it.
//! - Each stage of a task takes a fixed time; a task runs about half a minute after its start.
//! - Lifecycle policies are carried out once a day; rules that archive images, or look at when
//!   one was last pulled, are refused. An image index has no platform images; layers come with
//!   their manifest.
//! - Whether a rollback gets a deployment of its own, and how a superseded service deployment
//!   words its reason, is not documented: here it gets one, and gives none.

mod agenda;
mod ecr;
mod ecs;
mod elbv2;
mod error;
mod iam;
mod mint;
mod operations;
mod page;
mod place;
mod request;
mod setup;
mod sts;
mod timestamp;
mod wildcard;

use std::collections::BTreeMap;

use lockkeeper_names::{AccountId, Region};
use serde_json::Value;

pub use ecr::{
    Candidate, ImageRef, LifecyclePolicy, Manifest, Mutability, OCI_MANIFEST, Pulled, Upload,
};
pub use ecs::{
    CircuitBreaker, DeploymentConfiguration, DeploymentSummary, HealthCheck, LoadBalancer, Serving,
    Threshold,
};
pub use elbv2::WebAnswer;
pub use error::ApiError;
pub use iam::{
    AccessRequest, Asker, Context, Decision, Grant, Mutation, Permissions, Policies,
    PolicyDocument, PolicyError, Role, Ruling, judge, judge_trust, mutations,
};
pub use operations::modelled_actions;
pub use place::Place;
pub use setup::ServiceSetup;
pub use sts::web_identity::trusts_token;
pub use timestamp::read as read_timestamp;

use crate::app::Catalog;
use crate::event::{ServiceKey, What};
use agenda::Due;

use crate::ids::Caller;
use crate::outage::{Ailment, Api, Outages};
use crate::{Durations, Instant, Log};

/// Every account and region of one rehearsal.
#[derive(Clone)]
pub struct Cloud {
    /// What is known of each image.
    pub images: Catalog,
    pub outages: Outages,
    home: Place,
    ecr: ecr::Ecr,
    ecs: ecs::Ecs,
    iam: iam::Iam,
    /// Registry logins by password.
    logins: BTreeMap<String, Login>,
    /// Services by the host names that lead to them, in lower case.
    routes: BTreeMap<String, ServiceKey>,
    agenda: agenda::Agenda,
    mint: mint::Mint,
    pub(crate) durations: Durations,
}

#[derive(Clone)]
struct Login {
    access_key: String,
    place: Place,
    expires: Instant,
}

/// Who makes a request, as far as the wire tells.
#[derive(Debug, Clone, Default)]
pub struct ApiCaller {
    pub access_key: Option<String>,
    /// The step that asks, for the log.
    pub source: Option<Caller>,
    /// The region of the endpoint; the world's home region if none is given.
    pub region: Option<Region>,
}

/// What a client gets. With [`Ailment::LostAnswer`] the request was carried out, yet the client
/// must see nothing but a closed connection; with [`Ailment::Slow`] it gets `result` late.
#[derive(Debug, Clone)]
pub struct Reply<T = Value> {
    pub result: Result<T, ApiError>,
    pub ailment: Option<Ailment>,
}

impl Default for Cloud {
    /// An empty account `123456789012`, at home in `us-east-1`.
    fn default() -> Self {
        let home = "123456789012".parse().and_then(|account: AccountId| {
            let region = "us-east-1".parse()?;
            Ok(Place { account, region })
        });
        match home {
            Ok(home) => Self::new(home),
            Err(_) => unreachable!("both are written out above and valid"),
        }
    }
}

impl Cloud {
    /// An empty account; other accounts and regions come to be by being used.
    pub fn new(home: Place) -> Self {
        Self {
            images: Catalog::default(),
            outages: Outages::default(),
            home,
            ecr: ecr::Ecr::default(),
            ecs: ecs::Ecs::default(),
            routes: BTreeMap::new(),
            iam: iam::Iam::default(),
            logins: BTreeMap::new(),
            agenda: agenda::Agenda::default(),
            mint: mint::Mint::default(),
            durations: Durations::default(),
        }
    }

    /// The account and region in which a scenario sets up what it does not place elsewhere.
    pub fn home(&self) -> &Place {
        &self.home
    }

    /// One API call, as a client makes it: `operation` as AWS names it (`UpdateService`), `input`
    /// and the answer in botocore's shapes.
    pub fn call(
        &mut self,
        now: Instant,
        log: &mut Log,
        caller: &ApiCaller,
        api: Api,
        operation: &str,
        input: &Value,
    ) -> Reply {
        operations::call(self, now, log, caller, api, operation, input)
    }

    /// The next instant at which something happens by itself.
    pub fn next_timer(&self) -> Option<Instant> {
        [self.agenda.next(), self.ecr.next_expiry()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets happen what is due.
    pub fn fire(&mut self, now: Instant, log: &mut Log) {
        for gone in self.ecr.expire(now) {
            let what = What::ImageExpired {
                repository: gone.repository,
                digest: gone.digest,
                tags: gone.tags,
                rule: gone.rule,
            };
            log.push(now, None, what);
        }
        while let Some((key, due)) = self.agenda.take_due(now) {
            let (Some(service), mut floor) = self.on_floor(&key, now, log, None) else {
                continue;
            };
            match due {
                Due::Begin(deployment) => service.begin(&mut floor, deployment),
                Due::Stop(deployment) => service.carry_out_stop(&mut floor, deployment),
                Due::Look => service.reconcile(&mut floor),
                Due::Task(task, step) => service.task_step(&mut floor, task, step),
            }
        }
    }

    /// What a service is doing now; nothing if there is no such service.
    pub fn serving(&self, service: &ServiceKey) -> Option<Serving> {
        self.ecs.services.get(service).map(ecs::Service::serving)
    }

    /// The services of the world.
    pub fn services(&self) -> impl Iterator<Item = &ServiceKey> {
        self.ecs.services.keys()
    }

    /// The service that a host name leads to.
    pub fn route(&self, host: &str) -> Option<&ServiceKey> {
        self.routes.get(&host.to_ascii_lowercase())
    }

    /// A service, and what it needs to move.
    fn on_floor<'a>(
        &'a mut self,
        key: &ServiceKey,
        now: Instant,
        log: &'a mut Log,
        source: Option<Caller>,
    ) -> (Option<&'a mut ecs::Service>, ecs::Floor<'a>) {
        let floor = ecs::Floor {
            now,
            log,
            source,
            ecr: &self.ecr,
            images: &self.images,
            agenda: &mut self.agenda,
            mint: &mut self.mint,
            durations: self.durations,
        };
        (self.ecs.services.get_mut(key), floor)
    }
}
