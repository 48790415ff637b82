//! Where the same script must have the same history.

use lockkeeper_rehearsal::engine::{Engine, Options};

use super::play;

pub(crate) struct Condition {
    pub(crate) name: &'static str,
    /// Everything shares one processor.
    pub(crate) pinned: bool,
    /// Namespaces, Landlock, seccomp.
    pub(crate) isolated: bool,
    /// Others want the processors too.
    pub(crate) loaded: bool,
}

pub(crate) const CONDITIONS: &[Condition] = &[
    Condition {
        name: "pinned, isolated",
        pinned: true,
        isolated: true,
        loaded: false,
    },
    Condition {
        name: "pinned",
        pinned: true,
        isolated: false,
        loaded: false,
    },
    Condition {
        name: "isolated",
        pinned: false,
        isolated: true,
        loaded: false,
    },
    Condition {
        name: "neither pinned nor isolated",
        pinned: false,
        isolated: false,
        loaded: false,
    },
    Condition {
        name: "pinned, isolated, loaded",
        pinned: true,
        isolated: true,
        loaded: true,
    },
    Condition {
        name: "pinned, loaded",
        pinned: true,
        isolated: false,
        loaded: true,
    },
    Condition {
        name: "isolated, loaded",
        pinned: false,
        isolated: true,
        loaded: true,
    },
    Condition {
        name: "neither pinned nor isolated, loaded",
        pinned: false,
        isolated: false,
        loaded: true,
    },
];

impl Condition {
    pub(crate) fn options(&self) -> Options {
        Options {
            executable: env!("CARGO_BIN_EXE_lockkeeper").into(),
            no_sandbox: !self.isolated,
            strangers: false,
            patience: std::time::Duration::from_secs(60),
            processor: self.pinned.then(play::processor),
            real: Vec::new(),
        }
    }

    /// Whether this machine allows it.
    pub(crate) fn is_usable(&self) -> bool {
        // On a thread of its own, which opening the engine binds.
        let options = self.options();
        std::thread::spawn(move || {
            Engine::new(options).is_ok_and(|mut engine| engine.open(&[], 1, 0).is_ok())
        })
        .join()
        .is_ok_and(|usable| usable)
    }
}
