//! Where we differ from a conformance set. `CONFORMANCE.md` has the same list.

pub(crate) struct Known {
    pub(crate) set: &'static str,
    /// The name of the case in its set.
    pub(crate) case: &'static str,
    /// Who is right, and why.
    pub(crate) why: &'static str,
}

pub(crate) const KNOWN: &[Known] = &[
    Known {
        set: "expressions",
        case: "basic.json: (empty)",
        why: "the set's harness takes an empty text as null; a workflow with `${{ }}` is refused, as \
              the workflow-parser set has it (`errors-empty-expression.yml`). Both are right, the set \
              about its library, we about files",
    },
    Known {
        set: "workflow-parser",
        case: "errors-anchor-tag.yml",
        why: "expects anchors to be refused. GitHub reads them since September 2025; its reader does so \
              where a switch is on, and the case is from before. We are right",
    },
    Known {
        set: "actionlint",
        case: "err/invalid_json_in_fromjson",
        why: "a matrix key `null` is no name for GitHub's reader, so that `matrix.null` is not defined; \
              actionlint takes it. We are right",
    },
    Known {
        set: "actionlint",
        case: "err/recursive_anchors",
        why: "an alias inside its own anchor ends our reading; actionlint tells two more faults behind it. \
              Both refuse the file, actionlint says more",
    },
];
