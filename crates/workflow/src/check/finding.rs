//! What a check says.

use std::fmt;

use crate::place::Place;

/// Something that a workflow's author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable name in kebab case, one of [`super::kinds`].
    pub kind: &'static str,
    /// What it means for a run.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// What is wrong, and what comes of it.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

/// What a finding means for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// GitHub refuses it, or the step cannot do its work.
    Error,
    /// It runs and is almost surely not meant, is unsafe or is about to stop working.
    Warning,
}

impl Severity {
    /// `error` or `warning`
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            kind,
            severity,
            place,
            message,
            ..
        } = self;
        write!(f, "{place}: {severity}: {message} [{kind}]")
    }
}

/// Collects findings.
#[derive(Default)]
pub(crate) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn error(
        &mut self,
        kind: &'static str,
        place: &Place,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.push(kind, Severity::Error, place, message.into(), suggestion);
    }

    pub(crate) fn warning(
        &mut self,
        kind: &'static str,
        place: &Place,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.push(kind, Severity::Warning, place, message.into(), suggestion);
    }

    fn push(
        &mut self,
        kind: &'static str,
        severity: Severity,
        place: &Place,
        message: String,
        suggestion: Option<String>,
    ) {
        self.findings.push(Finding {
            kind,
            severity,
            place: place.clone(),
            message,
            suggestion,
        });
    }

    /// In the order of the file. What an alias repeats stands in one place and is said once.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by(|a, b| {
            let key = |f: &Finding| (f.place.span.start, f.place.span.end, f.kind);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        self.findings.dedup();
        self.findings
    }
}
