//! The plan for programs.

use lockkeeper_workflow::expr::Value;
use lockkeeper_workflow::partial::{Deciding, Text};
use lockkeeper_workflow::plan::{
    Approval, Gate, Instance, JobPlan, Lock, Outcome, Situation, Skip, TokenOrigin, TokenScopes,
    Verdict,
};
use lockkeeper_workflow::{Event, Place, Queue, TokenDefault, Trigger};
use serde_json::{Map, Value as Json, json};

use super::{Shown, triggers};

pub(super) fn page(shown: &[Shown<'_>], situation: &Situation<'_>) -> String {
    let json = json!({
        "schema": 1,
        "event": situation.event.as_ref().map(event),
        "workflows": shown.iter().map(workflow).collect::<Vec<_>>(),
    });
    format!("{json:#}\n")
}

fn event(event: &Event) -> Json {
    json!({ "name": event.name, "type": event.activity, "ref": event.git_ref })
}

fn workflow(shown: &Shown<'_>) -> Json {
    let plan = &shown.plan;
    let refused = plan.refused.iter().map(|problem| {
        let mut json = at(Some(&problem.place));
        json.insert("message".to_owned(), json!(problem.message));
        Json::Object(json)
    });
    json!({
        "file": plan.file,
        "name": plan.name,
        "run_name": plan.run_name.as_ref().map(text),
        "on": triggers::lines(shown.workflow),
        "starts": plan.trigger.as_ref().map(trigger),
        "refused": refused.collect::<Vec<_>>(),
        "approval": match plan.approval {
            Approval::NotNeeded => "not_needed",
            Approval::FirstTime => "first_time_contributors",
            Approval::Needed => "needed",
        },
        "concurrency": plan.lock.as_ref().map(lock),
        "jobs": plan.jobs.iter().map(job).collect::<Vec<_>>(),
    })
}

fn trigger(trigger: &Trigger) -> Json {
    let (verdict, why, place) = match trigger {
        Trigger::Starts => ("yes", None, None),
        Trigger::Not(why) => ("no", Some(why.to_string()), why.place()),
        Trigger::Unknown(untold) => ("unknown", Some(untold.to_string()), Some(untold.place())),
    };
    let mut json = at(place);
    json.insert("verdict".to_owned(), json!(verdict));
    json.insert("why".to_owned(), json!(why));
    Json::Object(json)
}

fn at(place: Option<&Place>) -> Map<String, Json> {
    let mut json = Map::new();
    if let Some(place) = place {
        json.insert("file".to_owned(), json!(&*place.file));
        json.insert("line".to_owned(), json!(place.line));
        json.insert("column".to_owned(), json!(place.column));
    }
    json
}

fn text(text: &Text) -> Json {
    match text.unknown.is_empty() {
        true => json!({ "text": text.shown }),
        false => json!({ "text": text.shown, "unknown": text.unknown }),
    }
}

fn job(job: &JobPlan) -> Json {
    let mut json = at(Some(&job.place));
    let mut set = |key: &str, value: Json| json.insert(key.to_owned(), value);
    set("id", json!(job.id));
    set("path", json!(job.path));
    set("name", json!(job.name.shown));
    set("needs", json!(job.needs));
    set(
        "if",
        json!(job.condition.as_ref().map(|condition| &condition.value)),
    );
    let (verdict, why) = verdict(&job.verdict);
    set("verdict", json!(verdict));
    set("why", why);
    set(
        "results",
        json!(job.results.iter().map(Outcome::as_str).collect::<Vec<_>>()),
    );
    set("permissions", permissions(&job.permissions));
    let matrix = job.matrix.as_ref().map(|matrix| {
        json!({
            "fail_fast": matrix.fail_fast,
            "max_parallel": matrix.max_parallel.as_ref().map(text),
            "unknown": matrix.unknown,
        })
    });
    set("matrix", json!(matrix));
    set(
        "instances",
        json!(job.instances.iter().map(instance).collect::<Vec<_>>()),
    );
    Json::Object(json)
}

fn verdict(verdict: &Verdict) -> (&'static str, Json) {
    match verdict {
        Verdict::Runs => ("runs", Json::Null),
        Verdict::Unknown(reads) => ("unknown", json!({ "depends_on": reads })),
        Verdict::Fails(message) => ("fails", json!({ "message": message })),
        Verdict::Skipped(skip) => {
            let why = match skip {
                Skip::NotTriggered => json!({ "reason": "not_triggered" }),
                Skip::NeedFailed(need) => json!({ "reason": "need_failed", "job": need }),
                Skip::NeedSkipped(need) => json!({ "reason": "need_skipped", "job": need }),
                Skip::NeedCancelled(need) => json!({ "reason": "need_cancelled", "job": need }),
                Skip::Condition {
                    source,
                    place,
                    decided,
                } => {
                    let mut json = at(Some(place));
                    json.insert("reason".to_owned(), json!("condition"));
                    json.insert("if".to_owned(), json!(source));
                    json.insert("decided".to_owned(), json!(decided.as_ref().map(deciding)));
                    Json::Object(json)
                }
            };
            ("skipped", why)
        }
    }
}

fn deciding(deciding: &Deciding) -> Json {
    let values = deciding
        .values
        .iter()
        .map(|(name, found)| (name.clone(), value(found)));
    json!({ "part": deciding.part, "values": Json::Object(values.collect()) })
}

fn permissions(token: &TokenScopes) -> Json {
    let scopes = token.scopes.iter();
    let scopes = scopes.map(|(scope, access)| ((*scope).to_owned(), json!(access.as_str())));
    let (from, place) = match &token.origin {
        TokenOrigin::Job(place) => ("job", Some(place)),
        TokenOrigin::Workflow(place) => ("workflow", Some(place)),
        TokenOrigin::Caller => ("caller", None),
        TokenOrigin::Default(TokenDefault::Restricted) => ("default_restricted", None),
        TokenOrigin::Default(TokenDefault::Permissive) => ("default_permissive", None),
    };
    let mut json = at(place);
    json.insert("from".to_owned(), json!(from));
    json.insert("scopes".to_owned(), Json::Object(scopes.collect()));
    json.insert("reduced".to_owned(), json!(token.reduced));
    Json::Object(json)
}

fn instance(instance: &Instance) -> Json {
    let matrix = instance
        .matrix
        .iter()
        .map(|(axis, found)| (axis.clone(), value(found)));
    let call = instance.call.as_ref().map(|call| {
        json!({
            "uses": call.uses,
            "file": call.file,
            "unexplored": call.unexplored,
            "jobs": call.jobs.iter().map(job).collect::<Vec<_>>(),
        })
    });
    json!({
        "name": text(&instance.name),
        "matrix": Json::Object(matrix.collect()),
        "environment": instance.environment.as_ref().map(gate),
        "concurrency": instance.lock.as_ref().map(lock),
        "call": call,
    })
}

fn gate(gate: &Gate) -> Json {
    let mut json = at(Some(&gate.place));
    json.insert("name".to_owned(), text(&gate.name));
    json.insert("url".to_owned(), json!(gate.url.as_ref().map(text)));
    json.insert("deployment".to_owned(), json!(gate.deployment));
    Json::Object(json)
}

fn lock(lock: &Lock) -> Json {
    let mut json = at(Some(&lock.place));
    json.insert("group".to_owned(), text(&lock.group));
    json.insert(
        "cancel_in_progress".to_owned(),
        json!(lock.cancel_in_progress),
    );
    let queue = match lock.queue {
        Queue::Single => "single",
        Queue::Max => "max",
    };
    json.insert("queue".to_owned(), json!(queue));
    Json::Object(json)
}

fn value(value: &Value) -> Json {
    serde_json::from_str(&value.to_json()).unwrap_or(Json::Null)
}
