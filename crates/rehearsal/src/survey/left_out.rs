//! Workflows of somebody else's that end red here although nothing is wrong.

use std::collections::BTreeMap;

use lockkeeper_world::event::{Conclusion, Event, What};
use lockkeeper_world::ids::RunId;

use crate::promises::LeftOut;

/// The runs of a story without faults that did not end well, by the first step that failed.
pub(super) fn left_out(events: &[Event]) -> Vec<LeftOut> {
    let mut files: BTreeMap<RunId, (&str, &str)> = BTreeMap::new();
    let mut failed: BTreeMap<RunId, (u32, String)> = BTreeMap::new();
    let mut said: BTreeMap<RunId, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for event in events {
        match &event.what {
            What::RunCreated {
                run,
                workflow,
                trigger,
                ..
            } => {
                files.insert(*run, (workflow, trigger));
            }
            // The runner's own last line says less than the one before it.
            What::StepOutput { run, text, .. }
                if !text.trim().is_empty() && !text.starts_with("Error: Process completed") =>
            {
                said.insert(*run, text);
            }
            What::StepCompleted {
                run,
                conclusion: Conclusion::Failure,
                ..
            } => {
                let line = event.caller.map_or(1, |caller| caller.line);
                let said = said.get(run).copied().unwrap_or_default();
                let message = said.chars().take(160).collect();
                failed.entry(*run).or_insert((line, message));
            }
            What::RunCompleted {
                run,
                conclusion: Conclusion::Failure | Conclusion::TimedOut,
                ..
            } => {
                let Some((workflow, trigger)) = files.get(run) else {
                    continue;
                };
                let (line, message) = failed.get(run).cloned().unwrap_or_default();
                found.push(LeftOut {
                    workflow: (*workflow).to_owned(),
                    trigger: (*trigger).to_owned(),
                    line: line.max(1),
                    message,
                });
            }
            _ => {}
        }
    }
    found
}
