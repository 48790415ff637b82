//! Which headings are about deployment, and what they say about the statements below them.

use crate::clause;
use crate::token::{Kind, Token};

/// Words that make a heading one about deployment.
const SCOPE: &[&str] = &[
    "deployment",
    "deployments",
    "deploy",
    "deploying",
    "deploys",
    "release",
    "releases",
    "releasing",
    "ci",
    "cd",
    "ci/cd",
    "cicd",
    "pipeline",
    "pipelines",
    "environment",
    "environments",
    "infrastructure",
    "infra",
    "rollback",
    "rollbacks",
];
/// Pairs that are about something else, in spite of one of their words.
const ELSEWHERE: &[(&str, &str)] = &[
    ("environment", "variable"),
    ("environment", "variables"),
    ("environment", "vars"),
    ("environment", "setup"),
    ("release", "notes"),
    ("development", "environment"),
    ("dev", "environment"),
    ("local", "environment"),
    ("test", "environment"),
    ("deploy", "key"),
    ("deploy", "keys"),
    ("data", "pipeline"),
    ("data", "pipelines"),
];
/// Words whose checks and gates are those before a merge.
const GATED: &[&str] = &[
    "request",
    "requests",
    "pull-request",
    "pull-requests",
    "pr",
    "prs",
    "merge",
    "quality",
    "status",
];
/// Words of headings that change nothing about the statements below.
const PLAIN: &[&str] = &[
    "rules",
    "rule",
    "policy",
    "policies",
    "process",
    "processes",
    "workflow",
    "workflows",
    "strategy",
    "procedure",
    "procedures",
    "requirements",
    "settings",
    "setup",
    "configuration",
    "config",
    "overview",
    "details",
    "detail",
    "guide",
    "guidelines",
    "reference",
    "and",
    "or",
    "for",
    "of",
    "in",
    "to",
    "on",
    "with",
    "how",
    "we",
    "aws",
    "amazon",
    "ecs",
    "fargate",
    "ecr",
    "github",
    "actions",
    "app",
    "application",
    "service",
    "services",
    "api",
    "backend",
    "branches",
    "branch",
    "branching",
    "gates",
    "gate",
    "checks",
    "check",
    "quality",
    "approval",
    "approvals",
    "tests",
    "testing",
    "test",
    "smoke",
    "pull",
    "request",
    "requests",
    "pr",
    "prs",
    "merge",
    "merging",
    "review",
    "main",
    "images",
    "image",
    "docker",
    "container",
    "containers",
    "registry",
    "security",
    "health",
    "cloud",
    "continuous",
    "integration",
    "delivery",
    "git",
    "protection",
    "flow",
    "steps",
    "model",
    "conventions",
    "important",
    "critical",
    "mandatory",
    "required",
    "section",
    "team",
    "project",
    "promotion",
    "cluster",
    "clusters",
    "region",
    "regions",
    "account",
    "accounts",
    "urls",
    "url",
    "endpoints",
    "endpoint",
    "runtime",
    "hosting",
    "roll",
    "back",
    "&",
    "+",
    "->",
    "=",
    "-",
    "/",
    "version",
    "versions",
    "versioning",
    "coverage",
    "scan",
    "scanning",
    "management",
    "checklist",
    "checklists",
    "criteria",
    "matrix",
    "automated",
    "before",
    "pre-deployment",
    "pre-deploy",
    "pre-release",
    "pre-merge",
    "status",
];
/// Words of headings above tasks that must be done each time.
const CHECKLIST: &[&str] = &["checklist", "checklists", "criteria"];
/// Words after which nothing below a heading can be taken at its word.
const DOUBTFUL: &[&str] = &[
    "old",
    "deprecated",
    "legacy",
    "former",
    "formerly",
    "obsolete",
    "outdated",
    "draft",
    "drafts",
    "proposed",
    "proposal",
    "planned",
    "future",
    "todo",
    "todos",
    "tbd",
    "wip",
    "idea",
    "ideas",
    "example",
    "examples",
    "sample",
    "not",
    "no",
    "never",
    "without",
    "previous",
    "archive",
    "archived",
    "historical",
    "history",
    "retired",
    "alternative",
    "alternatives",
    "unused",
    "abandoned",
    "optional",
    "if",
    "unless",
    "heroku",
    "vercel",
    "netlify",
    "railway",
    "lambda",
    "kubernetes",
    "k8s",
    "eks",
    "gke",
    "ec2",
    "azure",
    "gcp",
    "firebase",
    "cloudflare",
    "amplify",
    "beanstalk",
    "lightsail",
    "development",
    "dev",
    "qa",
    "preview",
    "preprod",
    "uat",
    "sandbox",
    "local",
    "localhost",
    "demo",
    "?",
];

/// Those of them that cast doubt even from a heading that is not about deployment.
const PAST: &[&str] = &[
    "old",
    "deprecated",
    "legacy",
    "obsolete",
    "outdated",
    "draft",
    "archived",
    "historical",
    "retired",
    "abandoned",
];

/// The headings above a statement, outermost first.
#[derive(Debug, Default)]
pub(crate) struct Headings {
    stack: Vec<Heading>,
    /// The words of the document's title, which may stand in any heading.
    title: Vec<String>,
    /// Counts headings, so that each section has a number.
    section: usize,
}

#[derive(Debug)]
struct Heading {
    level: u8,
    text: String,
    in_scope: bool,
    unknown: Option<String>,
    doubtful: Option<String>,
    environment: Option<Vec<Token>>,
    checklist: bool,
}

impl Headings {
    /// Takes the next heading of the document.
    pub(crate) fn enter(&mut self, level: u8, tokens: Vec<Token>) {
        self.section += 1;
        self.stack.retain(|above| above.level < level);
        let words: Vec<String> = tokens
            .iter()
            .filter(|t| t.is_content())
            .map(|t| t.norm.clone())
            .collect();
        if level == 1 && self.title.is_empty() {
            self.title = words
                .iter()
                .flat_map(|word| std::iter::once(word.as_str()).chain(word.split(['-', '_', '/'])))
                .map(str::to_owned)
                .collect();
        }
        let environments: Vec<Token> = tokens
            .iter()
            .filter(|token| clause::is_environment(std::slice::from_ref(*token)))
            .cloned()
            .collect();
        let find = |test: &dyn Fn(&str) -> bool| words.iter().find(|word| test(word)).cloned();
        let doubtful = find(&|word| DOUBTFUL.contains(&word));
        let unknown = find(&|word| {
            let parts = || word.split(['-', '/']).filter(|part| !part.is_empty());
            let plain = |word: &str| {
                PLAIN.contains(&word)
                    || SCOPE.contains(&word)
                    || self.title.iter().any(|known| known == word)
                    || word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                    || environments.iter().any(|env| env.norm == word)
            };
            !plain(word) && !parts().all(plain)
        });
        self.stack.push(Heading {
            level,
            text: tokens
                .iter()
                .map(|t| t.raw.as_str())
                .collect::<Vec<_>>()
                .join(" "),
            in_scope: is_about_deployment(&words),
            checklist: words.iter().any(|word| CHECKLIST.contains(&word.as_str())),
            unknown,
            doubtful,
            environment: match environments.len() {
                1 => Some(environments),
                _ => None,
            },
        });
    }

    /// True below a heading about deployment.
    pub(crate) fn in_scope(&self) -> bool {
        self.stack.iter().any(|heading| heading.in_scope)
    }

    /// True where tasks are ticked off each time, so that each says what must hold.
    pub(crate) fn is_checklist(&self) -> bool {
        self.stack.iter().any(|heading| heading.checklist)
    }

    /// The number of the section that is open.
    pub(crate) fn section(&self) -> usize {
        self.section
    }

    /// The environment that the nearest heading names.
    pub(crate) fn environment(&self) -> Option<&[Token]> {
        self.relevant()
            .iter()
            .rev()
            .find_map(|heading| heading.environment.as_deref())
    }

    /// Why nothing below these headings can be taken at its word.
    pub(crate) fn doubt(&self) -> Option<String> {
        let above = self.stack.iter().filter(|heading| {
            heading
                .doubtful
                .as_deref()
                .is_some_and(|word| PAST.contains(&word))
        });
        let below = self
            .relevant()
            .iter()
            .filter(|heading| heading.doubtful.is_some());
        if let Some(heading) = above.chain(below).next() {
            let word = heading.doubtful.as_deref().unwrap_or_default();
            return Some(format!(
                "it stands under “{}”: `{word}` casts doubt on it",
                heading.text
            ));
        }
        let (heading, word) = self
            .relevant()
            .iter()
            .find_map(|heading| Some((heading, heading.unknown.as_deref()?)))?;
        Some(format!(
            "it stands under “{}”, and what `{word}` means there is not known",
            heading.text
        ))
    }

    /// The outermost heading about deployment and those below it.
    fn relevant(&self) -> &[Heading] {
        let start = self.stack.iter().position(|heading| heading.in_scope);
        &self.stack[start.unwrap_or(self.stack.len())..]
    }
}

fn is_about_deployment(words: &[String]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).map_or("", String::as_str);
        let last = at.checked_sub(1).map_or("", |at| words[at].as_str());
        let elsewhere = ELSEWHERE
            .iter()
            .any(|pair| *pair == (word.as_str(), next) || *pair == (last, word.as_str()));
        SCOPE.contains(&word.as_str()) && !elsewhere
            || ["checks", "check", "gate", "gates"].contains(&next)
                && GATED.contains(&word.as_str())
            || word == "roll" && next == "back"
            || word == "continuous" && ["integration", "delivery"].contains(&next)
    })
}

/// Splits a statement into its clauses.
pub(crate) fn clauses(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    tokens
        .split(|token| matches!(token.kind, Kind::Clause | Kind::Sentence))
        .filter(|clause| clause.iter().any(|token| token.kind == Kind::Word))
}
