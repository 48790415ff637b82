//! Which images a repository keeps.

use std::time::Duration;

use lockkeeper_names::ImageTag;
use lockkeeper_world::app::Behaviour;
use lockkeeper_world::clock::START;
use lockkeeper_world::cloud::{Candidate, LifecyclePolicy, Mutability};
use lockkeeper_world::event::What;
use lockkeeper_world::outage::Api;
use serde_json::{Value, json};

use crate::shared;
use crate::story::{Plan, Story, secs};

/// Cases that are judged otherwise here, with the reason.
const DIFFERENT: &[(&str, &str)] = &[];

const DAY: u64 = 86_400;

#[test]
fn policies_as_others_expect_them() {
    let Some(cases) = shared::cases("ecr-lifecycle") else {
        return;
    };
    let mut wrong = Vec::new();
    for case in &cases {
        let text = match &case["policy"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let policy = LifecyclePolicy::parse(&text);
        let right = match case["kind"].as_str() {
            Some("validate") if case["expect"] == "valid" => policy.is_ok(),
            Some("validate") => policy
                .as_ref()
                .is_err_and(|error| case["code"] == error.code),
            _ => {
                let images = case["images"].as_array().unwrap();
                let now = START + secs(1000 * DAY);
                let candidates: Vec<Candidate> = images
                    .iter()
                    .map(|image| {
                        let days = image["pushedDaysAgo"].as_f64().unwrap();
                        let tags = image["tags"].as_array().into_iter().flatten();
                        Candidate {
                            pushed_at: now - Duration::from_secs_f64(days * DAY as f64),
                            tags: tags.map(|tag| tag.as_str().unwrap().to_owned()).collect(),
                        }
                    })
                    .collect();
                let expired = policy.as_ref().unwrap().expired(now, &candidates);
                let mut ids: Vec<&str> = expired
                    .iter()
                    .map(|(at, _)| images[*at]["id"].as_str().unwrap())
                    .collect();
                ids.sort_unstable();
                let mut expected: Vec<&str> = case["expire"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|id| id.as_str().unwrap())
                    .collect();
                expected.sort_unstable();
                ids == expected
            }
        };
        let id = case["id"].as_str().unwrap();
        if right == DIFFERENT.iter().any(|(known, _)| *known == id) {
            wrong.push(format!("{id} ({})", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} cases of the set ecr-lifecycle", cases.len());
}

#[test]
fn settings_of_tags_as_others_expect_them() {
    let Some(cases) = shared::cases("ecr-tag-immutability") else {
        return;
    };
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| case["kind"] != "sequence") {
        let right = match case["kind"].as_str() {
            Some("validate") => {
                let text = |filter: &Value, member: &str| {
                    filter[member].as_str().unwrap_or_default().to_owned()
                };
                let filters = case["filters"].as_array().map(|filters| {
                    filters
                        .iter()
                        .map(|filter| (text(filter, "filter"), text(filter, "filterType")))
                        .collect::<Vec<_>>()
                });
                let filters: Option<Vec<(&str, &str)>> = filters.as_ref().map(|filters| {
                    filters
                        .iter()
                        .map(|(filter, kind)| (filter.as_str(), kind.as_str()))
                        .collect()
                });
                let setting = case["imageTagMutability"].as_str().unwrap();
                let read = Mutability::read(setting, filters.as_deref());
                match case["expect"].as_str().unwrap() {
                    "ok" => read.is_ok(),
                    "error" => read.is_err(),
                    code => read.is_err_and(|error| error.code == code),
                }
            }
            // A tag that a filter of a mutable repository matches cannot move.
            _ => {
                let filter = case["filter"].as_str().unwrap().to_owned();
                let tag = case["tag"].as_str().unwrap();
                if tag.parse::<ImageTag>().is_err() {
                    println!("{}: '{tag}' is no tag that could be put", case["id"]);
                    continue;
                }
                let mut story = Story::new(Plan {
                    mutability: Mutability::MutableExcept(vec![filter]),
                    ..Plan::default()
                });
                story.tagged_image("one", &[tag], Behaviour::Healthy);
                let other = story.image("two", Behaviour::Healthy);
                let get =
                    json!({ "repositoryName": "shop", "imageIds": [{ "imageDigest": other }] });
                let got = story.try_call(Api::Ecr, "BatchGetImage", get).unwrap();
                let put = json!({
                    "repositoryName": "shop",
                    "imageManifest": got["images"][0]["imageManifest"],
                    "imageTag": tag,
                });
                let moved = story.try_call(Api::Ecr, "PutImage", put).is_ok();
                moved == (case["expect"] == "no-match")
            }
        };
        if !right {
            wrong.push(format!("{}: {case}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Images go within a day, and what names them goes with them.
#[test]
fn images_expire_by_themselves() {
    let mut story = Story::new(Plan::default());
    let kept = story.tagged_image("kept", &["keep-1"], Behaviour::Healthy);
    let gone = story.tagged_image("gone", &["old"], Behaviour::Healthy);
    let policy = json!({ "rules": [
        { "rulePriority": 1, "selection": { "tagStatus": "tagged", "tagPatternList": ["keep-*", "*"], "countType": "imageCountMoreThan", "countNumber": 5 }, "action": { "type": "expire" } },
        { "rulePriority": 2, "selection": { "tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 3 }, "action": { "type": "expire" } },
    ] });
    let put = json!({ "repositoryName": "shop", "lifecyclePolicyText": policy.to_string() });
    story.try_call(Api::Ecr, "PutLifecyclePolicy", put).unwrap();
    let mut refuse = policy.clone();
    refuse["rules"][1]["selection"]["tagPrefixList"] = json!(["x"]);
    let put = json!({ "repositoryName": "shop", "lifecyclePolicyText": refuse.to_string() });
    let error = story
        .try_call(Api::Ecr, "PutLifecyclePolicy", put)
        .unwrap_err();
    assert_eq!(error.code, "InvalidParameterException");

    story.pass(3 * DAY);
    let there = |story: &mut Story| {
        let list = json!({ "repositoryName": "shop" });
        let answer = story.try_call(Api::Ecr, "DescribeImages", list).unwrap();
        let digests = answer["imageDetails"].as_array().unwrap().clone();
        digests
            .iter()
            .map(|detail| detail["imageDigest"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(there(&mut story).contains(&gone.to_string()));
    story.pass(DAY);
    let left = there(&mut story);
    assert_eq!(left, [kept.to_string()]);
    let mut expired: Vec<_> = story
        .log
        .events()
        .iter()
        .filter_map(|event| match &event.what {
            What::ImageExpired { tags, rule, .. } => Some((event.at, tags.clone(), *rule)),
            _ => None,
        })
        .collect();
    expired.sort();
    let at = START + secs(4 * DAY);
    assert_eq!(
        expired,
        [
            (at, vec!["live".to_owned()], 2),
            (at, vec!["old".to_owned()], 2),
        ]
    );
}
