//! Service revisions: what a deployment brings, with its images resolved to digests.

use lockkeeper_names::ImageDigest;

use super::Floor;
use super::task_definition::TaskDefinition;
use crate::Instant;

#[derive(Debug, Clone)]
pub(crate) struct RevisionContainer {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) essential: bool,
    /// What the image's name stood for when the deployment began; nothing where it named no
    /// image, or where each task is to ask anew.
    pub(crate) digest: Option<ImageDigest>,
    /// Each task asks anew.
    pub(crate) floating: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    pub(crate) task_definition: String,
    /// The service's own container first.
    pub(crate) containers: Vec<RevisionContainer>,
    pub(crate) created_at: Instant,
}

impl Revision {
    pub(crate) fn digests(&self) -> Vec<ImageDigest> {
        self.containers
            .iter()
            .filter_map(|container| container.digest.clone())
            .collect()
    }
}

/// The containers of a revision of `definition`. The service's own is the one behind its load
/// balancer, else the first essential one.
pub(crate) fn containers_of(
    definition: &TaskDefinition,
    behind: Option<&str>,
    floor: &Floor<'_>,
) -> Vec<RevisionContainer> {
    let own = definition
        .containers
        .iter()
        .position(|c| Some(c.name.as_str()) == behind)
        .or_else(|| definition.containers.iter().position(|c| c.essential))
        .unwrap_or(0);
    let mut containers: Vec<_> = definition
        .containers
        .iter()
        .map(|container| RevisionContainer {
            name: container.name.clone(),
            image: container.image.clone(),
            essential: container.essential,
            floating: !container.version_consistency,
            digest: match container.version_consistency {
                true => floor.resolve(&container.image),
                false => None,
            },
        })
        .collect();
    let own = containers.remove(own);
    containers.insert(0, own);
    containers
}
