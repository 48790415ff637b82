//! The roles that tasks run with: where policies name the roles that may be passed, those.

use lockkeeper_world::cloud::Place;
use lockkeeper_world::event::ServiceKey;
use serde_json::Value;

use super::Survey;

/// The task role and the execution role of a service's task definition.
pub(super) fn of(survey: &Survey, place: &Place, service: &ServiceKey) -> (String, String) {
    let environment = match Some(service) {
        known if known == survey.staging.as_ref() => "staging",
        known if known == survey.production_service.as_ref() => "prod",
        _ => "",
    };
    let passed = |of_environment: bool| -> Vec<&str> {
        let roles = survey.template.roles.iter();
        roles
            .filter(|role| !of_environment || role.name.to_ascii_lowercase().contains(environment))
            .flat_map(|role| &role.policies)
            .flat_map(passed_by)
            .collect()
    };
    let mut roles = passed(true);
    if roles.is_empty() {
        roles = passed(false);
    }
    let execution = |arn: &&&str| arn.to_ascii_lowercase().contains("exec");
    let ours = |name: &str| format!("arn:aws:iam::{}:role/{name}", place.account);
    let any = roles.first();
    let task = roles.iter().find(|arn| !execution(arn)).or(any);
    let execution = roles.iter().find(execution).or(any);
    (
        task.map_or_else(|| ours("ecs-task"), |arn| (*arn).to_owned()),
        execution.map_or_else(|| ours("ecs-execution"), |arn| (*arn).to_owned()),
    )
}

/// The roles that a policy names as ones that may be passed.
fn passed_by(policy: &Value) -> Vec<&str> {
    list_of(&policy["Statement"])
        .into_iter()
        .filter(|statement| statement["Effect"] == "Allow")
        .filter(|statement| {
            list_of(&statement["Action"])
                .into_iter()
                .filter_map(Value::as_str)
                .any(|action| action.eq_ignore_ascii_case("iam:PassRole"))
        })
        .flat_map(|statement| list_of(&statement["Resource"]))
        .filter_map(Value::as_str)
        .filter(|arn| arn.contains(":role/") && !arn.contains(['*', '?', '$']))
        .collect()
}

fn list_of(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}
