//! Who plays, and the commits that stories are about.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockkeeper_names::Login;
use lockkeeper_world::app::Behaviour;

use crate::commits::{Commits, Gate, Traits};
use crate::repository::{Change, File, Repository};

/// Writes changes.
pub(crate) const DEVELOPER: &str = "devi";
/// Merges, dispatches, rolls back.
pub(crate) const OPERATOR: &str = "oona";
/// May approve deployments to production.
pub(crate) const REVIEWER: &str = "rafa";
/// Has no access to the repository.
pub(crate) const STRANGER: &str = "stranger";

pub(crate) fn login(name: &str) -> Login {
    Login::parse(name).expect("the cast's names are logins")
}

/// A commit of the cast.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    message: &'static str,
    parent: Option<&'static str>,
    fails: &'static [Gate],
    behaviour: Behaviour,
}

const fn good(name: &'static str, message: &'static str, parent: Option<&'static str>) -> Role {
    Role {
        name,
        message,
        parent,
        fails: &[],
        behaviour: Behaviour::Healthy,
    }
}

const fn red(name: &'static str, message: &'static str, fails: &'static [Gate]) -> Role {
    Role {
        name,
        message,
        parent: None,
        fails,
        behaviour: Behaviour::Healthy,
    }
}

const fn bad(name: &'static str, message: &'static str, behaviour: Behaviour) -> Role {
    Role {
        name,
        message,
        parent: Some("first"),
        fails: &[],
        behaviour,
    }
}

/// Every commit that a story may use. `first`, `second` and `third` follow each other; the others
/// branch off.
pub(crate) const ROLES: &[Role] = &[
    good("first", "Add a filter to the list", None),
    good("second", "Speed up the search", Some("first")),
    good("third", "Reword the help", Some("second")),
    red("fails-lint", "Leave a variable unused", &[Gate::Lint]),
    red(
        "fails-type-check",
        "Pass a number where a text is wanted",
        &[Gate::TypeCheck],
    ),
    red("fails-tests", "Round the wrong way", &[Gate::Test]),
    red(
        "fails-coverage",
        "Add a feature without tests",
        &[Gate::Coverage],
    ),
    red(
        "fails-image-build",
        "Copy a file that is not there",
        &[Gate::ImageBuild],
    ),
    red(
        "fails-image-scan",
        "Go back to an old base image",
        &[Gate::ImageScan],
    ),
    bad(
        "crashes",
        "Read a setting that is not set",
        Behaviour::CrashesAtStart,
    ),
    bad(
        "never-ready",
        "Ask the wrong database",
        Behaviour::NeverReady,
    ),
    bad(
        "flaps",
        "Leak memory quickly",
        Behaviour::Flapping {
            healthy_for: Duration::from_secs(75),
        },
    ),
];

/// The changes that make the cast's commits: each touches one source file.
pub(crate) fn changes(files: &BTreeMap<String, File>) -> Vec<Change> {
    let path = touched(files);
    ROLES
        .iter()
        .map(|role| {
            let mut file = files.get(&path).cloned().unwrap_or(File {
                executable: false,
                contents: Vec::new(),
            });
            file.contents
                .extend_from_slice(format!("\n// {}\n", role.message).as_bytes());
            Change {
                name: role.name.to_owned(),
                message: role.message.to_owned(),
                files: BTreeMap::from([(path.clone(), file)]),
                parent: role.parent.map(str::to_owned),
            }
        })
        .collect()
}

/// The file that changes touch: a source file where there is one, so that path filters let the
/// change through as they would a real one.
pub(crate) fn touched(files: &BTreeMap<String, File>) -> String {
    let source = |path: &&String| {
        let code = [
            ".ts", ".js", ".py", ".go", ".rs", ".java", ".rb", ".php", ".tsx", ".jsx", ".kt",
        ]
        .iter()
        .any(|end| path.ends_with(end));
        code && !path.starts_with('.') && !path.contains("test") && !path.contains("config")
    };
    let under_source = files
        .keys()
        .filter(source)
        .find(|path| path.starts_with("src/") || path.starts_with("app/"));
    under_source
        .or_else(|| files.keys().find(source))
        .cloned()
        .unwrap_or_else(|| "src/change.txt".to_owned())
}

/// What each commit of the cast is like.
pub(crate) fn commits(repository: &Repository) -> Commits {
    let mut commits = Commits::default();
    for role in ROLES {
        let Some(sha) = repository.change(role.name) else {
            continue;
        };
        let fails: BTreeSet<Gate> = role.fails.iter().copied().collect();
        let coverage_percent = if fails.contains(&Gate::Coverage) {
            41.0
        } else {
            97.5
        };
        commits.insert(
            sha.clone(),
            Traits {
                fails,
                coverage_percent,
                behaviour: role.behaviour,
            },
        );
    }
    commits
}
