//! The PostgreSQL that tests need: which one, and its image.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Repository, StackError};

const COMPOSE_FILES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

#[derive(Deserialize)]
struct Table {
    postgres: Images,
}

#[derive(Deserialize)]
struct Images {
    default: String,
    images: BTreeMap<String, String>,
}

/// The image, pinned if that is possible, and what was assumed to choose it.
pub(super) fn postgres(repository: &Repository) -> Result<(String, Option<String>), StackError> {
    let table: Table = toml::from_str(include_str!("../../data/service-images.toml"))
        // The table is part of the program, and a test reads it.
        .expect("the built-in table of images is well-formed");
    let Images { default, images } = table.postgres;
    for file in COMPOSE_FILES {
        let Some(text) = repository.read(file)? else {
            continue;
        };
        let Some(stated) = text.lines().find_map(official) else {
            continue;
        };
        if stated.contains('@') {
            return Ok((stated.to_owned(), None));
        }
        return Ok(match major(stated).and_then(|major| images.get(major)) {
            Some(image) => (image.clone(), None),
            None => (
                stated.to_owned(),
                Some(format!(
                    "tests run against {stated}, as {file} says; its digest is not known, so it is not pinned"
                )),
            ),
        });
    }
    let image = images.get(&default).cloned().unwrap_or_default();
    let why =
        format!("tests run against PostgreSQL {default}: no compose file names another version");
    Ok((image, Some(why)))
}

/// The image in a line `image: postgres:16-alpine`, if it is PostgreSQL's own.
fn official(line: &str) -> Option<&str> {
    let image = line
        .trim()
        .strip_prefix("image:")?
        .trim()
        .trim_matches(['"', '\'']);
    let (name, tag) = image.split_once(':')?;
    let reference = |c: char| c.is_ascii_alphanumeric() || "._-@:".contains(c);
    (matches!(
        name,
        "postgres" | "library/postgres" | "docker.io/library/postgres"
    ) && !tag.is_empty()
        && tag.chars().all(reference))
    .then_some(image)
}

/// `16` of `postgres:16.3-alpine`.
fn major(image: &str) -> Option<&str> {
    let (_, tag) = image.split_once(':')?;
    tag.split(|c: char| !c.is_ascii_digit())
        .next()
        .filter(|digits| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_official_images_only() {
        assert_eq!(
            official("    image: 'postgres:16.3-alpine'").and_then(major),
            Some("16")
        );
        let pinned = "docker.io/library/postgres:15@sha256:00";
        assert_eq!(official(&format!("image: {pinned}")), Some(pinned));
        assert_eq!(official("image: bitnami/postgres:15"), None);
        assert_eq!(official("image: postgres:${VERSION}"), None);
        assert_eq!(official("# image: postgres:16"), None);
        assert_eq!(major("postgres:latest"), None);
    }
}
