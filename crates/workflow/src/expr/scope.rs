//! Which contexts and functions a place of a workflow may use.

/// How often a function takes arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionRule {
    pub name: &'static str,
    pub min: usize,
    pub max: usize,
}

const MANY: usize = usize::MAX;

const fn rule(name: &'static str, min: usize, max: usize) -> FunctionRule {
    FunctionRule { name, min, max }
}

/// The functions that every expression may call.
pub(super) const EVERYWHERE: &[FunctionRule] = &[
    rule("contains", 2, 2),
    rule("endsWith", 2, 2),
    rule("format", 1, 255),
    rule("join", 1, 2),
    rule("startsWith", 2, 2),
    rule("toJson", 1, 1),
    rule("fromJson", 1, 1),
    rule("case", 3, 255),
];

const HASH_FILES: FunctionRule = rule("hashFiles", 1, 255);

/// The contexts and the extra functions that an expression may name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub contexts: &'a [&'a str],
    pub functions: &'a [FunctionRule],
}

impl Scope<'_> {
    pub(super) fn function(&self, name: &str) -> Option<FunctionRule> {
        EVERYWHERE
            .iter()
            .chain(self.functions)
            .find(|r| r.name.eq_ignore_ascii_case(name))
            .copied()
    }

    pub(crate) fn function_names(&self) -> impl Iterator<Item = &'static str> {
        EVERYWHERE.iter().chain(self.functions).map(|r| r.name)
    }

    pub(super) fn has_context(&self, name: &str) -> bool {
        self.contexts.iter().any(|c| c.eq_ignore_ascii_case(name))
    }
}

const STEP_STATUS: &[FunctionRule] = &[
    rule("always", 0, 0),
    rule("failure", 0, 0),
    rule("cancelled", 0, 0),
    rule("success", 0, 0),
    HASH_FILES,
];

const JOB_STATUS: &[FunctionRule] = &[
    rule("always", 0, 0),
    rule("failure", 0, MANY),
    rule("cancelled", 0, 0),
    rule("success", 0, MANY),
];

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = [$($context:literal),*], $functions:expr;)*) => {
        impl Scope<'static> {
            $($(#[$doc])* pub const $name: Scope<'static> = Scope {
                contexts: &[$($context),*],
                functions: $functions,
            };)*
        }
    };
}

// From the `context` lists of GitHub's workflow schema (`workflow-v1.0.json` of
// `@actions/workflow-parser`), which are also the table of
// <https://docs.github.com/actions/reference/contexts-reference#context-availability>.
scopes! {
    /// Every context and function there is.
    ANY = ["github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy",
        "matrix", "needs", "inputs"], &[
        rule("always", 0, 0), rule("failure", 0, MANY), rule("cancelled", 0, 0),
        rule("success", 0, MANY), HASH_FILES];
    /// Where no expression may stand.
    NONE = [], &[];
    /// `run-name` and `concurrency` of a workflow.
    WORKFLOW = ["github", "inputs", "vars"], &[];
    /// `env` of a workflow.
    WORKFLOW_ENV = ["github", "inputs", "vars", "secrets"], &[];
    /// `on.workflow_call.inputs.<id>.default`.
    CALL_INPUT_DEFAULT = ["github", "inputs", "vars"], &[];
    /// `on.workflow_call.outputs.<id>.value`.
    CALL_OUTPUT = ["github", "inputs", "vars", "jobs"], &[];
    /// `jobs.<id>.if`.
    JOB_IF = ["github", "inputs", "vars", "needs"], JOB_STATUS;
    /// `jobs.<id>.strategy`.
    STRATEGY = ["github", "inputs", "vars", "needs"], &[];
    /// Most keys of a job.
    JOB = ["github", "inputs", "vars", "needs", "strategy", "matrix"], &[];
    /// `jobs.<id>.env` and the secrets of a called workflow.
    JOB_ENV = ["github", "inputs", "vars", "needs", "strategy", "matrix", "secrets"], &[];
    /// `jobs.<id>.defaults.run`.
    JOB_DEFAULTS = ["github", "inputs", "vars", "strategy", "matrix", "needs", "env"], &[];
    /// `jobs.<id>.outputs` and the `env` of containers.
    RUNNER = ["github", "inputs", "vars", "needs", "strategy", "matrix", "secrets", "steps",
        "job", "runner", "env"], &[];
    /// `jobs.<id>.environment.url`.
    ENVIRONMENT_URL = ["github", "inputs", "vars", "needs", "strategy", "matrix", "steps",
        "job", "runner", "env"], &[];
    /// Credentials of a container's registry.
    CREDENTIALS = ["github", "inputs", "vars", "secrets", "env"], &[];
    /// `jobs.<id>.steps[*].if`.
    STEP_IF = ["github", "inputs", "vars", "needs", "strategy", "matrix", "steps", "job",
        "runner", "env"], STEP_STATUS;
    /// Everything else of a step.
    STEP = ["github", "inputs", "vars", "needs", "strategy", "matrix", "secrets", "steps",
        "job", "runner", "env"], &[HASH_FILES];
    /// `jobs.<id>.snapshot.if`.
    SNAPSHOT_IF = ["github", "inputs", "vars", "needs", "strategy", "matrix"], &[];
    /// `inputs.<id>.default` of an action.
    ACTION_INPUT_DEFAULT = ["github", "strategy", "matrix", "job", "runner"], &[HASH_FILES];
    /// `outputs.<id>.value` of a composite action.
    ACTION_OUTPUT = ["github", "strategy", "matrix", "steps", "inputs", "job", "runner", "env"],
        &[];
    /// `runs.pre-if` and `runs.post-if` of an action.
    ACTION_RUNS_IF = ["runner", "github", "job", "strategy", "matrix", "env", "inputs"],
        STEP_STATUS;
    /// `runs.args` and `runs.env` of a Docker container action.
    ACTION_CONTAINER = ["inputs"], &[];
    /// `runs.steps[*].if` of a composite action.
    ACTION_STEP_IF = ["github", "inputs", "strategy", "matrix", "steps", "job", "runner", "env"],
        STEP_STATUS;
    /// Everything else of a composite action's step.
    ACTION_STEP = ["github", "inputs", "strategy", "matrix", "steps", "job", "runner", "env"],
        &[HASH_FILES];
}
