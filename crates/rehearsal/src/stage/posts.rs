//! What actions do when all steps of their job are over, the last one first.

use std::collections::BTreeMap;

use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::ids::JobId;

use super::Stage;
use super::strand::{Doing, MAIN, StepAt, Strand};
use super::uses::ModelPlay;
use crate::engine::EngineError;
use crate::models::{Effects, Model};

/// An action's last stage, to come.
pub(super) struct Post {
    pub(super) name: String,
    /// The step that used the action.
    pub(super) at: StepAt,
    pub(super) model: Box<dyn Model>,
    pub(super) git_ref: String,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) env: BTreeMap<String, String>,
}

impl Stage {
    /// Goes on with the next of a job's last stages, or ends the job.
    pub(super) fn next_post(&mut self, job: JobId) -> Result<(), EngineError> {
        loop {
            let Some(play) = self.jobs.get_mut(&job) else {
                return Ok(());
            };
            let Some(post) = play.posts.pop() else {
                return self.finish_job(job);
            };
            // Modelled ones keep what a job has made (`post-if: success()`).
            if play.status != Conclusion::Success {
                continue;
            }
            let number = play.at as u32;
            play.at += 1;
            let turn = play.main().turn + 1;
            let mut strand = Strand::new(number, post.at);
            strand.turn = turn;
            strand.name.clone_from(&post.name);
            strand.doing = Doing::Model(Box::new(ModelPlay {
                model: post.model,
                git_ref: post.git_ref,
                inputs: post.inputs,
                env: post.env,
                effects: Effects::default(),
                has_process: false,
                exit_code: None,
                printed_from: self.world.log.events().len(),
                post: true,
            }));
            let run = play.run;
            play.strands.insert(MAIN, strand);
            let caller = self.caller(job, MAIN);
            let what = What::StepStarted {
                run,
                job,
                step: number,
                name: post.name,
                line: caller.map_or(1, |caller| caller.line),
            };
            self.world.log.push(self.world.now(), caller, what);
            if !self.advance_model(job, MAIN)? {
                return Ok(());
            }
        }
    }

    pub(super) fn post_is_over(
        &mut self,
        job: JobId,
        outcome: Conclusion,
    ) -> Result<(), EngineError> {
        self.log_step_end(job, MAIN, outcome, outcome, None);
        if let Some(play) = self.jobs.get_mut(&job)
            && outcome == Conclusion::Failure
            && play.status == Conclusion::Success
        {
            play.status = Conclusion::Failure;
        }
        Ok(())
    }
}
