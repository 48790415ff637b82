//! What a command of the Node.js world checks, by its words.

use crate::commits::Gate;

/// What running a command means for a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It checks this; tests may measure coverage too, with the tool named.
    Checks(Gate, Option<Measure>),
    /// Only compares coverage that was measured before.
    Compares(Measure),
    /// It runs package scripts of these names (`*` matches), one after the other.
    Scripts(Vec<String>, Vec<String>),
    /// Each of these lines is run.
    Lines(Vec<String>),
    /// It builds, copies, generates, prints: nothing that a commit could fail here.
    Nothing,
    /// It ends with this status.
    Ends(i32),
    Unknown,
}

/// The tool that measures coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    Jest,
    Vitest,
    /// c8 and nyc, which read the same options.
    C8,
    Node,
}

const LINTERS: &[&str] = &[
    "eslint",
    "biome",
    "oxlint",
    "xo",
    "standard",
    "semistandard",
    "stylelint",
    "tslint",
    "ts-standard",
    "eslint_d",
    "knip",
    "markdownlint",
    "markdownlint-cli2",
    "publint",
    "commitlint",
];
const TYPE_CHECKERS: &[&str] = &[
    "tsc",
    "vue-tsc",
    "svelte-check",
    "tsgo",
    "flow",
    "tsd",
    "attw",
];
const TESTERS: &[&str] = &[
    "mocha", "ava", "tap", "jasmine", "karma", "uvu", "lab", "qunit", "wtr", "borp", "tape",
];
const HARMLESS: &[&str] = &[
    "echo",
    "printf",
    "true",
    ":",
    "cd",
    "rm",
    "rimraf",
    "del-cli",
    "mkdir",
    "mkdirp",
    "cp",
    "mv",
    "cpx",
    "copyfiles",
    "touch",
    "cat",
    "tee",
    "ls",
    "pwd",
    "sleep",
    "test",
    "[",
    "chmod",
    "which",
    "husky",
    "lefthook",
    "patch-package",
    "vite",
    "webpack",
    "esbuild",
    "tsup",
    "tsdown",
    "rollup",
    "swc",
    "babel",
    "parcel",
    "ncc",
    "unbuild",
    "astro",
    "nuxt",
    "gulp",
    "grunt",
    "sass",
    "postcss",
    "tailwindcss",
    "tsc-alias",
    "resolve-tspaths",
    "typedoc",
    "redocly",
    "graphql-codegen",
    "openapi-typescript",
    "only-allow",
    "is-ci",
    "simple-git-hooks",
    "svgr",
    "shx",
    "make-dir",
];
/// Words that only stand before the command that counts.
const WRAPPERS: &[&str] = &[
    "npx",
    "exec",
    "env",
    "cross-env",
    "cross-env-shell",
    "time",
    "nice",
    "command",
    "dotenv",
    "dotenvx",
    "env-cmd",
    "start-server-and-test",
    "bunx",
    "tsx",
    "ts-node",
    "infisical",
    "wireit",
];

pub(super) fn meaning(words: &[String]) -> Meaning {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    loop {
        let Some(first) = words.first().copied() else {
            return Meaning::Nothing;
        };
        let name = base(first);
        let is_assignment = first
            .split_once('=')
            .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        if is_assignment || first == "--" || first == "!" {
            words.remove(0);
        } else if matches!(name, "tsx" | "ts-node") {
            // They run a file, unless they run node's tests.
            return match words.contains(&"--test") {
                true => node_tests(&words),
                false => Meaning::Unknown,
            };
        } else if WRAPPERS.contains(&name) {
            words.remove(0);
            while words
                .first()
                .is_some_and(|word| word.starts_with('-') && *word != "--")
            {
                let option = words.remove(0);
                if matches!(option, "-p" | "--package" | "-e" | "-f" | "-c") && !words.is_empty() {
                    words.remove(0);
                }
            }
        } else {
            break;
        }
    }
    let (first, rest) = (base(words[0]), &words[1..]);
    let has = |option: &str| {
        rest.iter().any(|word| {
            *word == option
                || word
                    .strip_prefix(option)
                    .is_some_and(|tail| tail.starts_with('='))
        })
    };
    let sub = rest.iter().find(|word| !word.starts_with('-')).copied();
    if has("--version") || has("--help") {
        return Meaning::Nothing;
    }
    match first {
        "exit" => Meaning::Ends(rest.first().and_then(|code| code.parse().ok()).unwrap_or(0)),
        "false" => Meaning::Ends(1),
        "prettier" | "dprint" => {
            let checks = ["--check", "-c", "-l", "--list-different"]
                .iter()
                .any(|o| has(o));
            match checks || sub == Some("check") {
                true => Meaning::Checks(Gate::Lint, None),
                false => Meaning::Nothing,
            }
        }
        "jest" => Meaning::Checks(Gate::Test, Some(Measure::Jest)),
        "vitest" if sub == Some("typecheck") => Meaning::Checks(Gate::TypeCheck, None),
        "vitest" => Meaning::Checks(Gate::Test, Some(Measure::Vitest)),
        "react-scripts" if sub == Some("test") => Meaning::Checks(Gate::Test, Some(Measure::Jest)),
        "playwright" if sub == Some("test") => Meaning::Checks(Gate::Test, None),
        "cypress" if sub == Some("run") => Meaning::Checks(Gate::Test, None),
        "playwright" | "cypress" => Meaning::Nothing,
        "next" | "ng" | "nx" | "turbo" | "react-scripts" | "nest" | "remix" | "expo" | "lerna"
        | "rush" => framework(first, rest),
        "c8" | "nyc" => covered(rest),
        "node" => match has("--test") {
            true => node_tests(&words),
            false => Meaning::Unknown,
        },
        "npm" | "yarn" | "pnpm" => scripts_of(first, rest),
        "run-s" | "run-p" | "npm-run-all" | "npm-run-all2" => {
            let names = rest.iter().filter(|word| !word.starts_with('-'));
            Meaning::Scripts(names.map(|name| (*name).to_owned()).collect(), Vec::new())
        }
        "concurrently" => {
            let lines = rest.iter().filter(|word| !word.starts_with('-'));
            let as_line = |word: &&str| match word.split_once(':') {
                Some(("npm" | "yarn" | "pnpm", script)) => format!("npm run {script}"),
                _ => (**word).to_owned(),
            };
            Meaning::Lines(lines.map(as_line).collect())
        }
        "prisma" | "drizzle-kit" if matches!(sub, Some("generate" | "validate" | "check")) => {
            Meaning::Nothing
        }
        name if LINTERS.contains(&name) => Meaning::Checks(Gate::Lint, None),
        name if TYPE_CHECKERS.contains(&name) => Meaning::Checks(Gate::TypeCheck, None),
        name if TESTERS.contains(&name) => Meaning::Checks(Gate::Test, None),
        name if HARMLESS.contains(&name) => Meaning::Nothing,
        _ => Meaning::Unknown,
    }
}

/// `./node_modules/.bin/jest` and `jest@29` are `jest`.
fn base(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    match name.find('@') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}

fn node_tests(words: &[&str]) -> Meaning {
    let measures = words.contains(&"--experimental-test-coverage");
    Meaning::Checks(Gate::Test, measures.then_some(Measure::Node))
}

/// `c8 [options] command…`: the command, measured.
fn covered(words: &[&str]) -> Meaning {
    const VALUES: &[&str] = &[
        "-r",
        "--reporter",
        "-o",
        "--reports-dir",
        "-x",
        "--exclude",
        "-n",
        "--include",
        "--src",
        "--lines",
        "--branches",
        "--functions",
        "--statements",
        "--temp-directory",
        "-c",
        "--config",
        "--extension",
        "--report-dir",
        "--cwd",
    ];
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if word.starts_with('-') {
            if VALUES.contains(word) {
                rest.next();
            }
            continue;
        }
        if *word == "check-coverage" {
            return Meaning::Compares(Measure::C8);
        }
        if *word == "report" || *word == "merge" || *word == "instrument" {
            return Meaning::Nothing;
        }
        let inner: Vec<String> = std::iter::once(word)
            .chain(rest)
            .map(|word| (*word).to_owned())
            .collect();
        return match meaning(&inner) {
            Meaning::Checks(Gate::Test, _) | Meaning::Unknown | Meaning::Scripts(..) => {
                Meaning::Checks(Gate::Test, Some(Measure::C8))
            }
            other => other,
        };
    }
    Meaning::Nothing
}

fn framework(name: &str, rest: &[&str]) -> Meaning {
    let tasks: Vec<&str> = rest
        .iter()
        .filter(|word| !word.starts_with('-') && !matches!(**word, "run" | "run-many" | "affected"))
        .copied()
        .collect();
    let asked = tasks.first().copied().or_else(|| {
        let target = rest.iter().find_map(|word| word.strip_prefix("--target="));
        target.or_else(|| rest.iter().find_map(|word| word.strip_prefix("-t=")))
    });
    match (name, asked) {
        // They check types on their way.
        ("next" | "nest", Some("build")) => Meaning::Checks(Gate::TypeCheck, None),
        (_, Some(task)) => match by_name(task) {
            Some(gate) => Meaning::Checks(gate, None),
            None if matches!(task, "build" | "generate" | "codegen" | "prepare") => {
                Meaning::Nothing
            }
            None => Meaning::Unknown,
        },
        (_, None) => Meaning::Unknown,
    }
}

/// `npm run x`, `yarn x` inside a script.
fn scripts_of(manager: &str, rest: &[&str]) -> Meaning {
    let (own, passed) = match rest.iter().position(|word| *word == "--") {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &[][..]),
    };
    let words: Vec<&str> = own
        .iter()
        .filter(|word| !word.starts_with('-'))
        .copied()
        .collect();
    let passed = passed.iter().map(|word| (*word).to_owned()).collect();
    let one = |name: &str| Meaning::Scripts(vec![name.to_owned()], passed);
    match words.as_slice() {
        ["run" | "run-script", name, ..] => one(name),
        ["test" | "t", ..] => one("test"),
        ["exec" | "x" | "dlx", tail @ ..] => {
            let tail: Vec<String> = tail.iter().map(|word| (*word).to_owned()).collect();
            meaning(&tail)
        }
        []
        | [
            "ci" | "install" | "i" | "audit" | "ls" | "prune" | "cache" | "config",
            ..,
        ] => Meaning::Nothing,
        [name, ..] if manager != "npm" => one(name),
        _ => Meaning::Unknown,
    }
}

/// The gate that a script of this name stands for, where its body does not tell.
pub(super) fn by_name(script: &str) -> Option<Gate> {
    let name = script.to_ascii_lowercase();
    let has = |part: &str| name.contains(part);
    if has("type-check")
        || has("typecheck")
        || has("check-types")
        || has("types:check")
        || name == "types"
        || name == "tsc"
    {
        Some(Gate::TypeCheck)
    } else if has("lint") || has("format:check") || has("check:format") || has("check-format") {
        Some(Gate::Lint)
    } else if has("test") || has("coverage") || name == "e2e" || name == "spec" {
        Some(Gate::Test)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Meaning {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        meaning(&words)
    }

    #[test]
    fn what_commands_check() {
        use Meaning::{Checks, Compares, Ends, Nothing, Unknown};
        for (line, means) in [
            ("eslint --max-warnings 0 .", Checks(Gate::Lint, None)),
            (
                "NODE_ENV=test npx --no-install eslint@9 src",
                Checks(Gate::Lint, None),
            ),
            (
                "./node_modules/.bin/tsc --noEmit",
                Checks(Gate::TypeCheck, None),
            ),
            ("prettier --write .", Nothing),
            ("prettier --check .", Checks(Gate::Lint, None)),
            (
                "c8 --check-coverage --lines 85 node --test dist",
                Checks(Gate::Test, Some(Measure::C8)),
            ),
            (
                "npx --no-install c8 check-coverage --lines 80",
                Compares(Measure::C8),
            ),
            (
                "cross-env CI=1 jest --ci",
                Checks(Gate::Test, Some(Measure::Jest)),
            ),
            ("node --import tsx --test", Checks(Gate::Test, None)),
            ("next build", Checks(Gate::TypeCheck, None)),
            ("turbo run lint", Checks(Gate::Lint, None)),
            ("echo no tests", Nothing),
            ("exit 3", Ends(3)),
            ("node scripts/migrate.js", Unknown),
            ("tsc --version", Nothing),
        ] {
            assert_eq!(of(line), means, "{line}");
        }
        assert_eq!(
            of("npm run lint:ts -- --fix"),
            Meaning::Scripts(vec!["lint:ts".into()], vec!["--fix".into()])
        );
    }
}
