//! `docs/rules.md` says what the recognisers say. `UPDATE_DOCS=1 cargo test -p lockkeeper-policy
//! --test reference` writes it anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use lockkeeper_policy::{Source, prose, read, rules};

const INTRODUCTION: &str = "\
# Rules that are read

`lockkeeper explain` reads `CLAUDE.md`, `.claude/CLAUDE.md` and `AGENTS.md` at the root of a repository, and the files of the repository that they import with `@path`. It reads the sections whose heading is about deployment, release, CI/CD, pipelines, environments, infrastructure or rollback, and what is below them. Fenced and indented code, HTML comments and struck-through text are not read.

A statement is a list item, a table's row or a sentence of a paragraph. It is read as a rule only if every word of it is accounted for: what is left over is underlined, and the statement is not understood. So `Production deploys require manual approval except on Fridays` is not the rule without its exception; it is no rule until somebody says it in a form that is listed here.

| status | meaning |
| --- | --- |
| `enforced` | a rule that the pipeline keeps |
| `partial` | a rule of which the platform can keep only a part; the note says which |
| `noted` | a fact that the pipeline is built from |
| `acknowledged` | people see to it, as somebody declared with a reason and an expiry date |
| `not_understood` | in scope, and no rule accounts for it; the nearest sentence that is understood is shown |
| `outside_scope` | would be a rule, and stands in a section about something else; not enforced |

## Forms

- Bullets and numbered lists. An item with more below it gives the subject: `Staging:` with `deploys automatically on merge to main` below it, or `A pull request can be merged only when CI passes:` with `lint` below it. Where the item above is not understood, nothing below it is.
- Tables with a setting and its value in each row; with a row for each environment, or a column for each. Where the last column is headed `required`, a row says `required` if it holds `yes` there, and nothing else is read.
- Checklists: below a heading that speaks of a checklist or of criteria, `- [ ] All tests passing in CI` says what must hold. Anywhere else an open task is something to be done, and no rule.
- Sentences, and lines such as `AWS region: eu-central-1`.
- Several rules in one statement, joined by `;`, `,`, `+` or `and`.
- Headings give the subject too: below `### Staging`, `Requires manual approval` is about staging. Below a heading with words that are not known, or that cast doubt (`deprecated`, `planned`, another platform), nothing is taken at its word.
- `production` is also `prod` and `prd`; `staging` is also `stage` and `stg`. A bare `should` is read as `must`, and `explain` says so.
- `the`, `a`, `an`, `our`, `your`, `please`, `also`, `always`, and a closed list of signs such as ✅ and 🚀 change nothing. ❌ and 🚫 forbid.

A statement that is not understood and may be an exception to its neighbour (`Except on Fridays.`) takes the neighbour along: both are not understood. Two statements that want different values for one thing are a contradiction; both are shown, and `generate` and `rehearse` refuse to choose.

## Conventions

What no rule states and cannot be known is assumed, listed first, and refused with `--strict`:

- *The ECR repository* is the service's name before its last hyphen if the cluster's name starts with that, else the service's name.
- *Staging's cluster* is production's with `-staging` before a final `-cluster`, else at the end.
- *The production branch* is the one that other rules name.

## Rules

Each rule's examples are read as it, and its near misses are not read at all; both are tests.
";

#[test]
fn the_reference_says_what_the_recognisers_say() {
    let mut text = INTRODUCTION.to_owned();
    for rule in rules() {
        write!(
            text,
            "\n### {}\n\n{}\n\nRead:\n\n",
            rule.title, rule.meaning
        )
        .unwrap();
        for example in rule.examples {
            writeln!(text, "- {}", code(example)).unwrap();
        }
        text.push_str("\nNot read:\n\n");
        for near_miss in rule.near_misses {
            writeln!(text, "- {}", code(near_miss)).unwrap();
        }
    }
    text.push_str("\n## A whole policy\n\n`lockkeeper explain --as-prose` writes all of a policy in sentences that read back as that policy:\n\n```markdown\n");
    text.push_str(&prose(
        &read(&Source::new("CLAUDE.md", WHOLE)).unwrap().policy,
    ));
    text.push_str("```\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        written == text,
        "docs/rules.md is not what the recognisers say: run UPDATE_DOCS=1 cargo test -p lockkeeper-policy --test reference"
    );
}

const WHOLE: &str = "\
## Deployment

- Direct push to main is prohibited
- PR CI must pass: lint + type-check + tests (85% coverage) + docker build + trivy scan
- Staging deploys automatically on merge to main
- Production deploys require manual approval
- Smoke tests run after every deploy
- Rollback: redeploy the previous image via workflow_dispatch
- Services: cart-api, cart-worker
- Cluster: cart-cluster
- Region: eu-central-1
- Staging URL: https://staging.cart.example.com
- Production URL: https://cart.example.com
- Health check: /health
- Readiness: /ready
";

/// Code that may hold backticks itself.
fn code(text: &str) -> String {
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
