//! The CloudFormation template: who may do what in AWS, and where images live.

use lockkeeper_names::Region;
use serde_json::json;

use crate::site::{EnvironmentSite, Site};
use crate::yaml::{Map, Yaml};

/// The file in the repository.
pub(crate) const FILE: &str = "infra/deployment.yml";

const ISSUER: &str = "token.actions.githubusercontent.com";

/// The template of `site`.
pub(crate) fn template(site: &Site<'_>) -> Map {
    Map::new()
        .with("AWSTemplateFormatVersion", "2010-09-09")
        .with(
            "Description",
            format!(
                "How GitHub Actions may deploy {}: roles, and the registry of its images",
                site.service.name
            ),
        )
        .with("Parameters", parameters())
        .with(
            "Conditions",
            Map::new()
                .with("CreatesProvider", equals("ProviderArn", ""))
                .with("KnowsIds", not(equals("RepositoryId", "0"))),
        )
        .with("Resources", resources(site))
        .with("Outputs", outputs())
}

fn parameters() -> Map {
    let text = |description: &str, pattern: &str| {
        Map::new()
            .with("Type", "String")
            .with("Description", description)
            .with("AllowedPattern", pattern)
    };
    Map::new()
        .with("Owner", text("The repository's owner on GitHub, spelled as there", "^[A-Za-z0-9-]+$"))
        .with("Repository", text("The repository's name, without its owner", "^[A-Za-z0-9._-]+$"))
        .with(
            "OwnerId",
            text("gh api repos/OWNER/NAME --jq .owner.id; 0 if the repository is older than 2026-07-15", "^[0-9]+$"),
        )
        .with(
            "RepositoryId",
            text("gh api repos/OWNER/NAME --jq .id; 0 if the repository is older than 2026-07-15", "^[0-9]+$"),
        )
        .with(
            "ProviderArn",
            text("The account's identity provider for GitHub, if it has one; empty makes one", "^(arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/.+)?$")
                .with("Default", ""),
        )
        .with(STAGING_TASK_ROLES, task_roles("staging"))
        .with(PRODUCTION_TASK_ROLES, task_roles("production"))
}

/// The parameters that hold the roles which a deploy role may pass to tasks.
const STAGING_TASK_ROLES: &str = "StagingTaskRoleArns";
const PRODUCTION_TASK_ROLES: &str = "ProductionTaskRoleArns";

fn task_roles(environment: &str) -> Map {
    Map::new().with("Type", "CommaDelimitedList").with(
        "Description",
        format!(
            "The task role and the execution role of the service's task definition in {environment}"
        ),
    )
}

fn resources(site: &Site<'_>) -> Map {
    let mut resources = Map::new()
        .with(
            "Provider",
            Map::new()
                .with("Type", "AWS::IAM::OIDCProvider")
                .with("Condition", "CreatesProvider")
                .with(
                    "Properties",
                    Map::new()
                        .with("Url", format!("https://{ISSUER}"))
                        .with("ClientIdList", texts(&["sts.amazonaws.com"])),
                ),
        )
        .with("Images", repository(site));
    resources.push_under(
        &[
            "May look and not touch: requests are verified, and what serves is reported, with it."
                .into(),
        ],
        "ReadRole",
        role(
            site.read_role.as_str(),
            &format!("ref:refs/heads/{}", site.branch),
            site,
            read_statements(site),
        ),
    );
    for (id, environment) in [
        ("StagingRole", &site.staging),
        ("ProductionRole", &site.production),
    ] {
        let staging = environment.name == site.staging.name;
        resources.push(
            id,
            role(
                environment.role.as_str(),
                &format!("environment:{}", environment.name),
                site,
                deploy_statements(site, environment, staging),
            ),
        );
    }
    resources
}

fn repository(site: &Site<'_>) -> Map {
    // An image that a rule's tags match is out of reach of every later rule.
    let rule = |priority: u32, description: &str, selection: serde_json::Value| json!({ "rulePriority": priority, "description": description, "selection": selection, "action": { "type": "expire" } });
    let newest = |tags: &str, count: u32| json!({ "tagStatus": "tagged", "tagPatternList": [tags], "countType": "imageCountMoreThan", "countNumber": count });
    let kept = site
        .policy
        .images
        .as_ref()
        .map_or(100, |images| images.kept.into());
    let policy = json!({ "rules": [
        rule(1, "keep what production served", newest("production-served-*", kept)),
        rule(2, "keep what staging verified", newest("staging-verified-*", 200)),
        rule(3, "let the rest go after two weeks", json!({
            "tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14
        })),
    ] });
    let policy = serde_json::to_string_pretty(&policy).unwrap_or_default();
    Map::new()
        .with("Type", "AWS::ECR::Repository")
        .with("DeletionPolicy", "Retain")
        .with("UpdateReplacePolicy", "Retain")
        .with(
            "Properties",
            Map::new()
                .with("RepositoryName", site.service.repository.as_str())
                .with("ImageTagMutability", "IMMUTABLE")
                .with(
                    "LifecyclePolicy",
                    Map::new().with("LifecyclePolicyText", policy),
                ),
        )
}

/// A role for runs whose subject ends in `context`, in either of the forms that GitHub uses.
fn role(name: &str, context: &str, site: &Site<'_>, statements: Vec<Yaml>) -> Map {
    let classic = sub(&format!("repo:${{Owner}}/${{Repository}}:{context}"));
    let immutable = sub(&format!(
        "repo:${{Owner}}@${{OwnerId}}/${{Repository}}@${{RepositoryId}}:{context}"
    ));
    let subjects = Map::new().with(
        "Fn::If",
        vec![
            Yaml::from("KnowsIds"),
            vec![classic.clone(), immutable].into(),
            vec![classic].into(),
        ],
    );
    let trust = Map::new()
        .with("Effect", "Allow")
        .with(
            "Principal",
            Map::new().with(
                "Federated",
                Map::new().with(
                    "Fn::If",
                    vec![
                        Yaml::from("CreatesProvider"),
                        reference("Provider"),
                        reference("ProviderArn"),
                    ],
                ),
            ),
        )
        .with("Action", "sts:AssumeRoleWithWebIdentity")
        .with(
            "Condition",
            Map::new().with(
                "StringEquals",
                Map::new()
                    .with(format!("{ISSUER}:aud"), "sts.amazonaws.com")
                    .with(format!("{ISSUER}:sub"), subjects)
                    .with(
                        format!("{ISSUER}:ref"),
                        format!("refs/heads/{}", site.branch),
                    ),
            ),
        );
    Map::new().with("Type", "AWS::IAM::Role").with(
        "Properties",
        Map::new()
            .with("RoleName", name)
            .with("MaxSessionDuration", 3600)
            .with("AssumeRolePolicyDocument", policy(vec![trust.into()]))
            .with(
                "Policies",
                vec![
                    Map::new()
                        .with("PolicyName", "deployment")
                        .with("PolicyDocument", policy(statements))
                        .into(),
                ],
            ),
    )
}

fn policy(statements: Vec<Yaml>) -> Map {
    Map::new()
        .with("Version", "2012-10-17")
        .with("Statement", statements)
}

fn read_statements(site: &Site<'_>) -> Vec<Yaml> {
    let mut statements = Vec::new();
    for environment in [&site.staging, &site.production] {
        statements.extend(look_statements(
            site,
            environment,
            &["ecs:DescribeServices"],
        ));
    }
    statements.push(images(&["ecr:DescribeImages"]));
    statements
}

/// Looking at a service and its tasks. ECS has no resource for the listing of tasks but the cluster.
fn look_statements(
    site: &Site<'_>,
    environment: &EnvironmentSite<'_>,
    service_actions: &[&str],
) -> Vec<Yaml> {
    let cluster = arn(environment.region, "cluster", environment.cluster.as_str());
    vec![
        allow(service_actions, vec![ecs_service(site, environment)], None),
        allow(
            &["ecs:ListTasks", "ecs:DescribeTasks"],
            vec![Yaml::from("*")],
            Some(Map::new().with("ArnEquals", Map::new().with("ecs:cluster", cluster))),
        ),
    ]
}

fn deploy_statements(
    site: &Site<'_>,
    environment: &EnvironmentSite<'_>,
    pushes: bool,
) -> Vec<Yaml> {
    let mut statements = look_statements(
        site,
        environment,
        &[
            "ecs:DescribeServices",
            "ecs:UpdateService",
            "ecs:ListServiceDeployments",
        ],
    );
    statements.push(allow(
        &["ecs:DescribeServiceRevisions"],
        vec![
            ecs_service(site, environment),
            arn(
                environment.region,
                "service-revision",
                &format!("{}/{}/*", environment.cluster, site.service.name),
            ),
        ],
        None,
    ));
    // None of these can be limited to one family of task definitions, or one target group.
    statements.push(allow(
        &[
            "ecs:DescribeTaskDefinition",
            "ecs:RegisterTaskDefinition",
            "elasticloadbalancing:DescribeTargetHealth",
        ],
        vec![Yaml::from("*")],
        None,
    ));
    // A new revision carries the tags of the one before; nothing that exists can be tagged.
    statements.push(allow(
        &["ecs:TagResource"],
        vec![arn(environment.region, "task-definition", "*")],
        Some(Map::new().with(
            "StringEquals",
            Map::new().with("ecs:CreateAction", "RegisterTaskDefinition"),
        )),
    ));
    let task_roles = match pushes {
        true => STAGING_TASK_ROLES,
        false => PRODUCTION_TASK_ROLES,
    };
    statements.push(allow_on(
        &["iam:PassRole"],
        reference(task_roles),
        Some(Map::new().with(
            "StringEquals",
            Map::new().with("iam:PassedToService", "ecs-tasks.amazonaws.com"),
        )),
    ));
    if site.policy.migrations.is_some() {
        let cluster = arn(environment.region, "cluster", environment.cluster.as_str());
        statements.push(allow(
            &["ecs:RunTask"],
            vec![arn(environment.region, "task-definition", "*")],
            Some(Map::new().with("ArnEquals", Map::new().with("ecs:cluster", cluster))),
        ));
    }
    let mut actions = vec!["ecr:DescribeImages", "ecr:BatchGetImage", "ecr:PutImage"];
    if pushes {
        actions.extend([
            "ecr:BatchCheckLayerAvailability",
            "ecr:InitiateLayerUpload",
            "ecr:UploadLayerPart",
            "ecr:CompleteLayerUpload",
        ]);
        statements.push(allow(
            &["ecr:GetAuthorizationToken"],
            vec![Yaml::from("*")],
            None,
        ));
    }
    statements.push(images(&actions));
    statements
}

fn images(actions: &[&str]) -> Yaml {
    allow(
        actions,
        vec![
            Map::new()
                .with("Fn::GetAtt", texts(&["Images", "Arn"]))
                .into(),
        ],
        None,
    )
}

fn allow(actions: &[&str], resources: Vec<Yaml>, condition: Option<Map>) -> Yaml {
    allow_on(actions, resources.into(), condition)
}

fn allow_on(actions: &[&str], resource: Yaml, condition: Option<Map>) -> Yaml {
    let mut statement = Map::new()
        .with("Effect", "Allow")
        .with("Action", texts(actions))
        .with("Resource", resource);
    if let Some(condition) = condition {
        statement.push("Condition", condition);
    }
    statement.into()
}

fn ecs_service(site: &Site<'_>, environment: &EnvironmentSite<'_>) -> Yaml {
    arn(
        environment.region,
        "service",
        &format!("{}/{}", environment.cluster, site.service.name),
    )
}

fn arn(region: &Region, kind: &str, name: &str) -> Yaml {
    sub(&format!(
        "arn:${{AWS::Partition}}:ecs:{region}:${{AWS::AccountId}}:{kind}/{name}"
    ))
}

fn outputs() -> Map {
    let attribute = |resource: &str, what: &str| {
        Map::new().with(
            "Value",
            Map::new().with("Fn::GetAtt", texts(&[resource, what])),
        )
    };

    Map::new()
        .with("ReadRoleArn", attribute("ReadRole", "Arn"))
        .with("StagingRoleArn", attribute("StagingRole", "Arn"))
        .with("ProductionRoleArn", attribute("ProductionRole", "Arn"))
        .with("ImagesUri", attribute("Images", "RepositoryUri"))
}

fn reference(name: &str) -> Yaml {
    Map::new().with("Ref", name).into()
}

fn sub(text: &str) -> Yaml {
    Map::new().with("Fn::Sub", text).into()
}

fn texts(words: &[&str]) -> Vec<Yaml> {
    words.iter().map(|word| Yaml::from(*word)).collect()
}

fn equals(parameter: &str, value: &str) -> Map {
    Map::new().with("Fn::Equals", vec![reference(parameter), Yaml::from(value)])
}

fn not(condition: Map) -> Map {
    Map::new().with("Fn::Not", vec![condition.into()])
}
