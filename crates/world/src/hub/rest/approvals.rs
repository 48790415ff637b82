//! Reviews of deployments: those that were given, those that are awaited.

use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub, bot, deployments, environments};

pub(super) fn history(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let run = call.run(hub)?;
    let all: Vec<Value> = run
        .approvals
        .iter()
        .rev()
        .map(|review| {
            let environment = match hub.environment(&review.environment) {
                Some(known) => environments::named(hub, known),
                None => json!({ "name": review.environment.as_str() }),
            };
            json!({
                "state": if review.approved { "approved" } else { "rejected" },
                "comment": review.comment,
                "user": hub.user(&review.reviewer),
                "environments": [environment],
            })
        })
        .collect();
    Answer::ok(all.into())
}

pub(super) fn pending(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let run = call.run(hub)?;
    let all: Vec<Value> = hub
        .pending_deployments(run.id)
        .iter()
        .filter_map(|waiting| Some((waiting, hub.environment(&waiting.environment)?)))
        .map(|(waiting, environment)| {
            json!({
                "environment": environments::named(hub, environment),
                "wait_timer": waiting.wait_timer,
                "wait_timer_started_at": (waiting.wait_timer > 0)
                    .then(|| waiting.waiting_since.rfc3339()),
                // The account behind a job's token is nobody's reviewer.
                "current_user_can_approve": false,
                "reviewers": environments::reviewers(hub, environment),
            })
        })
        .collect();
    Answer::ok(all.into())
}

pub(super) fn review(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let run = call.run(hub)?.id;
    let approved = match call.required("state")? {
        "approved" => true,
        "rejected" => false,
        other => {
            return Err(Failure::new(
                422,
                format!("\"{other}\" is not a valid state"),
            ));
        }
    };
    let comment = call.required("comment")?.to_owned();
    let ids: Vec<u64> = call
        .body
        .get("environment_ids")
        .and_then(Value::as_array)
        .map(|ids| ids.iter().filter_map(Value::as_u64).collect())
        .ok_or_else(|| {
            Failure::new(
                422,
                "Invalid request.\n\n\"environment_ids\" wasn't supplied.",
            )
        })?;
    let waiting = hub.pending_deployments(run);
    let mut reviewed: Vec<Value> = Vec::new();
    for id in ids {
        let environment = waiting
            .iter()
            .filter_map(|waiting| hub.environment(&waiting.environment))
            .find(|environment| environment.id == id)
            .map(|environment| environment.name.clone());
        let Some(name) = environment else {
            return Err(Failure::new(
                422,
                "Environment id does not match a pending deployment",
            ));
        };
        hub.review(call.now, call.log, run, &name, &bot(), approved, &comment)
            .map_err(|refused| Failure::new(422, refused.why))?;
        reviewed.extend(
            hub.deployments()
                .into_iter()
                .find(|deployment| deployment.environment == name)
                .map(|deployment| deployments::shown(hub, deployment)),
        );
    }
    Answer::ok(reviewed.into())
}
