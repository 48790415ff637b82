//! Production rests for weeks while staging moves on, and is then rolled back.

use std::collections::BTreeSet;
use std::time::Duration;

use lockkeeper_names::{CommitSha, ImageTag};
use lockkeeper_policy::PromiseId;
use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::event::What;

use super::{Needs, Scenario};
use crate::director::{Director, PlayError};
use crate::survey::TagPattern;

const DAYS: u32 = 42;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "weeks-of-merges",
    title: "production serves a new version; for six weeks another version is merged and built every day; then production is rolled back to the image before",
    needs: &[Needs::Staging, Needs::Production, Needs::Lifecycle],
    challenges: &[PromiseId::PreviousImageKept, PromiseId::RollbackRestores],
    play: |director| {
        let root = director.root();
        let first = director.merge_to_staging("first")?;
        let patterns = merged_tags(director, &first);
        director.deploy_to_production(&director.tag(&first))?;
        let actor = director.operator();
        let text = format!("sees a version merged and built on each of {DAYS} days");
        director.stage.stimulus(&actor, text);
        for day in 1..=DAYS {
            director.wait(Duration::from_secs(86_400))?;
            build(director, day, &patterns)?;
        }
        director.begin()?;
        director.deploy_to_production(&director.tag(&root))?;
        Ok(())
    },
};

/// The tags that a merge puts on its image.
fn merged_tags(director: &Director<'_>, sha: &CommitSha) -> BTreeSet<TagPattern> {
    let tags = director
        .stage
        .world
        .log
        .events()
        .iter()
        .filter_map(|event| match &event.what {
            What::TagPut {
                repository, tag, ..
            } if *repository == director.survey.repository && event.caller.is_some() => Some(tag),
            _ => None,
        });
    tags.filter_map(|tag| TagPattern::find(tag, sha)).collect()
}

/// What a merge leaves in the registry, without its run.
fn build(
    director: &mut Director<'_>,
    day: u32,
    patterns: &BTreeSet<TagPattern>,
) -> Result<(), PlayError> {
    let not_playable = |error: &dyn std::fmt::Display| PlayError::NotPlayable(error.to_string());
    let sha = CommitSha::parse(&format!("{:040x}", 0x00da_1700_0000_u64 + u64::from(day)))
        .map_err(|error| not_playable(&error))?;
    let tags: Vec<ImageTag> = patterns
        .iter()
        .filter_map(|pattern| pattern.of(&sha).parse().ok())
        .collect();
    let repository = director
        .survey
        .repository
        .parse()
        .map_err(|error| not_playable(&error))?;
    let facts = ImageFacts {
        commit: Some(sha),
        behaviour: Behaviour::Healthy,
        vulnerable: false,
    };
    let now = director.stage.now();
    let world = &mut director.stage.world;
    let place = world.cloud.home().clone();
    let seed = format!("merged on day {day}");
    let put = world.cloud.put_image(
        now,
        &mut world.log,
        &place,
        &repository,
        &tags,
        &seed,
        facts,
    );
    put.map(|_| ()).map_err(|error| not_playable(&error))
}
