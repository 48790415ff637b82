//! `DescribeServiceRevisions`

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::ecs::view;
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    service_revision_arns: Vec<String>,
}

pub(crate) fn needs(_: &Cloud, _: &Request<'_>, input: &Input) -> Vec<Access> {
    let of = |arn: &String| super::of_part("ecs:DescribeServiceRevisions", arn);
    input.service_revision_arns.iter().flat_map(of).collect()
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    if !(1..=20).contains(&input.service_revision_arns.len()) {
        return Err(ApiError::invalid_parameter(
            "serviceRevisionArns should have 1 to 20 items",
        ));
    }
    let (mut shown, mut failures) = (Vec::new(), Vec::new());
    for arn in &input.service_revision_arns {
        let found = cloud
            .ecs
            .services
            .values()
            .filter(|service| service.place == request.place)
            .find_map(|service| {
                let at = service.revisions.iter().position(|r| r.arn == *arn)?;
                Some(service.revision_view(at))
            });
        match found {
            Some(revision) => shown.push(revision),
            None => failures.push(view::failure(arn, "MISSING")),
        }
    }
    Ok(json!({ "serviceRevisions": shown, "failures": failures }))
}
