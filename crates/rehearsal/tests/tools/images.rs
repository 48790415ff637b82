use lockkeeper_rehearsal::commits::Gate;
use lockkeeper_world::app::Behaviour;
use lockkeeper_world::cloud::{Cloud, ImageRef};
use lockkeeper_world::outage::{Ailment, Api};
use serde_json::Value;

use crate::bench::*;

/// The digest that a tag of `shop` names, by the registry's word.
fn digest_of(bench: &mut Bench, tag: &str) -> Option<String> {
    let image = format!("docker://{REGISTRY}/shop:{tag}");
    let ended = bench.call_with(
        &["skopeo", "inspect", "--format", "{{.Digest}}", &image],
        "",
    );
    (ended.code == 0).then(|| ended.out.trim().to_owned())
}

const DOCKERFILE: &str = "FROM node:22 AS build\nFROM node:22-slim AS production\nCOPY . .\n";

#[test]
fn the_bytes_that_were_scanned_are_the_bytes_that_are_pushed() {
    let mut bench = Bench::new().logged_in();
    bench.file("Dockerfile", DOCKERFILE);
    bench.commit_is(|traits| traits.behaviour = Behaviour::NeverReady);
    assert_eq!(
        bench
            .call("docker buildx create --driver docker-container --use")
            .code,
        0
    );
    let build = "docker buildx build --provenance=false --target production --build-arg V=1 --label org.opencontainers.image.revision=b --output type=oci,dest=image,tar=false .";
    let built = bench.call(build);
    assert_eq!(built.code, 0, "{}", built.err);
    assert_eq!(built.took.as_secs(), 60);

    let index: Value = serde_json::from_str(bench.text("image/index.json")).unwrap();
    let digest = index["manifests"][0]["digest"].as_str().unwrap().to_owned();
    let manifest: Value =
        serde_json::from_str(bench.text(&format!("image/blobs/{}", digest.replace(':', "/"))))
            .unwrap();
    let config = manifest["config"]["digest"]
        .as_str()
        .unwrap()
        .replace(':', "/");
    let config: Value = serde_json::from_str(bench.text(&format!("image/blobs/{config}"))).unwrap();
    assert_eq!(
        config["config"]["Labels"]["org.opencontainers.image.revision"],
        "b"
    );
    assert_eq!(config["architecture"], "amd64");

    assert_eq!(
        bench.call("trivy image --input image --exit-code 1").code,
        0
    );
    let copy = format!(
        "skopeo copy --preserve-digests --digestfile digest oci:image docker://{REGISTRY}/shop:v1"
    );
    let copied = bench.call(&copy);
    assert_eq!(copied.code, 0, "{}", copied.err);
    assert_eq!(bench.text("digest"), digest);
    assert_eq!(digest_of(&mut bench, "v1"), Some(digest.clone()));
    // The way through files keeps what is known of the image.
    let facts = bench
        .world
        .cloud
        .images
        .get(&digest.parse().unwrap())
        .unwrap();
    assert_eq!(
        (facts.commit.clone(), facts.behaviour),
        (Some(sha('b')), Behaviour::NeverReady)
    );

    assert_eq!(
        bench.call(&copy).code,
        0,
        "the same bytes again change nothing"
    );
    assert_eq!(bench.call(build).code, 0);
    let moved = bench.call(&copy);
    assert_eq!(moved.code, 1, "another digest under an immutable tag");
    assert!(
        moved.err.contains("tag invalid") && moved.err.contains("immutable"),
        "{}",
        moved.err
    );
    assert!(
        bench.not_modelled().is_empty(),
        "{:?}",
        bench.not_modelled()
    );
}

#[test]
fn a_damaged_layout_is_noticed() {
    let mut bench = Bench::new().logged_in();
    bench.file("Dockerfile", DOCKERFILE);
    bench.machine.container_builder = true;
    bench.call("docker buildx build --output type=oci,dest=image,tar=false .");
    let blob = bench
        .files
        .keys()
        .find(|path| path.starts_with("image/blobs"))
        .unwrap()
        .clone();
    bench.files.get_mut(&blob).unwrap().push(b' ');
    let copied = bench.call(&format!(
        "skopeo copy oci:image docker://{REGISTRY}/shop:v1"
    ));
    assert_eq!(copied.code, 1);
    assert!(
        copied.err.contains("Digest did not match"),
        "{}",
        copied.err
    );
    let missing = bench.call(&format!(
        "skopeo copy oci:nowhere docker://{REGISTRY}/shop:v1"
    ));
    assert!(
        missing.err.contains("no such file or directory"),
        "{}",
        missing.err
    );
}

#[test]
fn build_tag_push_pull_and_what_inspect_tells() {
    let mut bench = Bench::new().logged_in();
    bench.file("Dockerfile", DOCKERFILE);
    let name = format!("{REGISTRY}/shop");
    let built = bench.call(&format!(
        "docker build --target production -t {name}:v1 -t local:dev ."
    ));
    assert_eq!(built.code, 0, "{}", built.err);
    let pushed = bench.call(&format!("docker push {name}:v1"));
    assert_eq!(pushed.code, 0, "{}", pushed.err);
    let digest = digest_of(&mut bench, "v1").unwrap();
    assert!(
        pushed.out.contains(&format!("v1: digest: {digest} size: ")),
        "{}",
        pushed.out
    );
    let shown = bench.call_with(
        &[
            "docker",
            "inspect",
            "--format={{index .RepoDigests 0}}",
            "local:dev",
        ],
        "",
    );
    assert_eq!(shown.out, format!("{name}@{digest}\n"));

    // Promotion by retagging, as in many pipelines.
    assert_eq!(
        bench
            .call(&format!("docker tag {name}:v1 {name}:production"))
            .code,
        0
    );
    assert_eq!(
        bench.call(&format!("docker push {name}:production")).code,
        0
    );
    assert_eq!(digest_of(&mut bench, "production"), Some(digest.clone()));
    bench.machine.images.clear();
    assert_eq!(
        bench.call(&format!("docker push {name}:v1")).code,
        1,
        "it is not local any more"
    );
    assert_eq!(bench.call(&format!("docker pull {name}@{digest}")).code, 0);
    let absent = bench.call(&format!("docker pull {name}:v9"));
    assert_eq!(absent.code, 1);
    assert!(
        absent.err.contains("not found: manifest unknown"),
        "{}",
        absent.err
    );
    assert_eq!(
        bench
            .call(&format!("docker manifest inspect {name}:v9"))
            .code,
        1
    );
    let moved = bench.call(&format!(
        "docker buildx imagetools create -t {name}:again {name}:v1"
    ));
    assert_eq!(moved.code, 0, "{}", moved.err);
    assert_eq!(digest_of(&mut bench, "again"), Some(digest));
}

#[test]
fn a_commit_decides_about_its_build_and_its_scan() {
    let mut bench = Bench::new();
    bench.file("Dockerfile", DOCKERFILE);
    bench.commit_is(|traits| {
        traits.fails.insert(Gate::ImageBuild);
    });
    assert_eq!(bench.call("docker build -t app .").code, 1);
    bench.commit_is(|traits| {
        traits.fails.insert(Gate::ImageScan);
    });
    assert_eq!(bench.call("docker build -t app .").code, 0);
    assert_eq!(bench.call("docker save -o app.tar app").code, 0);
    for (line, code) in [
        ("trivy image app", 0),
        ("trivy image --exit-code 1 app", 1),
        (
            "trivy image --exit-code 10 --severity HIGH,CRITICAL --ignore-unfixed app:latest",
            10,
        ),
        ("trivy image --exit-code 1 --severity CRITICAL app", 0),
        ("trivy image --exit-code 1 --input app.tar", 1),
        ("trivy image --exit-code 1 --scanners secret app", 0),
        ("trivy fs --exit-code 1 .", 0),
        (
            "trivy image --exit-code 1 --format json --output report.json app",
            1,
        ),
        ("trivy image --exit-code 1 nowhere:1", 1),
    ] {
        let ended = bench.call(line);
        assert_eq!(ended.code, code, "{line}: {}{}", ended.out, ended.err);
    }
    let report: Value = serde_json::from_str(bench.text("report.json")).unwrap();
    assert_eq!(
        report["Results"][0]["Vulnerabilities"][0]["Severity"],
        "HIGH"
    );
}

#[test]
fn a_check_inside_the_image_is_the_commits_check() {
    let mut bench = Bench::new();
    bench.file("Dockerfile", DOCKERFILE);
    bench.file(
        "package.json",
        r#"{ "scripts": { "test": "jest", "lint": "eslint ." } }"#,
    );
    bench.commit_is(|traits| {
        traits.fails.insert(Gate::Test);
    });
    assert_eq!(bench.call("docker build -t app:ci .").code, 0);
    let line = "docker run --rm -e CI=1 app:ci npm test -- --coverage";
    assert_eq!(bench.call(line).code, 1);
    assert_eq!(bench.call("docker run --rm app:ci npm run lint").code, 0);
    assert!(bench.not_modelled().is_empty());
    assert_eq!(bench.call("docker run --rm app:ci ./check.sh").code, 125);
}

#[test]
fn builds_differ_and_mistakes_are_refused() {
    let mut bench = Bench::new();
    bench.file("Dockerfile", DOCKERFILE);
    let id = |bench: &mut Bench| {
        bench.call("docker build -q -t app .");
        bench
            .call_with(&["docker", "image", "inspect", "-f", "{{.Id}}", "app"], "")
            .out
    };
    assert_ne!(id(&mut bench), id(&mut bench));
    for (line, words) in [
        (
            "docker build --target nosuch .",
            "target stage \"nosuch\" could not be found",
        ),
        ("docker build -t UPPER .", "invalid reference format"),
        ("docker build", "requires exactly 1 argument"),
        (
            "docker buildx build --output type=oci,dest=x .",
            "OCI exporter is not supported",
        ),
        ("docker build --push -t shop .", "lockkeeper"),
        (
            "docker run -d --name db postgres:17",
            "docker run postgres:17 is not modelled",
        ),
        ("docker build --nosuch .", "--nosuch is not modelled"),
    ] {
        let ended = bench.call(line);
        assert_ne!(ended.code, 0, "{line}");
        assert!(ended.err.contains(words), "{line}: {}", ended.err);
    }
    let named = bench.not_modelled();
    assert!(
        named.iter().any(|text| text.contains("docker run")),
        "{named:?}"
    );
    assert!(
        named.iter().any(|text| text.contains("--nosuch")),
        "{named:?}"
    );

    // A buildx builder of its own keeps what it builds to itself.
    bench.machine.container_builder = true;
    let built = bench.call("docker buildx build -t other:1 .");
    assert_eq!(built.code, 0);
    assert!(
        built.err.contains("only remain in the build cache"),
        "{}",
        built.err
    );
    assert_eq!(bench.call("docker inspect other:1").code, 1);
    bench.files.clear();
    assert_eq!(bench.call("docker build .").code, 0);
    assert!(
        bench
            .not_modelled()
            .iter()
            .any(|text| text.contains("there is no ./Dockerfile"))
    );
}

#[test]
fn a_registry_in_trouble() {
    let mut bench = Bench::new();
    bench.file("Dockerfile", DOCKERFILE);
    let name = format!("{REGISTRY}/shop:v1");
    bench.call(&format!("docker build -t {name} ."));
    let refused = bench.call(&format!("docker push {name}"));
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("no basic auth credentials"),
        "{}",
        refused.err
    );
    assert_eq!(
        bench
            .call_with(
                &["docker", "login", "-u", "AWS", "--password-stdin", REGISTRY],
                "wrong"
            )
            .code,
        1
    );

    let mut bench = bench.logged_in();
    bench.outage(Api::Ecr, Some("Push"), Ailment::ServerError, 2);
    let pushed = bench.call(&format!("docker push {name}"));
    assert_eq!(pushed.code, 0, "{}", pushed.err);
    assert!(
        pushed.out.contains("Retrying in 5 seconds"),
        "{}",
        pushed.out
    );
    assert!(pushed.took.as_secs() >= 23, "{:?}", pushed.took);
    bench.outage(Api::Ecr, Some("Pull"), Ailment::Throttled, 1);
    let copied = bench.call(&format!("skopeo copy docker://{name} oci:copy:v1"));
    assert_eq!(copied.code, 1, "skopeo does not try again by itself");
    bench.outage(Api::Ecr, Some("Pull"), Ailment::LostAnswer, 1);
    let copied = bench.call(&format!(
        "skopeo copy --retry-times 2 docker://{name} oci:copy:v1"
    ));
    assert_eq!(copied.code, 0, "{}", copied.err);
    assert!(ImageRef::parse(&name).unwrap().place.as_ref() == Some(Cloud::default().home()));
}
