//! The repository that jobs want to be in: `if: github.repository == 'owner/name'`.

use std::sync::Arc;

use lockkeeper_names::RepositorySlug;

use super::{Found, lines, most_often};
use crate::stage::Loaded;

pub(super) fn slug(workflows: &[Arc<Loaded>]) -> Option<Found<RepositorySlug>> {
    let mut all = Vec::new();
    for loaded in workflows {
        for (at, line) in lines(loaded) {
            let mut rest = line;
            while let Some((_, after)) = rest.split_once("github.repository ") {
                rest = after;
                let quoted = after
                    .trim_start()
                    .strip_prefix("==")
                    .and_then(|value| value.trim_start().strip_prefix('\''))
                    .and_then(|value| value.split_once('\''));
                if let Some(Ok(slug)) = quoted.map(|(slug, _)| RepositorySlug::parse(slug)) {
                    all.push((slug, loaded.file.clone(), at));
                }
            }
        }
    }
    most_often(all)
}
