//! One service behind a load balancer, and what may be asked about it.

use std::time::Duration;

use lockkeeper_names::{CommitSha, ImageDigest};
use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::clock::START;
use lockkeeper_world::cloud::{
    ApiCaller, ApiError, Cloud, DeploymentConfiguration, HealthCheck, LoadBalancer, Mutability,
    ServiceSetup, Serving, WebAnswer,
};
use lockkeeper_world::event::{ServiceKey, What};
use lockkeeper_world::outage::Api;
use lockkeeper_world::{Instant, Log};
use serde_json::{Value, json};

pub(crate) const HOST: &str = "shop.example.org";

/// How a story's service is set up.
pub(crate) struct Plan {
    pub(crate) desired: u32,
    pub(crate) deployment: DeploymentConfiguration,
    pub(crate) drain: Duration,
    pub(crate) check_path: &'static str,
    pub(crate) grace: Duration,
    pub(crate) mutability: Mutability,
    /// The task definition names this tag instead of a digest.
    pub(crate) by_tag: bool,
    pub(crate) balanced: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            desired: 2,
            deployment: DeploymentConfiguration::default(),
            drain: Duration::from_secs(30),
            check_path: "/health",
            grace: Duration::ZERO,
            mutability: Mutability::Mutable,
            by_tag: false,
            balanced: true,
        }
    }
}

pub(crate) struct Story {
    pub(crate) cloud: Cloud,
    pub(crate) log: Log,
    pub(crate) now: Instant,
    pub(crate) caller: ApiCaller,
    pub(crate) service: ServiceKey,
    /// What serves at first.
    pub(crate) old: ImageDigest,
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn facts(seed: &str, behaviour: Behaviour) -> ImageFacts {
    let commit: String = seed.bytes().map(|b| format!("{b:02x}")).collect();
    let commit: CommitSha = format!("{commit:0<40}")[..40].parse().unwrap();
    ImageFacts {
        commit: Some(commit),
        behaviour,
        vulnerable: false,
    }
}

pub(crate) fn definition(image: &str) -> Value {
    json!({
        "family": "shop",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [
            {
                "name": "telemetry",
                "image": "public.ecr.aws/acme/telemetry:3",
                "essential": false,
            },
            {
                "name": "web",
                "image": image,
                "portMappings": [{ "containerPort": 8080 }],
                "environment": [{ "name": "MODE", "value": "live" }],
            },
        ],
        "tags": [{ "key": "team", "value": "shop" }],
    })
}

impl Story {
    pub(crate) fn new(plan: Plan) -> Self {
        let mut cloud = Cloud::default();
        let mut log = Log::default();
        let place = cloud.home().clone();
        let repository = "shop".parse().unwrap();
        cloud
            .create_repository(START, &place, &repository, plan.mutability)
            .unwrap();
        let old = cloud
            .put_image(
                START,
                &mut log,
                &place,
                &repository,
                &["live".parse().unwrap()],
                "old",
                facts("old", Behaviour::Healthy),
            )
            .unwrap();
        let image = match plan.by_tag {
            true => format!("{}/shop:live", place.registry()),
            false => format!("{}/shop@{old}", place.registry()),
        };
        let definition = cloud
            .create_task_definition(START, &place, &definition(&image))
            .unwrap();
        let mut setup = ServiceSetup::new(
            place.clone(),
            "shops".parse().unwrap(),
            "shop-web".parse().unwrap(),
            definition,
        );
        setup.desired_count = plan.desired;
        setup.deployment = plan.deployment;
        setup.grace_period = plan.grace;
        setup.load_balancer = plan.balanced.then(|| LoadBalancer {
            target_group: "shop".to_owned(),
            container: "web".to_owned(),
            port: 8080,
            health_check: HealthCheck::new(plan.check_path),
            deregistration_delay: plan.drain,
        });
        let service = cloud.create_service(START, &mut log, setup).unwrap();
        cloud.create_route(HOST, &service);
        let caller = ApiCaller {
            access_key: Some(cloud.create_access_key(&place.account, "deployer")),
            ..ApiCaller::default()
        };
        Self {
            cloud,
            log,
            now: START,
            caller,
            service,
            old,
        }
    }

    pub(crate) fn try_call(
        &mut self,
        api: Api,
        operation: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        let caller = self.caller.clone();
        self.cloud
            .call(self.now, &mut self.log, &caller, api, operation, &input)
            .result
    }

    #[track_caller]
    pub(crate) fn ecs(&mut self, operation: &str, input: Value) -> Value {
        self.try_call(Api::Ecs, operation, input).unwrap()
    }

    #[track_caller]
    pub(crate) fn error(&mut self, api: Api, operation: &str, input: Value) -> String {
        self.try_call(api, operation, input).unwrap_err().code
    }

    pub(crate) fn image(&mut self, seed: &str, behaviour: Behaviour) -> ImageDigest {
        self.tagged_image(seed, &[], behaviour)
    }

    pub(crate) fn tagged_image(
        &mut self,
        seed: &str,
        tags: &[&str],
        behaviour: Behaviour,
    ) -> ImageDigest {
        let place = self.cloud.home().clone();
        let tags: Vec<_> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        self.cloud
            .put_image(
                self.now,
                &mut self.log,
                &place,
                &"shop".parse().unwrap(),
                &tags,
                seed,
                facts(seed, behaviour),
            )
            .unwrap()
    }

    /// Registers a task definition of an image and deploys it, as a pipeline does.
    pub(crate) fn deploy(&mut self, digest: &ImageDigest) -> String {
        let image = format!("{}/shop@{digest}", self.cloud.home().registry());
        let arn = self.register(&image);
        self.update(json!({ "taskDefinition": arn }));
        arn
    }

    pub(crate) fn register(&mut self, image: &str) -> String {
        let registered = self.ecs("RegisterTaskDefinition", definition(image));
        registered["taskDefinition"]["taskDefinitionArn"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn update(&mut self, members: Value) -> Value {
        let mut input = json!({ "cluster": "shops", "service": "shop-web" });
        let more = members.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(more);
        self.ecs("UpdateService", input)["service"].clone()
    }

    pub(crate) fn describe(&mut self) -> Value {
        let input = json!({ "cluster": "shops", "services": ["shop-web"] });
        self.ecs("DescribeServices", input)["services"][0].clone()
    }

    /// The service deployments, the newest first, described.
    pub(crate) fn service_deployments(&mut self) -> Vec<Value> {
        let input = json!({ "cluster": "shops", "service": "shop-web" });
        let listed = self.ecs("ListServiceDeployments", input);
        let arns: Vec<_> = listed["serviceDeployments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["serviceDeploymentArn"].clone())
            .collect();
        let input = json!({ "serviceDeploymentArns": arns });
        let described = self.ecs("DescribeServiceDeployments", input);
        described["serviceDeployments"].as_array().unwrap().clone()
    }

    /// The status of the newest service deployment.
    pub(crate) fn status(&mut self) -> String {
        self.service_deployments()[0]["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Described tasks with this desired status.
    pub(crate) fn tasks(&mut self, desired_status: &str) -> Vec<Value> {
        let input = json!({
            "cluster": "shops",
            "serviceName": "shop-web",
            "desiredStatus": desired_status,
        });
        let listed = self.ecs("ListTasks", input)["taskArns"].clone();
        if listed.as_array().unwrap().is_empty() {
            return Vec::new();
        }
        let described = self.ecs(
            "DescribeTasks",
            json!({ "cluster": "shops", "tasks": listed }),
        );
        described["tasks"].as_array().unwrap().clone()
    }

    pub(crate) fn messages(&mut self) -> Vec<String> {
        self.describe()["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn get(&mut self, path: &str) -> WebAnswer {
        self.cloud
            .request(self.now, &mut self.log, None, HOST, path)
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        let until = self.now + secs(seconds);
        self.each_moment(until, |_| ());
    }

    /// Lets time pass to `until`, looking after everything that happens.
    pub(crate) fn each_moment(&mut self, until: Instant, mut look: impl FnMut(&mut Self)) {
        while let Some(due) = self.cloud.next_timer().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.cloud.fire(self.now, &mut self.log);
            look(self);
        }
        self.now = until;
    }

    /// Seconds that pass until `holds`, looking every second.
    #[track_caller]
    pub(crate) fn until(&mut self, holds: impl Fn(&mut Self) -> bool) -> u64 {
        for waited in 0..7200 {
            if holds(self) {
                return waited;
            }
            self.pass(1);
        }
        panic!("it never came: {:#?}", self.serving());
    }

    pub(crate) fn serving(&self) -> Serving {
        self.cloud.serving(&self.service).unwrap()
    }

    /// The digests of the tasks in service, sorted.
    pub(crate) fn in_service(&self) -> Vec<ImageDigest> {
        let mut all: Vec<_> = self
            .serving()
            .in_service
            .into_iter()
            .map(|(_, digest)| digest)
            .collect();
        all.sort();
        all
    }

    /// What the waiter `services-stable` looks at.
    pub(crate) fn stable(&mut self) -> bool {
        let service = self.describe();
        service["deployments"].as_array().unwrap().len() == 1
            && service["runningCount"] == service["desiredCount"]
    }

    /// Deployment states that were told, oldest first.
    pub(crate) fn states(&self) -> Vec<String> {
        self.log
            .events()
            .iter()
            .filter_map(|event| match &event.what {
                What::DeploymentState { state, .. } => Some(state.clone()),
                _ => None,
            })
            .collect()
    }
}
