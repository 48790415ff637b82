//! What holds at every moment of any deployment.

use lockkeeper_world::app::Behaviour;
use lockkeeper_world::cloud::DeploymentConfiguration;
use proptest::prelude::*;

use crate::story::{Plan, Story, secs};

fn behaviours() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        3 => Just(Behaviour::Healthy),
        1 => (0u64..90).prop_map(|s| Behaviour::SlowStart(secs(s))),
        1 => Just(Behaviour::CrashesAtStart),
        1 => (1u64..90).prop_map(|s| Behaviour::Flapping { healthy_for: secs(s) }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Never more tasks than the maximum, and while every image is sound never fewer in service
    /// than the minimum; at the end one revision runs.
    #[test]
    fn the_percentages_hold_at_every_moment(
        desired in 1u32..6,
        minimum in prop_oneof![Just(0u32), Just(50), Just(100)],
        maximum in prop_oneof![Just(100u32), Just(150), Just(200)],
        updates in proptest::collection::vec((behaviours(), 0u64..200), 1..4),
    ) {
        let deployment = DeploymentConfiguration {
            minimum_healthy_percent: minimum,
            maximum_percent: maximum,
            ..DeploymentConfiguration::default()
        };
        let mut story = Story::new(Plan { desired, deployment, ..Plan::default() });
        let most = desired * maximum / 100;
        let fewest = (desired * minimum).div_ceil(100) as usize;
        let sound = updates.iter().all(|(behaviour, _)| *behaviour == Behaviour::Healthy);
        let lasting = updates
            .iter()
            .all(|(behaviour, _)| !matches!(behaviour, Behaviour::Flapping { .. }));
        let check = |story: &mut Story| {
            let serving = story.serving();
            assert!(serving.running + serving.pending <= most, "{serving:#?}");
            if sound {
                assert!(serving.in_service.len() >= fewest, "{serving:#?}");
            }
        };
        for (at, (behaviour, wait)) in updates.iter().enumerate() {
            let digest = story.image(&format!("image {at}"), *behaviour);
            story.deploy(&digest);
            let until = story.now + secs(*wait);
            story.each_moment(until, check);
        }
        let until = story.now + secs(4 * 3600);
        story.each_moment(until, check);
        let movable = most > fewest as u32;
        if lasting && movable {
            let mut digests = story.in_service();
            prop_assert_eq!(digests.len(), desired as usize);
            digests.dedup();
            prop_assert_eq!(digests.len(), 1);
            prop_assert_eq!(story.cloud.next_timer(), None);
        }
    }

    /// The same story is the same log, to the byte.
    #[test]
    fn a_story_told_again_is_the_same(behaviour in behaviours(), wait in 0u64..400) {
        let tell = || {
            let mut story = Story::new(Plan::default());
            let digest = story.image("new", behaviour);
            story.deploy(&digest);
            story.pass(wait);
            story.get("/ready");
            (serde_json::to_string(story.log.events()).unwrap(), story.describe())
        };
        prop_assert_eq!(tell(), tell());
    }
}
