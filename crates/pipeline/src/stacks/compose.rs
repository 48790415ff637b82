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

/// The pinned image, and what was assumed to choose it.
pub(super) fn postgres(repository: &Repository) -> Result<(String, Option<String>), StackError> {
    let table: Table = toml::from_str(include_str!("../../data/service-images.toml"))
        // The table is part of the program, and a test reads it.
        .expect("the built-in table of images is well-formed");
    let mut stated = None;
    for file in COMPOSE_FILES {
        if let Some(text) = repository.read(file)? {
            stated = text
                .lines()
                .find_map(major)
                .map(|major| (file, major.to_owned()));
            break;
        }
    }
    let (major, assumed) = match stated {
        Some((_, major)) => (major, None),
        None => {
            let why = format!(
                "tests run against PostgreSQL {}: no compose file names another version",
                table.postgres.default
            );
            (table.postgres.default, Some(why))
        }
    };
    match table.postgres.images.get(&major) {
        Some(image) => Ok((image.clone(), assumed)),
        None => Err(StackError::NoPostgresImage {
            version: major,
            known: table
                .postgres
                .images
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// The major version in a line `image: postgres:16-alpine`.
fn major(line: &str) -> Option<&str> {
    let image = line
        .trim()
        .strip_prefix("image:")?
        .trim()
        .trim_matches(['"', '\'']);
    let (name, tag) = image.split_once(':')?;
    let official = matches!(
        name,
        "postgres" | "library/postgres" | "docker.io/library/postgres"
    );
    let digits = tag.split(|c: char| !c.is_ascii_digit()).next()?;
    (official && (1..=2).contains(&digits.len())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version_of_official_images_only() {
        assert_eq!(major("    image: 'postgres:16.3-alpine'"), Some("16"));
        assert_eq!(
            major("image: docker.io/library/postgres:15@sha256:00"),
            Some("15")
        );
        assert_eq!(major("image: bitnami/postgres:15"), None);
        assert_eq!(major("image: postgres:latest"), None);
        assert_eq!(major("# image: postgres:16"), None);
    }
}
