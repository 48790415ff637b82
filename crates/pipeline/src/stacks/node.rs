//! Node.js services that use npm.

use serde_json::Value;

use super::{Coverage, NodeVersion, Repository, Stack, StackError, Toolchain, compose, dockerfile};

const OTHER_LOCKFILES: [&str; 4] = ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];
const TYPE_CHECK_SCRIPTS: [&str; 5] = ["type-check", "typecheck", "check-types", "types", "tsc"];
const MIGRATION_FOLDERS: [&str; 5] = [
    "migrations",
    "prisma/migrations",
    "db/migrations",
    "src/migrations",
    "drizzle",
];

struct Package {
    json: Value,
}

pub(super) fn detect(repository: &Repository) -> Result<Option<Stack>, StackError> {
    let Some(text) = repository.read("package.json")? else {
        return Ok(None);
    };
    let json: Value = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
    if !json.is_object() {
        return Err(malformed("it is not an object".to_owned()));
    }
    let package = Package { json };
    if !repository.has_file("package-lock.json") && !repository.has_file("npm-shrinkwrap.json") {
        let other = OTHER_LOCKFILES
            .into_iter()
            .find(|file| repository.has_file(file));
        return Err(match other {
            Some(found) => StackError::OtherPackageManager { found },
            None => StackError::NoLockfile,
        });
    }
    let dockerfile = dockerfile::read(repository)?;
    let docker_version = dockerfile.as_ref().and_then(|file| file.node.clone());
    let mut assumptions = Vec::new();
    let postgres = if package.depends_on("pg") || package.depends_on("postgres") {
        let (image, assumed) = compose::postgres(repository)?;
        assumptions.extend(assumed);
        Some(image)
    } else {
        None
    };
    Ok(Some(Stack {
        toolchain: Toolchain::Node(node_version(repository, docker_version)?),
        install: "npm ci".to_owned(),
        lint: package.script("lint").map(|()| "npm run lint".to_owned()),
        type_check: package.type_check(repository),
        test: package.script("test").map(|()| "npm test".to_owned()),
        coverage: package.coverage(),
        dockerfile,
        postgres,
        migrations: MIGRATION_FOLDERS
            .into_iter()
            .filter(|folder| repository.has_folder(folder))
            .map(str::to_owned)
            .collect(),
        assumptions,
    }))
}

fn malformed(why: String) -> StackError {
    StackError::Malformed {
        file: "package.json".to_owned(),
        why,
    }
}

/// The version that serves is the version to test with, so the Dockerfile comes before `engines`.
fn node_version(
    repository: &Repository,
    docker_version: Option<String>,
) -> Result<NodeVersion, StackError> {
    for file in [".nvmrc", ".node-version"] {
        if repository.has_file(file) {
            return Ok(NodeVersion::File(file.to_owned()));
        }
    }
    match docker_version {
        Some(version) => Ok(NodeVersion::Number(version)),
        None => {
            let text = repository.read("package.json")?.unwrap_or_default();
            if text.contains("\"engines\"") && text.contains("\"node\"") {
                Ok(NodeVersion::File("package.json".to_owned()))
            } else {
                Err(StackError::NoNodeVersion)
            }
        }
    }
}

impl Package {
    fn text(&self, section: &str, name: &str) -> Option<&str> {
        self.json.get(section)?.get(name)?.as_str()
    }

    fn script(&self, name: &str) -> Option<()> {
        // What `npm init` writes is no test.
        self.text("scripts", name)
            .filter(|text| !text.trim().is_empty() && !text.contains("no test specified"))
            .map(|_| ())
    }

    fn depends_on(&self, name: &str) -> bool {
        ["dependencies", "devDependencies", "peerDependencies"]
            .iter()
            .any(|section| self.text(section, name).is_some())
    }

    fn type_check(&self, repository: &Repository) -> Option<String> {
        TYPE_CHECK_SCRIPTS
            .into_iter()
            .find(|name| self.script(name).is_some())
            .map(|name| format!("npm run {name}"))
            .or_else(|| {
                (self.depends_on("typescript") && repository.has_file("tsconfig.json"))
                    .then(|| "npx --no-install tsc --noEmit".to_owned())
            })
    }

    fn coverage(&self) -> Coverage {
        let test = self.text("scripts", "test").unwrap_or_default();
        let words: Vec<&str> = test.split_whitespace().collect();
        let runs = |tool: &str| words.contains(&tool);
        if runs("c8") || runs("nyc") {
            let tool = if runs("c8") { "c8" } else { "nyc" };
            if let Some(percent) = enforced_lines(&words) {
                return Coverage::Enforced { percent };
            }
            return Coverage::Afterwards(format!(
                "npx --no-install {tool} check-coverage --lines {{percent}}"
            ));
        }
        if runs("jest") {
            return Coverage::Arguments(
                "--coverage --coverageThreshold='{\"global\":{\"lines\":{percent}}}'".to_owned(),
            );
        }
        if runs("vitest") {
            if self.depends_on("@vitest/coverage-v8")
                || self.depends_on("@vitest/coverage-istanbul")
            {
                return Coverage::Arguments(
                    "--run --coverage.enabled --coverage.thresholds.lines={percent}".to_owned(),
                );
            }
            return Coverage::Unknown(
                "vitest measures coverage with @vitest/coverage-v8: add it to devDependencies"
                    .to_owned(),
            );
        }
        Coverage::Unknown(
            "the script `test` runs no tool that lockkeeper knows to measure coverage (c8, nyc, jest, vitest): run the tests through one, for example `c8 node --test`".to_owned(),
        )
    }
}

/// The percentage of lines below which `c8 --check-coverage --lines N` fails by itself.
fn enforced_lines(words: &[&str]) -> Option<u8> {
    let checks = words
        .iter()
        .any(|word| matches!(*word, "--check-coverage" | "--check-coverage=true"));
    let lines = words.iter().enumerate().find_map(|(at, word)| match *word {
        "--lines" => words.get(at + 1).copied(),
        other => other.strip_prefix("--lines="),
    });
    // A command after the tool may hide its failure.
    let masked = words
        .iter()
        .any(|word| matches!(*word, "||" | ";" | "|" | "&"));
    if checks && !masked {
        lines?.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(test: &str) -> Coverage {
        Package {
            json: serde_json::json!({ "scripts": { "test": test } }),
        }
        .coverage()
    }

    #[test]
    fn a_threshold_counts_only_where_it_can_fail() {
        assert_eq!(
            coverage("tsc && c8 --check-coverage --lines 85 node --test"),
            Coverage::Enforced { percent: 85 }
        );
        for test in [
            "c8 --lines 85 node --test",
            "c8 --check-coverage --lines 85 node --test || true",
            "c8 node --test",
        ] {
            assert!(matches!(coverage(test), Coverage::Afterwards(_)), "{test}");
        }
        assert!(matches!(coverage("jest"), Coverage::Arguments(_)));
        assert!(matches!(coverage("vitest"), Coverage::Unknown(_)));
        assert!(matches!(coverage("node --test"), Coverage::Unknown(_)));
    }
}
