//! What a job is in the middle of: its steps one after the other, and those in the background.
//!
//! A strand is one thing that goes on by itself on a job's machine. Every job has a main one, which
//! takes its steps in turn; each background step has its own. A composite action is a frame on a
//! strand: its steps are part of the step that uses it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::Object;
use lockkeeper_world::event::Conclusion;

use super::uses::ModelPlay;
use crate::runner::output::Reader;

/// A strand of a job; the main one is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StrandId(pub(super) u32);

pub(super) const MAIN: StrandId = StrandId(0);

/// How a step ended, for the `steps` context.
#[derive(Debug, Clone)]
pub(super) struct StepRecord {
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) outcome: Conclusion,
    pub(super) conclusion: Conclusion,
}

/// What a job does next, in the order of its steps; its number is the step's in the run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Planned {
    Step {
        at: StepAt,
        background: bool,
    },
    Wait(StepAt),
    WaitAll(StepAt),
    Cancel(StepAt),
    /// The end of a `parallel` group: waits for the steps with these numbers.
    Join(StepAt, std::ops::Range<u32>),
}

impl Planned {
    pub(super) fn at(&self) -> StepAt {
        match self {
            Planned::Step { at, .. }
            | Planned::Wait(at)
            | Planned::WaitAll(at)
            | Planned::Cancel(at)
            | Planned::Join(at, _) => *at,
        }
    }
}

/// Where a step stands: in its job, or in a `parallel` group of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StepAt {
    pub(super) step: usize,
    pub(super) inner: Option<usize>,
}

impl StepAt {
    pub(super) fn of(self, job: &wf::Job) -> Option<&wf::Step> {
        let step = job.steps.get(self.step)?;
        match (self.inner, &step.kind) {
            (None, _) => Some(step),
            (Some(inner), wf::StepKind::Parallel { steps }) => steps.get(inner),
            (Some(_), _) => None,
        }
    }
}

impl StepAt {
    pub(super) fn of_play(self, play: &super::jobs::JobPlay) -> Option<&wf::Step> {
        self.of(play.definition()?)
    }
}

pub(super) fn plan(job: &wf::Job) -> Vec<Planned> {
    let mut plan = Vec::new();
    for (at, step) in job.steps.iter().enumerate() {
        let here = StepAt {
            step: at,
            inner: None,
        };
        let planned = match &step.kind {
            wf::StepKind::Run { .. } | wf::StepKind::Uses { .. } => Planned::Step {
                at: here,
                background: step.background,
            },
            wf::StepKind::Wait { .. } => Planned::Wait(here),
            wf::StepKind::WaitAll => Planned::WaitAll(here),
            wf::StepKind::Cancel { .. } => Planned::Cancel(here),
            wf::StepKind::Parallel { steps } => {
                let first = plan.len() as u32;
                plan.extend((0..steps.len()).map(|inner| Planned::Step {
                    at: StepAt {
                        step: at,
                        inner: Some(inner),
                    },
                    background: true,
                }));
                Planned::Join(here, first..plan.len() as u32)
            }
        };
        plan.push(planned);
    }
    plan
}

/// A composite action that is under way.
pub(super) struct Frame {
    pub(super) action: Arc<wf::ActionFile>,
    /// The step that is next, or under way.
    pub(super) at: usize,
    pub(super) inputs: Object,
    /// `github.action_path`: where its files are, as the machine's processes see them.
    pub(super) directory: PathBuf,
    /// `github.action_repository` and `github.action_ref`; empty for one of the workspace.
    pub(super) repository: String,
    pub(super) git_ref: String,
    /// What the steps that use it set in their own `env`.
    pub(super) overrides: BTreeMap<String, String>,
    /// The `env` of its step that is under way.
    pub(super) own: BTreeMap<String, String>,
    pub(super) steps: IndexMap<String, StepRecord>,
    pub(super) status: Conclusion,
}

/// What a strand does now.
pub(super) enum Doing {
    Nothing,
    /// A background step for which there is no slot yet.
    Queued,
    /// A `run:` step's shell.
    Command,
    /// A modelled action; with a process when it runs a command.
    Model(Box<ModelPlay>),
    /// Background steps are waited for.
    Waiting(Vec<StrandId>),
}

/// Why a step is being ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    TimedOut,
    /// With its job, or by a `cancel` step.
    Cancelled,
}

pub(super) struct Strand {
    /// The step's number in its job.
    pub(super) number: u32,
    pub(super) at: StepAt,
    pub(super) name: String,
    /// The step's own `env`, over its job's.
    pub(super) env: BTreeMap<String, String>,
    pub(super) frames: Vec<Frame>,
    pub(super) doing: Doing,
    pub(super) outputs: BTreeMap<String, String>,
    /// A workflow command of it could not be carried out, which fails it.
    pub(super) refused: bool,
    pub(super) stop: Option<Stop>,
    /// Where its processes run on the job's machine, while it is in the background.
    pub(super) lane: Option<u32>,
    /// Its process was signalled.
    pub(super) signalled: bool,
    /// Counts what it begins, so that timers know whom they were meant for.
    pub(super) turn: u64,
    pub(super) reader: Reader,
    /// What a background step has set for later steps, until it is waited for.
    pub(super) local_env: BTreeMap<String, String>,
    pub(super) local_path: Vec<String>,
    /// A background step that is over: what it hands to the job once it is waited for.
    pub(super) over: Option<Finished>,
    /// A `cancel` step has ended it.
    pub(super) dismissed: bool,
    /// Its end counts already.
    pub(super) collected: bool,
}

/// How a background step ended.
pub(super) struct Finished {
    pub(super) outcome: Conclusion,
    pub(super) conclusion: Conclusion,
    pub(super) env: BTreeMap<String, String>,
    pub(super) path: Vec<String>,
}

impl Strand {
    pub(super) fn new(number: u32, at: StepAt) -> Self {
        Self {
            number,
            at,
            name: String::new(),
            env: BTreeMap::new(),
            frames: Vec::new(),
            doing: Doing::Nothing,
            outputs: BTreeMap::new(),
            refused: false,
            stop: None,
            lane: None,
            signalled: false,
            turn: 0,
            reader: Reader::default(),
            local_env: BTreeMap::new(),
            local_path: Vec::new(),
            over: None,
            dismissed: false,
            collected: false,
        }
    }

    pub(super) fn has_process(&self) -> bool {
        match &self.doing {
            Doing::Command => true,
            Doing::Model(model) => model.has_process,
            Doing::Nothing | Doing::Queued | Doing::Waiting(_) => false,
        }
    }

    pub(super) fn is_model(&self) -> bool {
        matches!(self.doing, Doing::Model(_))
    }
}
