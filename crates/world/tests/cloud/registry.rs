//! ECR: its API, and what `docker` and `skopeo` do with it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockkeeper_world::app::Behaviour;
use lockkeeper_world::cloud::{ApiCaller, ImageRef, Manifest, Mutability, Upload};
use lockkeeper_world::event::What;
use lockkeeper_world::outage::Api;
use serde_json::{Value, json};

use crate::story::{Plan, Story, facts, secs};

fn immutable() -> Story {
    Story::new(Plan {
        mutability: Mutability::Immutable,
        ..Plan::default()
    })
}

fn login(story: &mut Story) -> ApiCaller {
    let answer = story
        .try_call(Api::Ecr, "GetAuthorizationToken", json!({}))
        .unwrap();
    let data = &answer["authorizationData"][0];
    let token = STANDARD
        .decode(data["authorizationToken"].as_str().unwrap())
        .unwrap();
    let token = String::from_utf8(token).unwrap();
    let (user, password) = token.split_once(':').unwrap();
    let host = data["proxyEndpoint"]
        .as_str()
        .unwrap()
        .trim_start_matches("https://");
    story
        .cloud
        .registry_login(story.now, host, user, password)
        .unwrap()
}

fn upload(seed: &str) -> Upload {
    let config = json!({ "config": { "Labels": { "seed": seed } } })
        .to_string()
        .into_bytes();
    Upload {
        manifest: Manifest::build(seed, &config),
        config,
        facts: facts(seed, Behaviour::Healthy),
    }
}

fn target(story: &Story, tag: &str) -> ImageRef {
    ImageRef::parse(&format!("{}/shop:{tag}", story.cloud.home().registry())).unwrap()
}

#[test]
fn pushing_pulling_and_immutable_tags() {
    let mut story = immutable();
    let caller = login(&mut story);
    let to = target(&story, "v1");
    let push = |story: &mut Story, seed: &str| {
        story
            .cloud
            .registry_push(story.now, &mut story.log, &caller, &to, upload(seed))
            .result
    };
    let digest = push(&mut story, "one").unwrap();
    assert_eq!(
        push(&mut story, "one").unwrap(),
        digest,
        "the same again is no error"
    );
    let error = push(&mut story, "two").unwrap_err();
    assert_eq!(error.code, "ImageTagAlreadyExistsException");
    assert!(error.message.contains("tag is immutable"));
    let pulled = story
        .cloud
        .registry_pull(story.now, &mut story.log, &caller, &to)
        .result
        .unwrap();
    assert_eq!(pulled.digest, digest);
    assert_eq!(
        pulled.config.as_deref(),
        Some(upload("one").config.as_slice())
    );
    assert_eq!(pulled.facts, Some(facts("one", Behaviour::Healthy)));
    let events = story.log.events().iter();
    let pushed = events.filter(
        |event| matches!(&event.what, What::ImagePushed { digest: of, .. } if *of == digest),
    );
    assert_eq!(pushed.count(), 1);

    let missing = target(&story, "v9");
    let error = story
        .cloud
        .registry_pull(story.now, &mut story.log, &caller, &missing)
        .result
        .unwrap_err();
    assert_eq!(error.code, "MANIFEST_UNKNOWN");
}

#[test]
fn a_login_ends_after_twelve_hours() {
    let mut story = Story::new(Plan::default());
    let answer = story
        .try_call(Api::Ecr, "GetAuthorizationToken", json!({}))
        .unwrap();
    let data = &answer["authorizationData"][0];
    let token = STANDARD
        .decode(data["authorizationToken"].as_str().unwrap())
        .unwrap();
    let password = String::from_utf8(token).unwrap()[4..].to_owned();
    let host = story.cloud.home().registry();
    let try_login = |story: &Story, password: &str| {
        story
            .cloud
            .registry_login(story.now, &host, "AWS", password)
            .map(|_| ())
    };
    assert!(try_login(&story, &password).is_ok());
    assert_eq!(try_login(&story, "guess").unwrap_err().http_status, 401);
    story.now = story.now + secs(12 * 3600);
    assert_eq!(try_login(&story, &password).unwrap_err().code, "DENIED");
}

fn get_image(story: &mut Story, id: Value) -> Value {
    let input = json!({ "repositoryName": "shop", "imageIds": [id] });
    story.try_call(Api::Ecr, "BatchGetImage", input).unwrap()
}

#[test]
fn a_second_tag_on_the_same_digest() {
    let mut story = immutable();
    let new = story.tagged_image("new", &["v1"], Behaviour::Healthy);
    let image = get_image(&mut story, json!({ "imageDigest": new }))["images"][0].clone();
    let input = json!({
        "repositoryName": "shop",
        "imageManifest": image["imageManifest"],
        "imageManifestMediaType": image["imageManifestMediaType"],
        "imageTag": "verified-1",
        "imageDigest": new,
    });
    let put = story.try_call(Api::Ecr, "PutImage", input.clone()).unwrap();
    assert_eq!(
        put["image"]["imageId"],
        json!({ "imageDigest": new, "imageTag": "verified-1" })
    );
    assert_eq!(
        story.error(Api::Ecr, "PutImage", input.clone()),
        "ImageAlreadyExistsException"
    );

    let other = story.tagged_image("other", &["v2"], Behaviour::Healthy);
    let theirs = get_image(&mut story, json!({ "imageDigest": other }))["images"][0].clone();
    let mut moved = input.clone();
    moved["imageManifest"] = theirs["imageManifest"].clone();
    assert_eq!(
        story.error(Api::Ecr, "PutImage", moved.clone()),
        "ImageDigestDoesNotMatchException"
    );
    moved["imageDigest"] = json!(other);
    assert_eq!(
        story.error(Api::Ecr, "PutImage", moved),
        "ImageTagAlreadyExistsException"
    );

    let mut foreign = input.clone();
    let strange = Manifest::build("strange", b"{}");
    foreign["imageManifest"] = json!(strange.text());
    foreign["imageDigest"] = json!(strange.digest());
    assert_eq!(
        story.error(Api::Ecr, "PutImage", foreign),
        "LayersNotFoundException"
    );

    // Other bytes with the same content are another image that behaves the same.
    let mut spaced = input;
    let text = format!("{}\n", image["imageManifest"].as_str().unwrap());
    spaced["imageManifest"] = json!(text);
    spaced["imageTag"] = json!("spaced");
    spaced.as_object_mut().unwrap().remove("imageDigest");
    let put = story.try_call(Api::Ecr, "PutImage", spaced).unwrap();
    let digest = put["image"]["imageId"]["imageDigest"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_ne!(digest, new);
    assert_eq!(
        story.cloud.images.get(&digest),
        story.cloud.images.get(&new)
    );

    let input = json!({ "repositoryName": "shop", "imageIds": [{ "imageTag": "verified-1" }] });
    let described = story.try_call(Api::Ecr, "DescribeImages", input).unwrap();
    let detail = &described["imageDetails"][0];
    assert_eq!(detail["imageTags"], json!(["v1", "verified-1"]));
    assert_eq!(detail["imageStatus"], "ACTIVE");
    let input = json!({ "repositoryName": "shop", "imageIds": [{ "imageTag": "none" }] });
    assert_eq!(
        story.error(Api::Ecr, "DescribeImages", input),
        "ImageNotFoundException"
    );
    let missed = get_image(&mut story, json!({ "imageTag": "none" }));
    assert_eq!(missed["failures"][0]["failureCode"], "ImageNotFound");
}

#[test]
fn deleting_the_last_tag_deletes_the_image() {
    let mut story = Story::new(Plan::default());
    let new = story.tagged_image("new", &["a", "b"], Behaviour::Healthy);
    let delete = |story: &mut Story, tag: &str| {
        let input = json!({ "repositoryName": "shop", "imageIds": [{ "imageTag": tag }] });
        story.try_call(Api::Ecr, "BatchDeleteImage", input).unwrap()
    };
    delete(&mut story, "a");
    assert!(
        get_image(&mut story, json!({ "imageDigest": new }))["failures"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    delete(&mut story, "b");
    let missed = get_image(&mut story, json!({ "imageDigest": new }));
    assert_eq!(missed["failures"][0]["failureCode"], "ImageNotFound");
    assert_eq!(
        delete(&mut story, "b")["failures"][0]["failureCode"],
        "ImageNotFound"
    );
}

/// The cases of others, where they are at hand.
#[test]
fn mutability_as_others_expect_it() {
    let Some(cases) = crate::shared::cases("ecr-tag-immutability") else {
        return;
    };
    let mut played = 0;
    for case in cases.iter().filter(|case| case["kind"] == "sequence") {
        let filters: Vec<String> = case["filters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|filter| filter["filter"].as_str().unwrap().to_owned())
            .collect();
        let mutability = match case["imageTagMutability"].as_str().unwrap() {
            "MUTABLE" => Mutability::Mutable,
            "IMMUTABLE" => Mutability::Immutable,
            "IMMUTABLE_WITH_EXCLUSION" => Mutability::ImmutableExcept(filters),
            _ => Mutability::MutableExcept(filters),
        };
        let mut story = Story::new(Plan {
            mutability,
            ..Plan::default()
        });
        let texts: Vec<Value> = ["m1", "m2"]
            .iter()
            .map(|seed| {
                let digest = story.image(seed, Behaviour::Healthy);
                get_image(&mut story, json!({ "imageDigest": digest }))["images"][0]
                    ["imageManifest"]
                    .clone()
            })
            .collect();
        for step in case["steps"].as_array().unwrap() {
            let input = json!({
                "repositoryName": "shop",
                "imageManifest": texts[usize::from(step["put"] == "m2")],
                "imageTag": step["tag"],
            });
            let got = match story.try_call(Api::Ecr, "PutImage", input) {
                Ok(_) => "ok".to_owned(),
                Err(error) => error.code,
            };
            assert_eq!(step["expect"], json!(got), "{}", case["id"]);
            played += 1;
        }
    }
    assert!(played > 0);
}
