//! What a service needs of the rest of the cloud while it moves.

use lockkeeper_names::ImageDigest;

use crate::app::{Behaviour, Catalog};
use crate::cloud::agenda::{Agenda, Due};
use crate::cloud::ecr::{Ecr, ImageRef, digest_of};
use crate::cloud::mint::Mint;
use crate::event::{ServiceKey, What};
use crate::ids::Caller;
use crate::{Durations, Instant, Log};

pub(crate) struct Floor<'a> {
    pub(crate) now: Instant,
    pub(crate) log: &'a mut Log,
    /// The step whose request moves things, if one does.
    pub(crate) source: Option<Caller>,
    pub(crate) ecr: &'a Ecr,
    pub(crate) images: &'a Catalog,
    pub(crate) agenda: &'a mut Agenda,
    pub(crate) mint: &'a mut Mint,
    pub(crate) durations: Durations,
}

impl Floor<'_> {
    /// Records what a request did.
    pub(crate) fn event(&mut self, what: What) {
        self.log.push(self.now, self.source, what);
    }

    /// Records what ECS did by itself.
    pub(crate) fn own_event(&mut self, what: What) {
        self.log.push(self.now, None, what);
    }

    pub(crate) fn at(&mut self, when: Instant, service: &ServiceKey, due: Due) {
        self.agenda.at(when, service, due);
    }

    pub(crate) fn resolve(&self, image: &str) -> Option<ImageDigest> {
        resolve(self.ecr, image)
    }

    pub(crate) fn behaviour(&self, digest: &ImageDigest) -> Behaviour {
        self.images
            .get(digest)
            .map_or(Behaviour::Healthy, |facts| facts.behaviour)
    }
}

/// What an image's name stands for now. Images of other registries always exist, and one name there
/// always stands for the same bytes.
pub(crate) fn resolve(ecr: &Ecr, image: &str) -> Option<ImageDigest> {
    let named = ImageRef::parse(image)?;
    match (&named.place, named.digest.clone()) {
        (Some(_), _) => ecr.resolve(&named),
        (None, Some(digest)) => Some(digest),
        (None, None) => Some(digest_of(format!("foreign {named}").as_bytes())),
    }
}
