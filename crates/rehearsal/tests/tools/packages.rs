use lockkeeper_rehearsal::commits::Gate;

use crate::bench::*;

const PACKAGE: &str = r#"{
  "name": "shop", "version": "1.4.0",
  "scripts": {
    "lint": "eslint --max-warnings 0 .",
    "type-check": "tsc --noEmit",
    "test": "tsc && c8 --check-coverage --lines 85 node --test dist/*.test.js",
    "test:fake": "echo \"no tests yet\" && exit 0",
    "lint:soft": "npm run lint || true",
    "check": "run-s lint type-check",
    "pretested": "true", "prepretested": "eslint .",
    "migrate": "node scripts/migrate.js",
    "unit": "jest"
  }
}"#;

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.file("package.json", PACKAGE);
    bench.file("package-lock.json", "{}");
    bench
}

fn failing(gate: Gate) -> Bench {
    let mut bench = bench();
    bench.commit_is(|traits| {
        traits.fails.insert(gate);
    });
    bench
}

fn code(bench: &mut Bench, line: &str) -> i32 {
    bench.call(line).code
}

#[test]
fn a_command_fails_exactly_when_the_commit_fails_what_it_checks() {
    let lines = [
        ("npm run lint", Some(Gate::Lint)),
        ("npm run check", Some(Gate::Lint)),
        ("npm run check", Some(Gate::TypeCheck)),
        ("npm run type-check", Some(Gate::TypeCheck)),
        ("npm test", Some(Gate::Test)),
        ("npm test", Some(Gate::TypeCheck)),
        ("npm run pretested", Some(Gate::Lint)),
        ("npx --no-install eslint .", Some(Gate::Lint)),
        ("npx tsc -p .", Some(Gate::TypeCheck)),
        ("yarn lint", Some(Gate::Lint)),
        ("yarn tsc --noEmit", Some(Gate::TypeCheck)),
        ("pnpm exec vitest run", Some(Gate::Test)),
        ("node --test", Some(Gate::Test)),
        ("npm run test:fake", None),
        ("npm run lint:soft", None),
        ("npm ci", None),
    ];
    let gates = [Gate::Lint, Gate::TypeCheck, Gate::Test];
    for (line, checks) in lines {
        assert_eq!(code(&mut bench(), line), 0, "{line} with a good commit");
        for gate in gates {
            let both = |other| lines.iter().any(|(l, c)| *l == line && *c == Some(other));
            let want = i32::from(checks == Some(gate) || both(gate));
            assert_eq!(
                code(&mut failing(gate), line),
                want,
                "{line} with {gate:?} failing"
            );
        }
    }
}

#[test]
fn coverage_fails_only_below_a_threshold_that_something_sets() {
    let covered = |percent: f64| {
        let mut bench = bench();
        bench.commit_is(|traits| traits.coverage_percent = percent);
        bench
    };
    for (line, percent, want) in [
        ("npm test", 84.9, 1),
        ("npm test", 85.0, 0),
        ("npx --no-install c8 check-coverage --lines 80", 79.0, 1),
        ("npx --no-install c8 check-coverage --lines 80", 81.0, 0),
        ("npx c8 node --test", 10.0, 0),
        ("npm run unit", 10.0, 0),
        ("npm run unit -- --coverage", 10.0, 0),
        (
            "npm run unit -- --coverage --coverageThreshold={\"global\":{\"lines\":80}}",
            79.0,
            1,
        ),
        // Without `--` npm keeps the options for itself.
        (
            "npm run unit --coverage --coverageThreshold={\"global\":{\"lines\":80}}",
            79.0,
            0,
        ),
        (
            "npx vitest --run --coverage.enabled --coverage.thresholds.lines=80",
            79.0,
            1,
        ),
        ("npx vitest --run --coverage", 79.0, 0),
        (
            "node --test --experimental-test-coverage --test-coverage-lines=80",
            79.0,
            1,
        ),
    ] {
        let ended = covered(percent).call(line);
        assert_eq!(
            ended.code, want,
            "{line} at {percent}: {}{}",
            ended.out, ended.err
        );
    }
    let mut configured = covered(79.0);
    configured.file(
        "jest.config.ts",
        "export default { collectCoverage: true, coverageThreshold: { global: { lines: 80 } } }",
    );
    assert_eq!(code(&mut configured, "npm run unit"), 1);
    let mut configured = covered(79.0);
    configured.file(
        "vitest.config.ts",
        "defineConfig({ test: { coverage: { enabled: true, thresholds: { lines: 80 } } } })",
    );
    assert_eq!(code(&mut configured, "npx vitest run"), 1);
    let mut configured = covered(79.0);
    configured.file(
        ".c8rc.json",
        r#"{ "check-coverage": true, "lines": 80, "reporter": ["json-summary"] }"#,
    );
    assert_eq!(
        code(
            &mut configured,
            "npx c8 --reporter json-summary node --test"
        ),
        1
    );
    assert!(
        configured
            .text("coverage/coverage-summary.json")
            .contains("79")
    );
}

#[test]
fn what_npm_says_about_what_is_not_there() {
    let mut bench = bench();
    let missing = bench.call("npm run nosuch");
    assert_eq!(missing.code, 1);
    assert!(
        missing.err.contains("npm error Missing script: \"nosuch\""),
        "{}",
        missing.err
    );
    assert_eq!(bench.call("npm run nosuch --if-present").code, 0);
    assert_eq!(bench.call("npm run migrate").code, 0);
    let named = bench.not_modelled();
    assert!(
        named
            .iter()
            .any(|text| text.contains("node scripts/migrate.js")),
        "{named:?}"
    );
    assert_eq!(bench.call("npm run lint -w api").code, 1);
    assert_eq!(bench.call("npm publish").code, 1);
    let version = bench.call_with(&["node", "-p", "require('./package.json').version"], "");
    assert_eq!(version.out, "1.4.0\n");
    bench
        .files
        .remove(std::path::Path::new("package-lock.json"));
    let ended = bench.call("npm ci");
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("EUSAGE"), "{}", ended.err);
    bench.file("package.json", "{");
    assert_eq!(bench.call("npm test").code, 1);
}

#[test]
fn without_a_package_json_names_decide() {
    let mut bench = Bench::new();
    bench.commit_is(|traits| {
        traits.fails.insert(Gate::Lint);
        traits.coverage_percent = 70.0;
    });
    assert_eq!(bench.call("npm ci").code, 0);
    assert_eq!(bench.call("npm run lint").code, 1);
    assert_eq!(bench.call("npm run type-check").code, 0);
    assert_eq!(bench.call("npm test").code, 0);
    let line = "npm test -- --coverage --coverageThreshold={\"global\":{\"lines\":80}}";
    assert_eq!(bench.call(line).code, 1);
    assert!(
        bench
            .not_modelled()
            .iter()
            .any(|text| text.contains("there is no package.json"))
    );
}
