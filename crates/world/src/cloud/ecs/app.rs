//! What the process in a container does over time.

use std::time::Duration;

use crate::Instant;
use crate::app::Behaviour;

/// From the container's start until the application listens.
pub(crate) const BOOT: Duration = Duration::from_secs(1);
/// From the container's start until a broken application gives up.
const GIVES_UP: Duration = Duration::from_millis(800);

/// Which paths of an application mean what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paths {
    pub(crate) health: String,
    pub(crate) readiness: String,
}

/// The status that a process answers with, or none if it does not answer.
pub(crate) fn status(
    behaviour: Behaviour,
    started: Instant,
    now: Instant,
    paths: &Paths,
    path: &str,
) -> Option<u16> {
    let path = path.split('?').next().unwrap_or(path);
    let listens = match behaviour {
        Behaviour::SlowStart(after) => started + BOOT + after,
        Behaviour::CrashesAtStart => return None,
        _ => started + BOOT,
    };
    if now < listens {
        return None;
    }
    Some(match behaviour {
        Behaviour::NeverReady if path == paths.readiness => 503,
        Behaviour::ErrorsAfter(after) if now >= started + after && path != paths.health => 500,
        _ => 200,
    })
}

/// When the answers may become others than they are at `now`, if ever.
pub(crate) fn next_change(behaviour: Behaviour, started: Instant, now: Instant) -> Option<Instant> {
    let changes = match behaviour {
        Behaviour::SlowStart(after) => started + BOOT + after,
        Behaviour::ErrorsAfter(after) => started + after,
        _ => started + BOOT,
    };
    (changes > now).then_some(changes)
}

/// When the process ends by itself. `first` is when the service first ran this image.
pub(crate) fn exits_at(behaviour: Behaviour, started: Instant, first: Instant) -> Option<Instant> {
    match behaviour {
        Behaviour::CrashesAtStart => Some(started + GIVES_UP),
        Behaviour::Flapping { healthy_for } => Some(started + BOOT + healthy_for),
        Behaviour::CrashesOnce { after } => Some(first + after).filter(|end| *end > started),
        Behaviour::Healthy
        | Behaviour::SlowStart(_)
        | Behaviour::NeverReady
        | Behaviour::ErrorsAfter(_) => None,
    }
}
