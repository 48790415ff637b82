//! The AWS account and region that workflows name.

use std::sync::Arc;

use lockkeeper_names::{AccountId, Region};

use super::{Found, lines, most_often};
use crate::stage::Loaded;

/// From ARNs, registry hosts, and values whose name speaks of an account.
pub(super) fn account(workflows: &[Arc<Loaded>]) -> Option<Found<AccountId>> {
    named(workflows, &["arn:aws", ".dkr.ecr.", "account"], |word| {
        AccountId::parse(word).ok()
    })
}

/// From ARNs, registry hosts, and values whose name speaks of a region.
pub(super) fn region(workflows: &[Arc<Loaded>]) -> Option<Found<Region>> {
    named(workflows, &["arn:aws", ".dkr.ecr.", "region"], |word| {
        Region::parse(word).ok().filter(is_real)
    })
}

fn named<T: Clone + Ord + ToString>(
    workflows: &[Arc<Loaded>],
    about: &[&str],
    parse: impl Fn(&str) -> Option<T>,
) -> Option<Found<T>> {
    let mut all = Vec::new();
    for loaded in workflows {
        for (at, line) in lines(loaded) {
            let lower = line.to_ascii_lowercase();
            if !about.iter().any(|word| lower.contains(word)) {
                continue;
            }
            let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            all.extend(
                words
                    .filter_map(&parse)
                    .map(|value| (value, loaded.file.clone(), at)),
            );
        }
    }
    most_often(all)
}

/// Whether a word that looks like a region is one: `build-and-2` is not.
fn is_real(region: &Region) -> bool {
    let mut parts = region.as_str().split('-');
    let continent = parts.next().is_some_and(|part| part.len() == 2);
    let directions = [
        "north",
        "south",
        "east",
        "west",
        "central",
        "northeast",
        "northwest",
        "southeast",
        "southwest",
    ];
    continent && parts.any(|part| directions.contains(&part))
}
