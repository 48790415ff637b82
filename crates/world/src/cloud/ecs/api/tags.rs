//! `ListTagsForResource`, `TagResource` and `UntagResource`: services and task definitions.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

fn tags_of<'a>(
    cloud: &'a mut Cloud,
    request: &Request<'_>,
    arn: &str,
) -> Result<&'a mut Vec<Value>, ApiError> {
    let missing = || ApiError::invalid_parameter("The specified resource could not be found.");
    if arn.contains(":task-definition/") {
        let found = cloud.ecs.task_definition_mut(&request.place, arn);
        return found
            .map(|definition| &mut definition.tags)
            .ok_or_else(missing);
    }
    cloud
        .ecs
        .services
        .values_mut()
        .find(|service| service.arn() == arn)
        .map(|service| &mut service.tags)
        .ok_or_else(missing)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListInput {
    resource_arn: String,
}

pub(crate) fn list_needs(_: &Cloud, _: &Request<'_>, input: &ListInput) -> Vec<Access> {
    vec![Access::new(
        "ecs:ListTagsForResource",
        input.resource_arn.as_str(),
    )]
}

pub(crate) fn list(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: ListInput,
) -> Result<Value, ApiError> {
    Ok(json!({ "tags": tags_of(cloud, request, &input.resource_arn)? }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tag {
    key: String,
    value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TagInput {
    resource_arn: String,
    tags: Vec<Tag>,
}

pub(crate) fn tag_needs(_: &Cloud, _: &Request<'_>, input: &TagInput) -> Vec<Access> {
    let tags: Vec<(String, String)> = input
        .tags
        .iter()
        .map(|tag| (tag.key.clone(), tag.value.clone().unwrap_or_default()))
        .collect();
    let tag = Access::new("ecs:TagResource", input.resource_arn.as_str());
    vec![with_tags(tag, &tags).without("ecs:CreateAction")]
}

/// The tags of a request as keys and values.
pub(crate) fn pairs(tags: Option<&Value>) -> Vec<(String, String)> {
    let text = |tag: &Value, member: &str| Some(tag.get(member)?.as_str()?.to_owned());
    let tags = tags.and_then(Value::as_array);
    tags.into_iter()
        .flatten()
        .filter_map(|tag| Some((text(tag, "key")?, text(tag, "value").unwrap_or_default())))
        .collect()
}

/// An action that puts tags on something, with the keys that tell which.
pub(crate) fn with_tags(access: Access, tags: &[(String, String)]) -> Access {
    let keys = tags.iter().map(|(key, _)| key.clone()).collect();
    tags.iter().fold(
        access.with_all("aws:TagKeys", keys),
        |access, (key, value)| access.with(&format!("aws:RequestTag/{key}"), value.as_str()),
    )
}

pub(crate) fn tag(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: TagInput,
) -> Result<Value, ApiError> {
    let held = tags_of(cloud, request, &input.resource_arn)?;
    for tag in input.tags {
        held.retain(|old| old["key"] != json!(tag.key));
        held.push(json!({ "key": tag.key, "value": tag.value.unwrap_or_default() }));
    }
    Ok(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UntagInput {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(crate) fn untag_needs(_: &Cloud, _: &Request<'_>, input: &UntagInput) -> Vec<Access> {
    let untag = Access::new("ecs:UntagResource", input.resource_arn.as_str());
    vec![untag.with_all("aws:TagKeys", input.tag_keys.clone())]
}

pub(crate) fn untag(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: UntagInput,
) -> Result<Value, ApiError> {
    let held = tags_of(cloud, request, &input.resource_arn)?;
    held.retain(|old| !input.tag_keys.iter().any(|key| old["key"] == json!(key)));
    Ok(json!({}))
}
