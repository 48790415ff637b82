//! The roles of an account, as `aws iam get-account-authorization-details` tells them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::template::TemplateRole;

/// Roles whose policies somebody gave along, and the account that they are in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Account {
    pub(crate) id: Option<String>,
    pub(crate) roles: Vec<TemplateRole>,
}

impl Account {
    /// Reads the answer's text; what is wrong with it, in words.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let answer: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let roles = answer.get("RoleDetailList").and_then(Value::as_array);
        let roles = roles.ok_or("it has no `RoleDetailList`")?;
        let managed: BTreeMap<&str, &Value> = list(&answer["Policies"])
            .iter()
            .filter_map(|policy| {
                let versions = list(&policy["PolicyVersionList"]).iter();
                let current = versions
                    .filter(|version| version["IsDefaultVersion"] == true)
                    .find_map(|version| version.get("Document"))?;
                Some((policy["Arn"].as_str()?, current))
            })
            .collect();
        let mut account = Self::default();
        for role in roles {
            let (Some(name), Some(arn)) = (role["RoleName"].as_str(), role["Arn"].as_str()) else {
                return Err("a role has no `RoleName` or no `Arn`".into());
            };
            let trust = document(&role["AssumeRolePolicyDocument"]);
            // Others are none that a workflow could take on.
            if !trust
                .to_string()
                .contains("token.actions.githubusercontent.com")
            {
                continue;
            }
            account.id = account
                .id
                .or_else(|| arn.split(':').nth(4).map(str::to_owned));
            let mut policies: Vec<Value> = list(&role["RolePolicyList"])
                .iter()
                .map(|policy| document(&policy["PolicyDocument"]))
                .collect();
            let mut missing = Vec::new();
            for attached in list(&role["AttachedManagedPolicies"]) {
                let arn = attached["PolicyArn"].as_str().unwrap_or_default();
                match managed.get(arn) {
                    Some(text) => policies.push(document(text)),
                    None => missing.push(arn.to_owned()),
                }
            }
            let boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"].as_str();
            let boundary = boundary.and_then(|arn| match managed.get(arn) {
                Some(text) => Some(document(text)),
                None => {
                    missing.push(arn.to_owned());
                    None
                }
            });
            account.roles.push(TemplateRole {
                name: name.to_owned(),
                trust,
                policies,
                boundary,
                max_session: role["MaxSessionDuration"].as_u64().unwrap_or(43_200),
                missing,
            });
        }
        Ok(account)
    }
}

/// A policy document: the CLI decodes it, the API's answer is URL-encoded JSON.
fn document(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            serde_json::from_str(&decoded(text)).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_that_a_workflow_may_take_on() {
        let answer = json!({
            "RoleDetailList": [
                {
                    "RoleName": "deploy",
                    "Arn": "arn:aws:iam::210987654321:role/deploy",
                    "AssumeRolePolicyDocument": "%7B%22Federated%22%3A%22token.actions.githubusercontent.com%22%7D",
                    "RolePolicyList": [{ "PolicyName": "own", "PolicyDocument": { "Statement": [1] } }],
                    "AttachedManagedPolicies": [
                        { "PolicyArn": "arn:aws:iam::210987654321:policy/more" },
                        { "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess" },
                    ],
                },
                {
                    "RoleName": "tasks",
                    "Arn": "arn:aws:iam::210987654321:role/tasks",
                    "AssumeRolePolicyDocument": { "Principal": { "Service": "ecs-tasks.amazonaws.com" } },
                },
            ],
            "Policies": [{
                "Arn": "arn:aws:iam::210987654321:policy/more",
                "PolicyVersionList": [
                    { "IsDefaultVersion": false, "Document": { "Statement": [2] } },
                    { "IsDefaultVersion": true, "Document": { "Statement": [3] } },
                ],
            }],
        });
        let account = Account::read(&answer.to_string()).unwrap();
        assert_eq!(account.id.as_deref(), Some("210987654321"));
        assert_eq!(account.roles.len(), 1);
        let role = &account.roles[0];
        assert_eq!(
            role.trust["Federated"],
            "token.actions.githubusercontent.com"
        );
        assert_eq!(
            role.policies,
            [json!({ "Statement": [1] }), json!({ "Statement": [3] })]
        );
        assert_eq!(role.missing, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
        assert!(Account::read("[]").is_err());
        assert!(Account::read("{").is_err());
    }
}
