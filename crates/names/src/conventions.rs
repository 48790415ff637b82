//! What a generated pipeline expects to find in the repository's settings and in AWS.
//!
//! The pipeline is written with these names, the rehearsal presets them; nothing else may spell
//! them.

use crate::{EnvironmentName, ServiceName};

/// Repository or environment variable: the AWS account, where the rules do not name one.
pub const AWS_ACCOUNT_ID: &str = "AWS_ACCOUNT_ID";
/// Variable: the base URL of staging, where the rules do not name one.
pub const STAGING_URL: &str = "STAGING_URL";
/// Variable: the base URL of production, where the rules do not name one.
pub const PRODUCTION_URL: &str = "PRODUCTION_URL";
/// Optional environment secret: one request header (`Name: value`) for smoke tests.
pub const SMOKE_TEST_HEADER: &str = "SMOKE_TEST_HEADER";

/// The IAM role that may look but not touch, trusted for the production branch.
pub fn read_role(service: &ServiceName) -> String {
    format!("{service}-read")
}

/// The IAM role that deploys to `environment`, trusted for that environment on that branch.
pub fn deploy_role(service: &ServiceName, environment: &EnvironmentName) -> String {
    format!("{service}-deploy-{environment}")
}
