//! `AssumeRole`

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{check, open_session};
use crate::cloud::iam::{Asker, Principal, judge};
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Input {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<u64>,
    external_id: Option<String>,
    tags: Option<Vec<Value>>,
    transitive_tag_keys: Option<Vec<String>>,
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    check(&input.role_session_name, input.duration_seconds)?;
    let own = request.principal.arn();
    let refused = |action: &str| {
        ApiError::new(
            "AccessDenied",
            format!(
                "User: {own} is not authorized to perform: {action} on resource: {}",
                input.role_arn
            ),
        )
        .status(403)
    };
    let role = cloud.iam.role(&input.role_arn).cloned();
    let role = role.ok_or_else(|| refused("sts:AssumeRole"))?;
    let account = request.principal.account();
    let mut aws = vec![own.clone(), format!("arn:aws:iam::{account}:root")];
    if let Principal::Session { role, .. } = &request.principal {
        aws.push(format!("arn:aws:iam::{account}:role/{role}"));
    }
    let mut context = BTreeMap::new();
    if let Some(id) = &input.external_id {
        context.insert("sts:externalid".to_owned(), vec![id.clone()]);
    }
    context.insert(
        "sts:rolesessionname".to_owned(),
        vec![input.role_session_name.clone()],
    );
    context.insert("aws:principalarn".to_owned(), vec![own.clone()]);
    // A session that is tagged needs two permissions. Its tags have no effect here.
    let tagged = input.tags.is_some() || input.transitive_tag_keys.is_some();
    let actions = ["sts:AssumeRole", "sts:TagSession"];
    for action in &actions[..1 + usize::from(tagged)] {
        let asker = Asker {
            action,
            federated: None,
            aws: &aws,
            context: context.clone(),
        };
        let verdict = judge(&role.0.trust_policy, &asker);
        if !verdict.allowed {
            return match verdict.not_modelled.first() {
                Some(what) => Err(ApiError::not_modelled(format!("AssumeRole: {what}"))),
                None => Err(refused(action)),
            };
        }
    }
    // A role's session that takes on a role is limited to an hour, whatever the role allows.
    let chained = matches!(request.principal, Principal::Session { .. });
    if chained && input.duration_seconds.is_some_and(|s| s > 3600) {
        return Err(super::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining.",
        ));
    }
    open_session(
        cloud,
        request,
        &role,
        &input.role_session_name,
        input.duration_seconds,
    )
}
