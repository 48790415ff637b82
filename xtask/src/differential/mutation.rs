//! Small changes of a workflow, from a seed: most make it wrong in one place.

use crate::random::Random;

const KEYS: &[&str] = &[
    "name",
    "on",
    "jobs",
    "steps",
    "run",
    "uses",
    "with",
    "env",
    "if",
    "needs",
    "runs-on",
    "strategy",
    "matrix",
    "outputs",
    "permissions",
    "concurrency",
    "group",
    "timeout-minutes",
    "environment",
    "continue-on-error",
    "defaults",
    "shell",
    "working-directory",
    "id",
    "branches",
    "tags",
    "paths",
    "types",
    "inputs",
    "secrets",
    "services",
    "container",
    "image",
    "fail-fast",
    "max-parallel",
    "cancel-in-progress",
    "nonsense",
    "Run",
    "run_name",
];
const VALUES: &[&str] = &[
    "",
    "null",
    "true",
    "1",
    "-1.5",
    "''",
    "[]",
    "{}",
    "[a, b]",
    "{a: b}",
    "text",
    "'quoted'",
    "${{ github.sha }}",
    "${{ secrets.TOKEN }}",
    "${{ matrix.os }}",
    "${{ needs.build.outputs.x }}",
    "${{ nowhere.x }}",
    "${{ 1 == }}",
    "${{ fromJSON('[1]') }}",
    "a ${{ env.X }} b",
    "${{",
    "}}",
    "${{ inputs.a && 'b' || 'c' }}",
    "${{ hashFiles('x') }}",
    "${{ success() }}",
    "read",
    "write",
    "push",
    "ubuntu-latest",
    "./.github/workflows/x.yml",
    "actions/checkout@v4",
    "'*/5 * * * *'",
    "\"${{ github.ref }}\"",
    "&anchor x",
    "*anchor",
    "!!int 5",
    "|\n  block",
];

pub(super) fn mutated(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for _ in 0..=random.below(2) {
        mutate(&mut lines, random);
    }
    lines.join("\n")
}

fn mutate(lines: &mut Vec<String>, random: &mut Random) {
    // A line with something on it, where one is found soon.
    let mut at = random.below(lines.len());
    for _ in 0..20 {
        if lines[at].trim().is_empty() || lines[at].trim_start().starts_with('#') {
            at = random.below(lines.len());
        }
    }
    let line = lines[at].clone();
    let indent = line.len() - line.trim_start().len();
    let dash = if line.trim_start().starts_with("- ") {
        2
    } else {
        0
    };
    let blanks = " ".repeat(indent);
    match random.below(9) {
        0 if lines.len() > 1 => {
            lines.remove(at);
        }
        1 => lines.insert(at, line),
        2 => lines[at] = format!("  {line}"),
        3 => lines[at] = line.strip_prefix("  ").unwrap_or(&line).to_owned(),
        4 => lines.insert(
            at,
            format!("{blanks}{}: {}", random.pick(KEYS), random.pick(VALUES)),
        ),
        5 | 6 => {
            if let Some((key, _)) = line.split_once(':') {
                lines[at] = format!("{key}: {}", random.pick(VALUES));
            } else {
                lines[at] = format!("{blanks}- {}", random.pick(VALUES));
            }
        }
        7 => {
            if let Some((_, value)) = line.split_once(':') {
                let start = &line[..indent + dash];
                lines[at] = format!("{start}{}:{value}", random.pick(KEYS));
            }
        }
        _ => {
            let chars: Vec<char> = line.chars().collect();
            let i = random.below(chars.len() + 1);
            let mut changed: String = chars[..i].iter().collect();
            changed
                .push(random.pick(&['{', '}', ':', '\'', '"', '-', ' ', '#', '$', 'x', '[', '.']));
            changed.extend(&chars[i..]);
            lines[at] = changed;
        }
    }
}
