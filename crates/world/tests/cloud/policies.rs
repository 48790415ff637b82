//! What policies say of a request, as others expect it.

use lockkeeper_world::cloud::{
    AccessRequest, Asker, Context, Decision, Policies, PolicyDocument, judge, judge_trust,
};
use serde_json::Value;

use crate::shared;

/// Cases that are judged otherwise here, with the reason.
const DIFFERENT: &[(&str, &str)] = &[];

fn documents(value: &Value) -> Vec<PolicyDocument> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .map(|document| PolicyDocument::read(document).unwrap())
        .collect()
}

fn document(value: &Value) -> Option<PolicyDocument> {
    (!value.is_null()).then(|| PolicyDocument::read(value).unwrap())
}

/// The case's request, and what is said of it.
fn decide(case: &Value) -> Decision {
    let request = &case["request"];
    let mut context = Context::whole();
    for (key, value) in request["context"].as_object().unwrap() {
        match value {
            Value::Array(values) => {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                context.set_all(key, values.iter().map(text).collect());
            }
            Value::String(text) => context.set(key, text.as_str()),
            other => context.set(key, other.to_string()),
        }
    }
    let asker = match &request["principal"] {
        Value::String(arn) => Asker::of_arn(arn),
        Value::Object(kinds) => match kinds.iter().next().unwrap() {
            (kind, Value::String(name)) if kind == "Federated" => Asker::with_token_of(name),
            (kind, Value::String(name)) if kind == "Service" => Asker {
                service: Some(name.clone()),
                ..Asker::default()
            },
            (_, name) => Asker::of_arn(name.as_str().unwrap()),
        },
        other => panic!("who is {other}?"),
    };
    let access = AccessRequest {
        asker: &asker,
        action: request["action"].as_str().unwrap(),
        resource: request["resource"].as_str().unwrap(),
        context: &context,
    };
    let policies = Policies {
        identity: documents(&case["identityPolicies"]),
        boundary: document(&case["permissionsBoundary"]),
        session: document(&case["sessionPolicy"]),
        control: case
            .get("serviceControlPolicies")
            .filter(|policies| !policies.is_null())
            .map(documents),
    };
    let ruling = match document(&case["trustPolicy"]) {
        Some(trust) => judge_trust(&policies, &trust, access),
        None => judge(
            &policies,
            document(&case["resourcePolicy"]).as_ref(),
            access,
        ),
    };
    ruling.decision
}

#[test]
fn decisions_as_others_expect_them() {
    let Some(cases) = shared::cases("iam-policy") else {
        return;
    };
    let mut wrong = Vec::new();
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let decided = format!("{:?}", decide(case));
        let different = DIFFERENT.iter().any(|(known, _)| *known == id);
        if (case["expect"] != decided) != different {
            wrong.push(format!(
                "{id} ({}): {} was expected, it is {decided}",
                case["name"], case["expect"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} cases of the set iam-policy", cases.len());
}
