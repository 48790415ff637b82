//! The names of everything that a pipeline touches, resolved from the policy.

use lockkeeper_names::conventions::{
    AWS_ACCOUNT_ID, PRODUCTION_URL, STAGING_URL, deploy_role, read_role,
};
use lockkeeper_names::{AccountId, BranchName, ClusterName, EnvironmentName, Region, RoleName};
use lockkeeper_policy::{Environment, Policy, Service, Trigger};

use crate::error::PlanError;
use crate::rules::Rules;
use crate::stacks::Stack;

pub(crate) struct Site<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) rules: Rules<'a>,
    pub(crate) stack: &'a Stack,
    pub(crate) service: &'a Service,
    pub(crate) branch: &'a BranchName,
    pub(crate) account: Option<&'a AccountId>,
    pub(crate) staging: EnvironmentSite<'a>,
    pub(crate) production: EnvironmentSite<'a>,
    pub(crate) read_role: RoleName,
}

pub(crate) struct EnvironmentSite<'a> {
    pub(crate) name: EnvironmentName,
    pub(crate) rule: &'a Environment,
    pub(crate) cluster: &'a ClusterName,
    pub(crate) region: &'a Region,
    /// The variable that holds its URL, where the rules do not.
    pub(crate) url_variable: &'static str,
    pub(crate) role: RoleName,
}

impl<'a> Site<'a> {
    pub(crate) fn new(
        policy: &'a Policy,
        rules: Rules<'a>,
        stack: &'a Stack,
    ) -> Result<Self, PlanError> {
        let service = match policy.services.as_slice() {
            [] => return Err(PlanError::NoService),
            [service] => service,
            several => {
                return Err(PlanError::SeveralServices {
                    names: several
                        .iter()
                        .map(|service| service.name.to_string())
                        .collect::<Vec<_>>()
                        .join(", "),
                });
            }
        };
        let environments = &policy.environments;
        let (staging, production) = (&environments.staging, &environments.production);
        if staging.trigger != Trigger::Merge {
            return Err(PlanError::StagingByHand {
                place: rules.place("/environments/staging/trigger"),
            });
        }
        if staging.approval {
            return Err(PlanError::StagingApproval {
                place: rules.place("/environments/staging/approval"),
            });
        }
        if production.trigger != Trigger::Manual {
            return Err(PlanError::ProductionByMerge {
                place: rules.place("/environments/production/trigger"),
            });
        }
        let branch = staging.branch.as_ref().unwrap_or(&policy.production_branch);
        if *branch != policy.production_branch {
            return Err(PlanError::TwoBranches {
                staging: branch.to_string(),
                production: policy.production_branch.to_string(),
            });
        }
        let account = match (&staging.account, &production.account) {
            (Some(one), Some(other)) if one != other => {
                return Err(PlanError::TwoAccounts {
                    staging: one.to_string(),
                    production: other.to_string(),
                });
            }
            (one, other) => one.as_ref().or(other.as_ref()),
        };
        for (name, rule) in [("staging", staging), ("production", production)] {
            if rule.smoke_test && service.health_path.is_none() && service.readiness_path.is_none()
            {
                return Err(PlanError::NothingToAsk {
                    place: rules.place(&format!("/environments/{name}/smoke_test")),
                });
            }
        }
        Ok(Self {
            staging: EnvironmentSite::new("staging", staging, STAGING_URL, service)?,
            production: EnvironmentSite::new("production", production, PRODUCTION_URL, service)?,
            read_role: role(read_role(&service.name))?,
            policy,
            rules,
            stack,
            service,
            branch,
            account,
        })
    }

    /// The account's number, or the expression for the variable that holds it.
    pub(crate) fn account(&self) -> String {
        match self.account {
            Some(account) => account.to_string(),
            None => format!("${{{{ vars.{AWS_ACCOUNT_ID} }}}}"),
        }
    }

    pub(crate) fn role_arn(&self, role: &str) -> String {
        let partition = partition(self.staging.region);
        format!("arn:{partition}:iam::{}:role/{role}", self.account())
    }

    /// The image's name in the registry, without tag or digest. Images live where staging is: they
    /// are built once.
    pub(crate) fn image_repository(&self) -> String {
        let region = self.registry_region();
        let suffix = if partition(region) == "aws-cn" {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        format!(
            "{}.dkr.ecr.{region}.{suffix}/{}",
            self.account(),
            self.service.repository
        )
    }

    pub(crate) fn registry_region(&self) -> &Region {
        self.staging.region
    }

    /// The paths that a smoke test asks, separated by spaces.
    pub(crate) fn smoke_paths(&self) -> String {
        [&self.service.health_path, &self.service.readiness_path]
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl<'a> EnvironmentSite<'a> {
    fn new(
        name: &'static str,
        rule: &'a Environment,
        url_variable: &'static str,
        service: &Service,
    ) -> Result<Self, PlanError> {
        let missing = |what| PlanError::Missing {
            what,
            environment: name,
        };
        let name = EnvironmentName::parse(name)?;
        Ok(Self {
            cluster: rule.cluster.as_ref().ok_or_else(|| missing("cluster"))?,
            region: rule.region.as_ref().ok_or_else(|| missing("AWS region"))?,
            role: role(deploy_role(&service.name, &name))?,
            name,
            rule,
            url_variable,
        })
    }

    /// Its URL, or the expression for the variable that holds it.
    pub(crate) fn url(&self) -> String {
        match &self.rule.url {
            Some(url) => url.to_string(),
            None => format!("${{{{ vars.{} }}}}", self.url_variable),
        }
    }
}

fn role(name: String) -> Result<RoleName, PlanError> {
    RoleName::parse(&name).map_err(PlanError::Name)
}

pub(crate) fn partition(region: &Region) -> &'static str {
    match region.as_str().split('-').next() {
        Some("cn") => "aws-cn",
        _ if region.as_str().starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
