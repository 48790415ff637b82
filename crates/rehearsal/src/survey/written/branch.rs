//! The branch whose pushes deploy.

use std::sync::Arc;

use lockkeeper_names::BranchName;
use lockkeeper_workflow as wf;

use super::{Found, most_often};
use crate::stage::Loaded;

/// Names that a main branch usually has, the likeliest first.
const USUAL: &[&str] = &["main", "master", "trunk", "production", "prod", "release"];

/// The branch that the push filters of deploying workflows name: one with a usual name before
/// others.
pub(super) fn branch(workflows: &[Arc<Loaded>]) -> Option<Found<BranchName>> {
    let mut named = Vec::new();
    for loaded in workflows.iter().filter(|loaded| deploys(loaded)) {
        let Some(wf::Filter::Include(patterns)) = loaded
            .workflow
            .on
            .push
            .as_ref()
            .and_then(|push| push.branches.as_ref())
        else {
            continue;
        };
        for pattern in patterns {
            let plain = !pattern.value.contains(['*', '?', '+', '[', '!']);
            if let (true, Ok(branch)) = (plain, BranchName::parse(&pattern.value)) {
                named.push((branch, loaded.file.clone(), pattern.place.line as usize));
            }
        }
    }
    let usual = USUAL.iter().find_map(|usual| {
        let found = named
            .iter()
            .find(|(branch, _, _)| branch.as_str() == *usual);
        found.cloned()
    });
    let Some((value, file, line)) = usual else {
        return most_often(named);
    };
    let mut others: Vec<String> = Vec::new();
    for (branch, _, _) in named {
        let other = branch.to_string();
        if branch != value && !others.contains(&other) {
            others.push(other);
        }
    }
    Some(Found {
        value,
        file,
        line,
        others,
    })
}

/// Whether a workflow could change a service: by itself, or by what it calls.
fn deploys(loaded: &Loaded) -> bool {
    let calls = loaded.workflow.jobs.values().any(|job| job.call.is_some());
    let speaks = ["aws ecs ", "amazon-ecs-deploy", "ecspresso", "deploy-ecs"];
    calls || speaks.iter().any(|word| loaded.text.contains(word))
}
