//! What can be changed of a service, a cluster or a repository, by the actions that do.
//!
//! From the Service Authorization Reference of Amazon ECS and Amazon ECR as of 2026-11: every
//! action of the access levels "Write", "Tagging" and "Permissions management" that has one of
//! these as its resource. Actions that know no resources but `*` (registering task definitions)
//! cannot be kept apart by policies.

/// What an action changes, by the form of its ARN's last part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Cluster,
    Service,
    Task,
    TaskSet,
    Deployment,
    /// A task that is started in the cluster, from a task definition of any family.
    Start,
    Repository,
}

/// An action on a resource, with the condition keys that the action has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    pub action: &'static str,
    pub resource: String,
    pub keys: Vec<(&'static str, String)>,
}

const ACTIONS: &[(&str, On)] = &[
    ("ecs:CreateService", On::Service),
    ("ecs:CreateTaskSet", On::TaskSet),
    ("ecs:DeleteCluster", On::Cluster),
    ("ecs:DeleteService", On::Service),
    ("ecs:DeleteTaskSet", On::TaskSet),
    ("ecs:DeregisterContainerInstance", On::Cluster),
    ("ecs:ExecuteCommand", On::Task),
    ("ecs:PutClusterCapacityProviders", On::Cluster),
    ("ecs:RegisterContainerInstance", On::Cluster),
    ("ecs:RunTask", On::Start),
    ("ecs:StartTask", On::Start),
    ("ecs:StopServiceDeployment", On::Deployment),
    ("ecs:StopTask", On::Task),
    ("ecs:TagResource", On::Cluster),
    ("ecs:TagResource", On::Service),
    ("ecs:TagResource", On::Task),
    ("ecs:UntagResource", On::Cluster),
    ("ecs:UntagResource", On::Service),
    ("ecs:UntagResource", On::Task),
    ("ecs:UpdateCluster", On::Cluster),
    ("ecs:UpdateClusterSettings", On::Cluster),
    ("ecs:UpdateService", On::Service),
    ("ecs:UpdateServicePrimaryTaskSet", On::Service),
    ("ecs:UpdateTaskProtection", On::Task),
    ("ecs:UpdateTaskSet", On::TaskSet),
    ("ecr:BatchDeleteImage", On::Repository),
    ("ecr:BatchImportUpstreamImage", On::Repository),
    ("ecr:CompleteLayerUpload", On::Repository),
    ("ecr:CreateRepository", On::Repository),
    ("ecr:DeleteLifecyclePolicy", On::Repository),
    ("ecr:DeleteRepository", On::Repository),
    ("ecr:DeleteRepositoryPolicy", On::Repository),
    ("ecr:InitiateLayerUpload", On::Repository),
    ("ecr:PutImage", On::Repository),
    ("ecr:PutImageScanningConfiguration", On::Repository),
    ("ecr:PutImageTagMutability", On::Repository),
    ("ecr:PutLifecyclePolicy", On::Repository),
    ("ecr:ReplicateImage", On::Repository),
    ("ecr:SetRepositoryPolicy", On::Repository),
    ("ecr:StartImageScan", On::Repository),
    ("ecr:TagResource", On::Repository),
    ("ecr:UntagResource", On::Repository),
    ("ecr:UpdateImageStorageClass", On::Repository),
    ("ecr:UploadLayerPart", On::Repository),
];

/// Every way to change what an ARN names: of a service also its cluster, its tasks and its
/// deployments. Nothing for an ARN of another kind.
pub fn mutations(arn: &str) -> Vec<Mutation> {
    let mut segments = arn.splitn(6, ':');
    let place: Vec<&str> = segments.by_ref().take(5).collect();
    let place = place.join(":");
    let resource: Vec<&str> = segments.next().unwrap_or_default().split('/').collect();
    let (cluster, service) = match resource[..] {
        ["service", cluster, service] => (cluster, service),
        ["repository", ..] => {
            return ACTIONS
                .iter()
                .filter(|(_, on)| *on == On::Repository)
                .map(|(action, _)| Mutation {
                    action,
                    resource: arn.to_owned(),
                    keys: Vec::new(),
                })
                .collect();
        }
        _ => return Vec::new(),
    };
    let cluster_arn = format!("{place}:cluster/{cluster}");
    let of = |(action, on): &(&'static str, On)| {
        let part = match on {
            On::Repository => return None,
            On::Cluster => format!("cluster/{cluster}"),
            On::Service => format!("service/{cluster}/{service}"),
            On::Task => format!("task/{cluster}/0123456789abcdef0123456789abcdef"),
            On::TaskSet => format!("task-set/{cluster}/{service}/ecs-svc/1234567890123456789"),
            On::Start => format!("task-definition/{service}:1"),
            On::Deployment => {
                format!("service-deployment/{cluster}/{service}/0123456789abcdefghijk")
            }
        };
        let mut keys = Vec::new();
        if *on != On::Cluster {
            keys.push(("ecs:cluster", cluster_arn.clone()));
        }
        if matches!(on, On::TaskSet | On::Deployment) {
            keys.push(("ecs:service", arn.to_owned()));
        }
        Some(Mutation {
            action,
            resource: format!("{place}:{part}"),
            keys,
        })
    };
    ACTIONS.iter().filter_map(of).collect()
}
