//! `if:`.

use crate::expr::{Context, EvalError, Reference, Scope, Status, Value, WithStatus};
use crate::place::{Place, Problem, Source};
use crate::template::{Part, Template, TemplateExpr, expression};
use crate::yaml::Scalar;

/// An `if:` of a job or step. Without braces the whole text is the expression; with text around
/// `${{ }}` it is a string, which is true unless empty, as on GitHub.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    template: Template,
    /// The expression, unless the condition is text around expressions.
    expr: Option<TemplateExpr>,
    calls_status: bool,
    /// Why the text is no condition, where that is only found when it is evaluated.
    broken: Option<Box<Problem>>,
}

impl Condition {
    pub(crate) fn read(
        scalar: &Scalar<'_>,
        place: Place,
        scope: &Scope<'_>,
        source: &Source<'_>,
        problems: &mut Vec<Problem>,
    ) -> Condition {
        let template = Template::read(scalar, place.clone(), scope, source, problems);
        let has_parts = scalar.text.contains("${{");
        let expr = if has_parts {
            template.whole().cloned()
        } else {
            let text = template.source().trim().to_owned();
            // `if:` with nothing behind it is no condition at all.
            if text.is_empty() {
                None
            } else {
                expression(&text, place, scope, source, problems)
            }
        };
        let expressions: Vec<&TemplateExpr> = match &expr {
            Some(e) => vec![e],
            None => template.expressions().collect(),
        };
        let calls_status = expressions.iter().any(|e| {
            e.expr.calls().iter().any(|name| {
                matches!(
                    name.as_str(),
                    "success" | "failure" | "always" | "cancelled"
                )
            })
        });
        Condition {
            template,
            expr,
            calls_status,
            broken: None,
        }
    }

    /// Reads a condition that GitHub looks into only when it is evaluated, `pre-if` and `post-if` of an
    /// action: what is wrong with it is no problem of the file.
    pub(crate) fn read_late(
        scalar: &Scalar<'_>,
        place: Place,
        scope: &Scope<'_>,
        source: &Source<'_>,
    ) -> Condition {
        let mut problems = Vec::new();
        let condition = Condition::read(scalar, place, scope, source, &mut problems);
        Condition {
            broken: problems.into_iter().next().map(Box::new),
            ..condition
        }
    }

    /// Why evaluating this fails whatever the contexts are: only `pre-if` and `post-if` of an action load
    /// with a broken expression, as the runner loads them.
    pub fn broken(&self) -> Option<&Problem> {
        self.broken.as_deref()
    }

    /// Whether `success()`, `failure()`, `always()` or `cancelled()` is called, so that GitHub does
    /// not put `success() &&` before the rest.
    pub fn calls_status_function(&self) -> bool {
        self.calls_status
    }

    /// Whether a status function of this name is called.
    pub fn calls(&self, function: &str) -> bool {
        self.expressions()
            .any(|e| e.expr.calls().iter().any(|c| c == function))
    }

    /// The expression, or those in the text around it, in order.
    pub fn expressions(&self) -> impl Iterator<Item = &TemplateExpr> {
        self.expr
            .iter()
            .chain(self.template.expressions().filter(|_| self.expr.is_none()))
    }

    /// Text around `${{ }}`: a string that is always true, which is seldom meant.
    pub fn is_always_true_text(&self) -> bool {
        self.expr.is_none()
            && self
                .template
                .parts()
                .iter()
                .any(|p| matches!(p, Part::Text(_)))
            && self.template.expressions().next().is_some()
    }

    /// The text, as written.
    pub fn source(&self) -> &str {
        self.template.source()
    }

    /// Where the text stands.
    pub fn place(&self) -> &Place {
        self.template.place()
    }

    /// The condition as text with expressions.
    pub(crate) fn template(&self) -> &Template {
        &self.template
    }

    /// The expression, where the condition is one.
    pub fn expr(&self) -> Option<&TemplateExpr> {
        self.expr.as_ref()
    }

    /// Every context that is read.
    pub fn references(&self) -> Vec<Reference> {
        self.expressions()
            .flat_map(|e| e.expr.references())
            .collect()
    }

    /// Whether the job or step runs: `success() &&` comes first unless a status function is called.
    pub fn eval(&self, ctx: &dyn Context, status: &Status) -> Result<bool, EvalError> {
        if let Some(problem) = self.broken() {
            return Err(EvalError::At {
                place: problem.place.clone(),
                error: Box::new(EvalError::NoExpression(problem.message.clone())),
            });
        }
        if !self.calls_status && !status.success {
            return Ok(false);
        }
        let ctx = WithStatus {
            inner: ctx,
            status: *status,
        };
        let value = match &self.expr {
            Some(e) => e.eval(&ctx)?,
            None if self.template.expressions().next().is_some() => self.template.eval(&ctx)?,
            None => Value::Bool(true),
        };
        Ok(value.is_truthy())
    }
}
