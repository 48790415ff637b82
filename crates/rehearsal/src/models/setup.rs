//! Actions that install something: what they install is there afterwards, a little later.

use super::{Bench, Model, Progress};

#[derive(Default)]
struct Setup {
    waited: bool,
    builder: bool,
}

pub(super) fn start() -> Box<dyn Model> {
    Box::new(Setup::default())
}

/// Docker then builds in a container of its own, unless told otherwise.
pub(super) fn buildx() -> Box<dyn Model> {
    Box::new(Setup {
        builder: true,
        ..Setup::default()
    })
}

impl Model for Setup {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        if !self.waited {
            self.waited = true;
            return Progress::Sleep(bench.world.durations().tool_setup);
        }
        if self.builder
            && bench
                .input("driver")
                .is_none_or(|driver| driver != "docker")
        {
            bench.machine.container_builder = true;
        }
        // A rehearsal begins with empty caches.
        bench
            .effects
            .outputs
            .insert("cache-hit".into(), "false".into());
        for (input, output) in [
            ("node-version", "node-version"),
            ("python-version", "python-version"),
            ("go-version", "go-version"),
        ] {
            if let Some(version) = bench.input(input).map(str::to_owned) {
                bench.effects.outputs.insert(output.into(), version);
            }
        }
        Progress::Done
    }
}
