//! `docker/build-push-action`: `docker buildx build` with the options that its inputs stand for.

use serde_json::Value;

use super::{Bench, Model, Progress};

struct Build;

pub(super) fn start() -> Box<dyn Model> {
    Box::new(Build)
}

/// Inputs that change only where layers are kept, or what is recorded beside the image.
const COSMETIC: &[&str] = &[
    "cache-from",
    "cache-to",
    "sbom",
    "github-token",
    "builder",
    "labels",
    "annotations",
    "no-cache",
    "pull",
];

impl Model for Build {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        let metadata = bench.inside.join("temp/build-metadata.json");
        if let Some(code) = bench.exit_code {
            if code != 0 {
                return Progress::Failed("buildx failed with: ERROR: failed to build".into());
            }
            let written = bench
                .files
                .read_to_string("temp/build-metadata.json")
                .unwrap_or_default();
            let read: Value = serde_json::from_str(&written).unwrap_or_default();
            if let Some(digest) = read["containerimage.digest"].as_str() {
                bench
                    .effects
                    .outputs
                    .insert("digest".into(), digest.to_owned());
                bench
                    .effects
                    .outputs
                    .insert("imageid".into(), digest.to_owned());
            }
            bench.effects.outputs.insert("metadata".into(), written);
            return Progress::Done;
        }
        let mut argv: Vec<String> = ["docker", "buildx", "build", "--metadata-file"]
            .map(str::to_owned)
            .to_vec();
        argv.push(metadata.display().to_string());
        let lines = |name: &str| {
            bench
                .input(name)
                .unwrap_or_default()
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        for tag in lines("tags").iter().flat_map(|line| line.split(',')) {
            argv.extend(["--tag".to_owned(), tag.trim().to_owned()]);
        }
        for (input, option) in [
            ("file", "--file"),
            ("target", "--target"),
            ("platforms", "--platform"),
            ("provenance", "--provenance"),
        ] {
            if let Some(value) = bench.input(input) {
                argv.extend([option.to_owned(), value.to_owned()]);
            }
        }
        for (input, option) in [
            ("build-args", "--build-arg"),
            ("outputs", "--output"),
            ("secrets", "--secret"),
            ("build-contexts", "--build-context"),
        ] {
            for line in lines(input) {
                argv.extend([option.to_owned(), line]);
            }
        }
        for (input, option) in [("push", "--push"), ("load", "--load")] {
            if bench.input(input) == Some("true") {
                argv.push(option.to_owned());
            }
        }
        argv.push(bench.input("context").unwrap_or(".").to_owned());
        let known = [
            "tags",
            "file",
            "target",
            "platforms",
            "provenance",
            "build-args",
            "outputs",
            "secrets",
            "build-contexts",
            "push",
            "load",
            "context",
        ];
        let others: Vec<String> = bench
            .inputs
            .keys()
            .filter(|name| !known.contains(&name.as_str()) && !COSMETIC.contains(&name.as_str()))
            .cloned()
            .collect();
        for other in others {
            bench.not_modelled(format!(
                "the input `{other}` of docker/build-push-action: ignored"
            ));
        }
        Progress::Run {
            argv,
            env: Vec::new(),
        }
    }
}
