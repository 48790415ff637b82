//! The workflows of a run (its own, and those that its jobs call), their jobs, and what a matrix
//! makes of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::{Object, Status, Value};
use lockkeeper_world::event::Conclusion;
use lockkeeper_world::hub::{Hub, Permissions};
use lockkeeper_world::ids::JobId;
use serde_json::Value as Json;

use super::runs::Loaded;
use crate::models::Artifacts;

/// The secrets that a workflow's jobs can name.
#[derive(Debug, Clone)]
pub(super) enum Given {
    /// The repository's: the run's own workflow, or `secrets: inherit` all the way.
    Inherited,
    /// What the calling job passes.
    Only(BTreeMap<String, String>),
}

/// A workflow of a run.
#[derive(Clone)]
pub(super) struct Flow {
    pub(super) loaded: Arc<Loaded>,
    /// The job that calls it; none for the run's own.
    pub(super) caller: Option<Place>,
    pub(super) inputs: Object,
    pub(super) secrets: Given,
    /// What the calling job's token may do: no job of this workflow gets more.
    pub(super) cap: Option<Permissions>,
    /// What stands before its jobs' names: `caller / `.
    pub(super) prefix: String,
    /// `owner/name/.github/workflows/file.yml@ref` of a called workflow.
    pub(super) reference: Option<String>,
    /// Where the call stands in the run's own file.
    pub(super) line: Option<u32>,
    /// A sibling's failure ended the call: what has not begun does not begin.
    pub(super) stopped: bool,
}

/// A job's place in its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) node: usize,
    pub(super) leg: usize,
}

/// A job of one of a run's workflows.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) flow: usize,
    pub(super) key: String,
    /// Its `if` was judged, and its matrix made.
    pub(super) entered: bool,
    pub(super) legs: Vec<Leg>,
    pub(super) fail_fast: bool,
    pub(super) max_parallel: usize,
}

/// One combination of a job's matrix, or the job itself.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) matrix: Object,
    pub(super) state: LegState,
    pub(super) outputs: BTreeMap<String, String>,
    /// Its failure does not count (`continue-on-error`).
    pub(super) forgiven: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LegState {
    /// Waits for its turn among the others of its matrix.
    Blocked,
    Entered(JobId),
    /// Its called workflow is under way.
    Calling(usize),
    Done(Conclusion),
}

impl Leg {
    pub(super) fn new(matrix: Object) -> Self {
        Self {
            matrix,
            state: LegState::Blocked,
            outputs: BTreeMap::new(),
            forgiven: false,
        }
    }

    /// How it ended, for others.
    fn result(&self) -> Option<Conclusion> {
        match self.state {
            LegState::Done(Conclusion::Failure | Conclusion::TimedOut) if self.forgiven => {
                Some(Conclusion::Success)
            }
            LegState::Done(conclusion) => Some(conclusion),
            _ => None,
        }
    }
}

#[derive(Clone)]
pub(super) struct RunPlay {
    pub(super) attempt: u32,
    /// The first is the run's own.
    pub(super) flows: Vec<Flow>,
    pub(super) nodes: Vec<Node>,
    pub(super) event: Json,
    pub(super) artifacts: Artifacts,
    pub(super) store: PathBuf,
    pub(super) cancelled: bool,
    pub(super) over: bool,
}

/// The worst of several.
fn worst(results: impl Iterator<Item = Conclusion>) -> Conclusion {
    results.fold(Conclusion::Skipped, |worst, conclusion| {
        match (worst, conclusion) {
            (Conclusion::Failure | Conclusion::TimedOut, _)
            | (_, Conclusion::Failure | Conclusion::TimedOut) => Conclusion::Failure,
            (Conclusion::Cancelled, _) | (_, Conclusion::Cancelled) => Conclusion::Cancelled,
            (Conclusion::Success, _) | (_, Conclusion::Success) => Conclusion::Success,
            (Conclusion::Skipped, Conclusion::Skipped) => Conclusion::Skipped,
        }
    })
}

impl RunPlay {
    /// The workflow that the run was started for.
    pub(super) fn loaded(&self) -> &Arc<Loaded> {
        &self.flows[0].loaded
    }

    /// Adds a workflow with its jobs.
    pub(super) fn open(&mut self, flow: Flow) -> usize {
        let at = self.flows.len();
        for key in flow.loaded.workflow.jobs.keys() {
            self.nodes.push(Node {
                flow: at,
                key: key.clone(),
                entered: false,
                legs: Vec::new(),
                fail_fast: true,
                max_parallel: usize::MAX,
            });
        }
        self.flows.push(flow);
        at
    }

    pub(super) fn definition(&self, node: usize) -> Option<&wf::Job> {
        let node = self.nodes.get(node)?;
        self.flows[node.flow].loaded.workflow.jobs.get(&node.key)
    }

    pub(super) fn place_of(&self, job: JobId) -> Option<Place> {
        self.nodes.iter().enumerate().find_map(|(node, of)| {
            let leg = of
                .legs
                .iter()
                .position(|leg| leg.state == LegState::Entered(job))?;
            Some(Place { node, leg })
        })
    }

    pub(super) fn leg(&self, place: Place) -> Option<&Leg> {
        self.nodes.get(place.node)?.legs.get(place.leg)
    }

    pub(super) fn leg_mut(&mut self, place: Place) -> Option<&mut Leg> {
        self.nodes.get_mut(place.node)?.legs.get_mut(place.leg)
    }

    fn node_of(&self, flow: usize, key: &str) -> Option<&Node> {
        let mut nodes = self.nodes.iter();
        nodes.find(|node| node.flow == flow && node.key == key)
    }

    /// How a job ended, over all combinations of its matrix.
    pub(super) fn result(&self, flow: usize, key: &str) -> Option<Conclusion> {
        let node = self.node_of(flow, key).filter(|node| node.entered)?;
        let results: Option<Vec<Conclusion>> = node.legs.iter().map(Leg::result).collect();
        results.map(|results| worst(results.into_iter()))
    }

    pub(super) fn outputs(&self, flow: usize, key: &str) -> BTreeMap<String, String> {
        let legs = self.node_of(flow, key).map(|node| node.legs.as_slice());
        legs.unwrap_or_default()
            .iter()
            .flat_map(|leg| leg.outputs.clone())
            .collect()
    }

    /// Every job that `key` needs, directly or not.
    fn ancestors(&self, flow: usize, key: &str) -> BTreeSet<String> {
        let workflow = &self.flows[flow].loaded.workflow;
        let found = wf::graph::ancestors(workflow, key);
        found.into_iter().map(str::to_owned).collect()
    }

    /// Whether nothing of a workflow is left to do.
    pub(super) fn is_flow_over(&self, flow: usize) -> bool {
        let mut nodes = self.nodes.iter().filter(|node| node.flow == flow);
        nodes.all(|node| {
            node.entered
                && node
                    .legs
                    .iter()
                    .all(|leg| matches!(leg.state, LegState::Done(_)))
        })
    }

    /// How a workflow ended, all its jobs being done.
    pub(super) fn conclusion(&self, flow: usize) -> Conclusion {
        let nodes = self.nodes.iter().filter(|node| node.flow == flow);
        let legs = nodes.flat_map(|node| &node.legs).filter_map(Leg::result);
        match worst(legs) {
            // Nothing of it had to run.
            Conclusion::Skipped => Conclusion::Success,
            other => other,
        }
    }

    /// Queued or in progress: not over, and not only waiting for a reviewer.
    pub(super) fn is_busy(&self, hub: &Hub) -> bool {
        if self.over {
            return false;
        }
        let waiting = |leg: &Leg| match leg.state {
            LegState::Entered(job) => hub
                .job(job)
                .is_some_and(|job| matches!(job.state.as_str(), "waiting" | "pending")),
            LegState::Blocked | LegState::Calling(_) | LegState::Done(_) => true,
        };
        let mut legs = self.nodes.iter().flat_map(|node| &node.legs);
        let entered = legs
            .clone()
            .any(|leg| matches!(leg.state, LegState::Entered(_)));
        !(entered && legs.all(waiting))
    }

    /// What status functions see for a job that needs `key`'s ancestors.
    pub(super) fn status_for(&self, flow: usize, key: &str) -> Status {
        let results: Vec<Conclusion> = self
            .ancestors(flow, key)
            .iter()
            .filter_map(|need| self.result(flow, need))
            .collect();
        let failed = results
            .iter()
            .any(|result| matches!(result, Conclusion::Failure | Conclusion::TimedOut));
        let skipped_or_worse = results.iter().any(|result| *result != Conclusion::Success);
        let cancelled = self.cancelled || self.flows[flow].stopped;
        Status {
            success: !skipped_or_worse && !cancelled,
            failure: failed,
            cancelled,
        }
    }

    /// `jobs`, as the outputs of a called workflow see it.
    pub(super) fn jobs_context(&self, flow: usize) -> Value {
        let keys = self.flows[flow].loaded.workflow.jobs.keys();
        Value::object(keys.map(|key| {
            let result = self.result(flow, key).map_or("", super::contexts::word);
            let outputs = Value::object(self.outputs(flow, key));
            let job = Value::object([("result", Value::from(result)), ("outputs", outputs)]);
            (key.clone(), job)
        }))
    }

    /// A job that may now be judged: its needs have ended, and its workflow was not left.
    pub(super) fn next_to_enter(&self) -> Option<usize> {
        self.nodes.iter().position(|node| {
            let needs = self.flows[node.flow]
                .loaded
                .workflow
                .jobs
                .get(&node.key)
                .map(|job| job.needs.as_slice())
                .unwrap_or_default();
            !node.entered
                && needs
                    .iter()
                    .all(|need| self.result(node.flow, &need.value).is_some())
        })
    }

    /// A combination whose turn it is.
    pub(super) fn next_to_start(&self) -> Option<Place> {
        self.nodes.iter().enumerate().find_map(|(at, node)| {
            let under_way = node
                .legs
                .iter()
                .filter(|leg| matches!(leg.state, LegState::Entered(_) | LegState::Calling(_)));
            if under_way.count() >= node.max_parallel {
                return None;
            }
            let leg = node
                .legs
                .iter()
                .position(|leg| leg.state == LegState::Blocked)?;
            Some(Place { node: at, leg })
        })
    }

    /// A call whose workflow has ended: the calling job, and the workflow.
    pub(super) fn next_to_return(&self) -> Option<(Place, usize)> {
        self.nodes.iter().enumerate().find_map(|(node, of)| {
            of.legs
                .iter()
                .enumerate()
                .find_map(|(leg, calling)| match calling.state {
                    LegState::Calling(flow) if self.is_flow_over(flow) => {
                        Some((Place { node, leg }, flow))
                    }
                    _ => None,
                })
        })
    }

    /// Ends what is left of a job's combinations: gives those that have not begun, and the jobs
    /// that are under way.
    pub(super) fn stop(&mut self, node: usize) -> (Vec<Place>, Vec<JobId>) {
        let (mut blocked, mut running) = (Vec::new(), Vec::new());
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            let Some(of) = self.nodes.get(node) else {
                continue;
            };
            let mut stopped = Vec::new();
            for (leg, other) in of.legs.iter().enumerate() {
                match other.state {
                    LegState::Blocked => blocked.push(Place { node, leg }),
                    LegState::Entered(job) => running.push(job),
                    LegState::Calling(flow) => stopped.push(flow),
                    LegState::Done(_) => {}
                }
            }
            for flow in stopped {
                self.flows[flow].stopped = true;
                open.extend((0..self.nodes.len()).filter(|inner| self.nodes[*inner].flow == flow));
            }
        }
        (blocked, running)
    }
}
