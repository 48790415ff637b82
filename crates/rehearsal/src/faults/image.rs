//! What the faults of images have in common: a version is bad that the story brings.

use lockkeeper_world::app::Behaviour;

use super::{Aim, Fault};
use crate::stage::Stage;

impl Fault {
    /// From now on the version's tasks behave so, wherever they are started.
    pub(super) fn spoil(&self, aim: &Aim, stage: &mut Stage, behaviour: Behaviour, text: &str) {
        let Some(commit) = &aim.commit else { return };
        let text = format!("the image of commit {} {text}", commit.short());
        stage.fault(self.class().letter(), text);
        let mut traits = stage.commits.of(commit);
        traits.behaviour = behaviour;
        stage.commits.insert(commit.clone(), traits);
        if let Some(digest) = &aim.digest {
            stage.world.cloud.images.set_behaviour(digest, behaviour);
        }
    }
}
