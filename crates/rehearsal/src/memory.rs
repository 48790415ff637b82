//! Beginnings that stories share are played once.
//!
//! Many stories begin with the same acts ("merge the first change, wait for staging"). With the
//! same settings and seed they go the same way, so the state after each such act is kept, and the
//! next story that begins so goes on from there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::stage::{Snapshot, Stage};
use crate::survey::Settings;

type Kept = Arc<Mutex<Option<Snapshot>>>;

/// The states after shared beginnings, for all stories of a rehearsal.
#[derive(Default)]
pub(crate) struct Memory(Mutex<BTreeMap<(Settings, Vec<String>), Kept>>);

impl Memory {
    fn kept(&self, settings: Settings, acts: &[String]) -> Kept {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((settings, acts.to_vec())).or_default().clone()
    }
}

/// What a story has done so far, as long as others may have done just that.
pub(crate) struct Past<'a> {
    memory: &'a Memory,
    settings: Settings,
    acts: Vec<String>,
    /// The length of the story's log after the last act: anything more is the story's own.
    length: Option<usize>,
}

impl<'a> Past<'a> {
    pub(crate) fn new(memory: &'a Memory, settings: Settings, stage: &Stage) -> Self {
        Self {
            memory,
            settings,
            acts: Vec::new(),
            length: Some(stage.world.log.events().len()),
        }
    }

    /// Does an act, or takes its outcome from a story that did it after the same acts.
    pub(crate) fn act<E>(
        &mut self,
        stage: &mut Stage,
        name: String,
        play: impl FnOnce(&mut Stage) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.length != Some(stage.world.log.events().len()) {
            self.length = None;
            return play(stage);
        }
        self.acts.push(name);
        let kept = self.memory.kept(self.settings, &self.acts);
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(snapshot) => stage.restore(snapshot),
            None => {
                play(stage)?;
                *kept = stage.snapshot();
            }
        }
        self.length = Some(stage.world.log.events().len());
        Ok(())
    }
}
