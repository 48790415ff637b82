//! What a pipeline needs to know of a Dockerfile.

use super::{Repository, StackError};

/// A Dockerfile, as far as a pipeline needs to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dockerfile {
    /// It has a stage `production`, which is what is shipped.
    pub production_stage: bool,
    /// The build argument that takes the version.
    pub version_argument: Option<String>,
    /// The base image of Node.js that the shipped stage starts from: `22`, `22.4.1`.
    pub(crate) node: Option<String>,
}

const VERSION_ARGUMENTS: [&str; 7] = [
    "APP_VERSION",
    "GIT_SHA",
    "GIT_COMMIT",
    "COMMIT_SHA",
    "COMMIT",
    "REVISION",
    "VERSION",
];

pub(super) fn read(repository: &Repository) -> Result<Option<Dockerfile>, StackError> {
    Ok(repository.read("Dockerfile")?.as_deref().map(parse))
}

fn parse(text: &str) -> Dockerfile {
    let mut dockerfile = Dockerfile::default();
    let mut arguments = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next().map(str::to_ascii_uppercase).as_deref() {
            Some("FROM") => {
                let rest: Vec<&str> = words.filter(|word| !word.starts_with("--")).collect();
                let stage = match rest.as_slice() {
                    [_, keyword, name, ..] if keyword.eq_ignore_ascii_case("as") => Some(*name),
                    _ => None,
                };
                dockerfile.production_stage |=
                    stage.is_some_and(|name| name.eq_ignore_ascii_case("production"));
                // The last stage that names it is the one that is shipped.
                if let Some(version) = rest.first().and_then(|image| node_version(image)) {
                    dockerfile.node = Some(version.to_owned());
                }
            }
            Some("ARG") => arguments.extend(words.map(|word| {
                word.split_once('=')
                    .map_or(word, |(name, _)| name)
                    .to_owned()
            })),
            _ => {}
        }
    }
    dockerfile.version_argument = VERSION_ARGUMENTS
        .iter()
        .find(|known| arguments.iter().any(|argument| argument == *known))
        .map(|known| (*known).to_owned());
    dockerfile
}

/// `22` of `docker.io/library/node:22-bookworm-slim@sha256:…`.
fn node_version(image: &str) -> Option<&str> {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let (name, tag) = image.rsplit_once(':')?;
    let version = tag.split('-').next()?;
    let numbers = version.split('.').all(|part| {
        (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    (name.rsplit('/').next() == Some("node") && numbers).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_stage_the_argument_and_the_version() {
        let text = "from --platform=$BUILDPLATFORM node:20 AS build\nARG TOKEN\nARG GIT_SHA=none\n\
                    FROM docker.io/library/node:22.4-alpine@sha256:00 as Production\n";
        assert_eq!(
            parse(text),
            Dockerfile {
                production_stage: true,
                version_argument: Some("GIT_SHA".into()),
                node: Some("22.4".into()),
            }
        );
        assert_eq!(
            parse("FROM scratch\nFROM node:lts\n"),
            Dockerfile::default()
        );
    }
}
