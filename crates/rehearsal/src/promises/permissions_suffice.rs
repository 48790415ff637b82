//! Every AWS call that the pipeline makes is allowed.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::What;

use super::{Breach, Judgement, Promise, Story};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::PermissionsSuffice,
    covers: Classes::A_TO_C,
    mend: "Grant the role what the message names: the action, on that resource, under the conditions that hold when it is used.",
    judge,
};

/// Exercised where a role took part whose policies are known.
fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for event in story.events {
        let What::AccessJudged {
            role,
            action,
            resource,
            refused,
            ..
        } = &event.what
        else {
            continue;
        };
        judgement.exercise();
        let Some(because) = refused else { continue };
        let run = event
            .caller
            .and_then(|caller| story.history.run(caller.run, caller.attempt));
        let name = super::role_name(role);
        let message = match because.is_empty() {
            true => format!("the role {name} is refused {action} on {resource}"),
            false => format!("the role {name} is refused {action} on {resource}, {because}"),
        };
        judgement.breach(Breach {
            message,
            run: event.caller.map(|caller| caller.run),
            file: run.map(|run| run.workflow.clone()),
            line: event.caller.map(|caller| caller.line),
            seq: event.seq,
        });
    }
    judgement
}
