//! Calls of reusable workflows, held against what is called
//! (<https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows>).

use std::cell::Cell;

use crate::expr::{Value, fold};
use crate::model::{CallSecrets, InputType, Job, JobCall, Pairs, Permissions, Workflow};
use crate::permissions::{SCOPES, TokenDefault};
use crate::place::Problem;
use crate::suggest;

/// How deep calls nest on GitHub, the first workflow included.
pub const MAX_CALL_DEPTH: usize = 10;
/// How many calls are followed: workflows that call each other many times over would multiply.
const MAX_CALLS: usize = 1000;

/// Everything for which GitHub refuses the calls of a workflow, those of called workflows included.
///
/// `find` gives the workflow for the text of a `uses`; a call that it does not know is not judged.
pub fn check_calls<'w>(
    workflow: &'w Workflow,
    token: TokenDefault,
    find: &dyn Fn(&str) -> Option<&'w Workflow>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let checker = Checker {
        token,
        find,
        calls: Cell::new(0),
    };
    checker.workflow(workflow, None, 1, &mut problems);
    problems
}

/// How many jobs a run of the workflow has before matrices are expanded: its own, those that call, and
/// those of the workflows that are called, however deep. GitHub bounds this; which bound holds for a
/// repository is the service's to say.
pub fn count_jobs<'w>(
    workflow: &'w Workflow,
    find: &dyn Fn(&str) -> Option<&'w Workflow>,
) -> usize {
    let mut count = 0;
    let mut followed = 0;
    let mut open = vec![(workflow, 1)];
    while let Some((workflow, depth)) = open.pop() {
        count += workflow.jobs.len();
        for call in workflow.jobs.values().filter_map(|job| job.call.as_ref()) {
            followed += 1;
            if followed <= MAX_CALLS && depth < MAX_CALL_DEPTH {
                open.extend(find(&call.uses.value).map(|called| (called, depth + 1)));
            }
        }
    }
    count
}

struct Checker<'f, 'w> {
    token: TokenDefault,
    find: &'f dyn Fn(&str) -> Option<&'w Workflow>,
    /// Calls followed so far.
    calls: Cell<usize>,
}

impl<'w> Checker<'_, 'w> {
    fn workflow(
        &self,
        workflow: &'w Workflow,
        inherited: Option<&'w Permissions>,
        depth: usize,
        problems: &mut Vec<Problem>,
    ) {
        for job in workflow.jobs.values() {
            let Some(call) = &job.call else {
                continue;
            };
            let Some(called) = (self.find)(&call.uses.value) else {
                continue;
            };
            self.calls.set(self.calls.get() + 1);
            if self.calls.get() > MAX_CALLS {
                if self.calls.get() == MAX_CALLS + 1 {
                    problems.push(Problem {
                        place: call.uses.place.clone(),
                        message: format!("more than {MAX_CALLS} calls, the rest is not judged"),
                        suggestion: None,
                    });
                }
                return;
            }
            if depth >= MAX_CALL_DEPTH {
                problems.push(Problem {
                    place: call.uses.place.clone(),
                    message: format!("calls nest deeper than {MAX_CALL_DEPTH} workflows"),
                    suggestion: None,
                });
                return;
            }
            interface(call, called, problems);
            let own = job.permissions.as_ref().or(workflow.permissions.as_ref());
            let allowed = own.or(inherited);
            self.permissions(job, call, called, allowed, problems);
            self.workflow(called, allowed, depth + 1, problems);
        }
    }

    /// A called workflow may keep or lower what the token may do, never raise it.
    fn permissions(
        &self,
        job: &Job,
        call: &JobCall,
        called: &Workflow,
        allowed: Option<&Permissions>,
        problems: &mut Vec<Problem>,
    ) {
        let uses = &call.uses.value;
        let mut check = |who: String, wanted: &Permissions| {
            let (mut asks, mut has) = (Vec::new(), Vec::new());
            for (scope, _) in SCOPES {
                let limit = match allowed {
                    Some(permissions) => permissions.access(scope),
                    None => self.token.access(scope),
                };
                if wanted.access(scope) > limit {
                    asks.push(format!("{scope}: {}", wanted.access(scope).as_str()));
                    has.push(format!("{scope}: {}", limit.as_str()));
                }
            }
            if !asks.is_empty() {
                problems.push(Problem {
                    place: job.id.place.clone(),
                    message: format!(
                        "Error calling workflow '{uses}'. {who} is requesting '{}', but is only \
                         allowed '{}'.",
                        asks.join(", "),
                        has.join(", ")
                    ),
                    suggestion: Some(format!("give this job the permissions {}", asks.join(", "))),
                });
            }
        };
        if let Some(wanted) = &called.permissions {
            check(format!("The workflow '{uses}'"), wanted);
        }
        for nested in called.jobs.values() {
            if let Some(wanted) = &nested.permissions {
                let name = nested.literal_name().unwrap_or(&nested.id.value);
                check(format!("The nested job '{name}'"), wanted);
            }
        }
    }
}

/// Inputs and secrets.
fn interface(call: &JobCall, called: &Workflow, problems: &mut Vec<Problem>) {
    let Some(interface) = &called.on.workflow_call else {
        problems.push(Problem {
            place: call.uses.place.clone(),
            message: "workflow is not reusable as it is missing a `on.workflow_call` trigger"
                .to_owned(),
            suggestion: None,
        });
        return;
    };
    for (name, value) in &call.with {
        let input = interface
            .inputs
            .iter()
            .find(|(id, _)| same(id, &name.value));
        let Some((_, input)) = input else {
            let known = interface.inputs.keys().map(String::as_str);
            problems.push(Problem {
                place: name.place.clone(),
                message: format!(
                    "Invalid input, {} is not defined in the referenced workflow.",
                    name.value
                ),
                suggestion: suggest::did_you_mean(&name.value, known),
            });
            continue;
        };
        let fits = match (input.kind, value.literal()) {
            (InputType::Boolean, Some(literal)) => matches!(literal, Value::Bool(_)),
            (InputType::Number, Some(literal)) => matches!(literal, Value::Number(_)),
            _ => true,
        };
        if !fits {
            problems.push(Problem {
                place: value.place().clone(),
                message: format!("Unexpected value '{}'", value.source()),
                suggestion: Some("the called workflow declares another type".to_owned()),
            });
        }
    }
    let missing = |kind: &str, id: &str| Problem {
        place: call.uses.place.clone(),
        message: format!("{kind} {id} is required, but not provided while calling."),
        suggestion: None,
    };
    for (id, input) in &interface.inputs {
        let given = call.with.iter().any(|(name, _)| same(id, &name.value));
        if input.required && input.default.is_none() && !given {
            problems.push(missing("Input", id));
        }
    }
    let none = Pairs::default();
    let secrets = match &call.secrets {
        CallSecrets::Inherit => return,
        CallSecrets::Given(secrets) => secrets,
        CallSecrets::None => &none,
    };
    for (name, _) in secrets {
        if !interface.secrets.keys().any(|id| same(id, &name.value)) {
            let known = interface.secrets.keys().map(String::as_str);
            problems.push(Problem {
                place: name.place.clone(),
                message: format!(
                    "Invalid secret, {} is not defined in the referenced workflow.",
                    name.value
                ),
                suggestion: suggest::did_you_mean(&name.value, known),
            });
        }
    }
    for (id, secret) in &interface.secrets {
        if secret.required && !secrets.iter().any(|(name, _)| same(id, &name.value)) {
            problems.push(missing("Secret", id));
        }
    }
}

fn same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}
