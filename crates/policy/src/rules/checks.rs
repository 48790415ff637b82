use super::{Form, Meaning, Parts, Recogniser, Refusal, image_scan};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Checks of a pull request",
    meaning: "A pull request can be merged only when each of these checks has passed.",
    forms: &[
        Form {
            pattern: "<ci> [<must> <pass>|<pass>|<must> run|runs|run|includes|include|checks|consists of|requires|require] [the following] [checks|gates|steps] <gates>",
            meaning,
        },
        Form {
            pattern: "[<each>] <pr> (<must> pass|<must> have passed|pass|passes|require|requires|need|needs|run|runs|<must> run) [passing] [ci] [the following] [checks|gates] <gates>",
            meaning,
        },
        Form {
            pattern: "(on|for|in|before merging) [<each>] <pr> [run|ci runs|we run|we require] <gates> [<must> <pass>|<be> required|run|runs|<be> run]",
            meaning,
        },
        Form {
            pattern: "<pr> [can|may] [only] <be-merged> [only] (when|if|after|once) [ci passes] [with] <gates> [<pass>]",
            meaning,
        },
        Form {
            pattern: "(merging|merge|merges) [(to|into) <branch>] (requires|require) [passing] <gates> [to pass]",
            meaning,
        },
        Form {
            pattern: "<gates> (<must> <pass>|<be> <required>|<must> be <required>|<required>) [<before-merge>]",
            meaning,
        },
        // Lines of checklists and of tables of checks.
        Form {
            pattern: "<gates> passing (in|on) ci [<before-merge>]",
            meaning,
        },
        Form {
            pattern: "[<each>] ci checks passing",
            meaning,
        },
        Form {
            pattern: "#build([container] (docker|image|docker image|container|container image) (built|builds|build passes)) successfully",
            meaning,
        },
        Form {
            pattern: "[test|tests|testing|build|ci|quality] <gates> [<pass>] (<required>|yes)",
            meaning,
        },
        Form {
            pattern: "(#lint(lint|linting|linter|code style) [eslint|ruff|biome|clippy|golangci-lint|flake8|pylint|checkstyle]|#type-check(type-check|type-checks|type-checking|types) [typescript|typescript/jsdoc|tsc|mypy|pyright]) (0|zero|no) (error|errors|warning|warnings)",
            meaning,
        },
        Form {
            pattern: "#test([unit] (tests|test)) [jest|vitest|mocha|pytest|junit|go test|cargo test] (all <pass>|100% <pass>|(0|zero|no) failures)",
            meaning,
        },
        Form {
            pattern: "<gates> <must> run (on|for|in) [<each>] <pr>",
            meaning,
        },
        Form {
            pattern: "(run|require) <gates> (on|for|in) [<each>] <pr>",
            meaning,
        },
        Form {
            pattern: "<gates> (run|runs|<be> run) (on|for|in) [<each>] <pr>",
            meaning,
        },
        Form {
            pattern: "no merge without <gates> [<pass>]",
            meaning,
        },
        Form {
            pattern: "<ci> [<must>] <pass> [<before-merge>]",
            meaning,
        },
        Form {
            pattern: "[<each>] <pr> (<must> pass|<must> have passed|require|requires|need|needs) [passing] ci [checks|to pass]",
            meaning,
        },
        Form {
            pattern: "<pr> [can|may] [only] <be-merged> [only] (when|if|after|once) ci (passes|has passed|is green|succeeds)",
            meaning,
        },
        Form {
            pattern: "no merge without [a] (passing|green) ci",
            meaning,
        },
    ],
    write,
    examples: &[
        "A pull request can be merged only when CI passes: lint, type check, tests with at least 80% coverage, docker build, Trivy scan (HIGH and CRITICAL)",
        "PR CI must pass: lint + type-check + tests (80% coverage) + docker build + trivy security scan",
        "Pull requests must pass lint, typecheck, unit tests (coverage >= 70%), image build and Trivy",
        "Lint and tests should pass before merge",
        "On every pull request: lint, tests",
        "Tests must pass before merge",
        "CI must pass before merge",
        "All tests must pass",
        "All tests passing in CI",
        "Docker image built successfully",
        "Linting: 0 errors",
        "Unit tests (Vitest): all pass",
    ],
    near_misses: &[
        "Tests need not pass before merge",
        "Integration tests must pass before merge",
        "PR CI must pass: lint + accessibility audit",
        "Lint must pass before merge unless it is urgent",
        "Tests pass",
        "Tests passing",
        "Most tests passing in CI",
        "Integration tests: all pass",
    ],
};

/// A statement of gates by name; without any, CI as a whole.
fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let mut settings = Vec::new();
    for (name, key) in [
        ("lint", Key::Lint),
        ("type-check", Key::TypeCheck),
        ("test", Key::Test),
        ("build", Key::ImageBuild),
    ] {
        if let Some(span) = parts.span(name) {
            settings.push(Setting::new(key, Value::Flag(true)).at(span));
        }
    }
    if let Some(percent) = parts.percent()? {
        settings.extend(coverage(percent, parts, &settings));
    }
    if let Some(span) = parts.span("scan") {
        settings.extend(image_scan::settings(parts.severities(), span));
    }
    if settings.is_empty() {
        settings.push(Setting::new(Key::Ci, Value::Given));
    }
    let branch = parts.branch()?.map(|(branch, _)| branch);
    let settings = settings
        .into_iter()
        .map(|setting| setting.on(branch.clone()));
    Ok(Meaning::enforced(settings.collect()))
}

/// Coverage is measured by the tests, so it asks for them.
pub(super) fn coverage(percent: u8, parts: &Parts<'_>, sofar: &[Setting]) -> Vec<Setting> {
    let span = parts.span("coverage").unwrap_or_else(|| parts.whole());
    let mut settings = Vec::new();
    if !sofar.iter().any(|setting| setting.key == Key::Test) {
        settings.push(Setting::new(Key::Test, Value::Flag(true)).at(span.clone()));
    }
    settings.push(Setting::new(Key::Coverage, Value::Percent(percent)).at(span));
    settings
}

fn write(draft: &Draft) -> Vec<String> {
    let mut gates = Vec::new();
    let mut gate = |key, name: String| {
        if draft.flag(key) == Some(true) {
            gates.push(name);
        }
    };
    gate(Key::Lint, "lint".to_owned());
    gate(Key::TypeCheck, "type check".to_owned());
    gate(
        Key::Test,
        match draft.get(Key::Coverage) {
            Some(percent) => format!("tests with at least {percent} coverage"),
            None => "tests".to_owned(),
        },
    );
    gate(Key::ImageBuild, "docker build".to_owned());
    if draft.has(Key::Scanner) {
        gates.push(match draft.get(Key::Severities) {
            Some(severities) => format!("Trivy scan ({severities})"),
            None => "Trivy scan".to_owned(),
        });
    }
    if !gates.is_empty() {
        vec![format!(
            "A pull request can be merged only when CI passes: {}",
            gates.join(", ")
        )]
    } else if draft.has(Key::Ci) {
        vec!["CI must pass before merge".to_owned()]
    } else {
        Vec::new()
    }
}
