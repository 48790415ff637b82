//! The value of an expression in a context.

use super::functions;
use super::parser::{Expr, ExprKind, Op};
use super::{Object, Value};

/// GitHub's bound on what one evaluation may build, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A context that the caller does not have.
    #[error("The context '{0}' is not available here")]
    NoSuchContext(String),
    /// The first argument of `format()` has braces that are none.
    #[error("The following format string is invalid: {0}")]
    FormatInvalid(String),
    /// The first argument of `format()` names an argument that is not given.
    #[error("The following format string references more arguments than were supplied: {0}")]
    FormatArguments(String),
    /// The argument of `fromJSON()` is no JSON.
    #[error("Error parsing fromJson: {0}")]
    Json(String),
    /// A predicate of `case()` is no boolean.
    #[error("case predicate must evaluate to a boolean value")]
    CasePredicate,
    /// More than GitHub's bound was built.
    #[error("The maximum allowed memory size was exceeded")]
    TooBig,
    /// `hashFiles()` could not read.
    #[error("hashFiles: {0}")]
    HashFiles(String),
    /// A status function where no state of a job is known.
    #[error("The function '{0}' needs the state of a job, which is not known here")]
    NoStatus(String),
    /// The value is not of the kind that the key wants.
    #[error("'{found}' is not a {wanted}")]
    WrongType {
        /// What there is.
        found: String,
        /// What the key wants.
        wanted: &'static str,
    },
    /// The text was not read as an expression.
    #[error("{0}")]
    NoExpression(String),
    /// The same, at a place of a file.
    #[error("{place}: {error}")]
    At {
        /// Where the expression stands.
        place: crate::Place,
        /// What went wrong.
        error: Box<EvalError>,
    },
}

/// What status functions answer: for a step the state of its job so far, for a job the outcome of
/// the jobs that it needs, directly or through others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Status {
    /// What `success()` answers.
    pub success: bool,
    /// What `failure()` answers.
    pub failure: bool,
    /// What `cancelled()` answers.
    pub cancelled: bool,
}

impl Status {
    /// Nothing failed and nothing was cancelled.
    pub const SUCCESS: Status = Status {
        success: true,
        failure: false,
        cancelled: false,
    };
    /// A step, or a needed job, failed.
    pub const FAILURE: Status = Status {
        success: false,
        failure: true,
        cancelled: false,
    };
    /// The run was cancelled.
    pub const CANCELLED: Status = Status {
        success: false,
        failure: false,
        cancelled: true,
    };
    /// A needed job was skipped, and none failed.
    pub const SKIPPED: Status = Status {
        success: false,
        failure: false,
        cancelled: false,
    };
}

/// Where an expression finds what it names.
pub trait Context {
    /// The value of a context such as `github`; `None` if it does not exist here.
    fn context(&self, name: &str) -> Option<Value>;

    /// `hashFiles`: the hash over the files that match, empty if none does.
    fn hash_files(&self, patterns: &[String]) -> Result<String, String> {
        let _ = patterns;
        Err("no files can be read here".to_owned())
    }

    /// What `success()`, `failure()`, `cancelled()` answer.
    fn status(&self) -> Option<Status> {
        None
    }
}

impl<C: Context + ?Sized> Context for &C {
    fn context(&self, name: &str) -> Option<Value> {
        (**self).context(name)
    }
    fn hash_files(&self, patterns: &[String]) -> Result<String, String> {
        (**self).hash_files(patterns)
    }
    fn status(&self) -> Option<Status> {
        (**self).status()
    }
}

/// Contexts held in memory: `github`, `env` and so on, by name.
#[derive(Clone, Debug, Default)]
pub struct Contexts(pub Object);

impl Contexts {
    /// No context at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a context set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name, value);
        self
    }

    /// Sets a context.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name, value);
    }
}

impl Context for Contexts {
    fn context(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

/// A context with its status functions set.
pub(crate) struct WithStatus<'a> {
    pub(crate) inner: &'a dyn Context,
    pub(crate) status: Status,
}

impl Context for WithStatus<'_> {
    fn context(&self, name: &str) -> Option<Value> {
        self.inner.context(name)
    }
    fn hash_files(&self, patterns: &[String]) -> Result<String, String> {
        self.inner.hash_files(patterns)
    }
    fn status(&self) -> Option<Status> {
        Some(self.status)
    }
}

/// Counts what an evaluation builds.
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), EvalError> {
        // Strings are UTF-16 in GitHub's evaluator.
        self.0 = self.0.checked_sub(bytes * 2).ok_or(EvalError::TooBig)?;
        Ok(())
    }
}

/// A value, or the many that `.*` gave, over which later indexes spread.
pub(super) enum Found {
    One(Value),
    Many(Vec<Value>),
}

impl Found {
    fn into_value(self) -> Value {
        match self {
            Found::One(v) => v,
            Found::Many(items) => items.into(),
        }
    }

    fn is_truthy(&self) -> bool {
        match self {
            Found::One(v) => v.is_truthy(),
            Found::Many(_) => true,
        }
    }
}

impl Expr {
    /// The value in `ctx`.
    pub fn eval(&self, ctx: &dyn Context) -> Result<Value, EvalError> {
        eval(self, ctx, &mut Budget(MAX_BYTES))
    }
}

pub(super) fn eval(
    expr: &Expr,
    ctx: &dyn Context,
    budget: &mut Budget,
) -> Result<Value, EvalError> {
    Ok(find(expr, ctx, budget)?.into_value())
}

pub(super) fn find(
    expr: &Expr,
    ctx: &dyn Context,
    budget: &mut Budget,
) -> Result<Found, EvalError> {
    Ok(match &expr.kind {
        ExprKind::Literal(value) => Found::One(value.clone()),
        ExprKind::Context(name) => Found::One(
            ctx.context(name)
                .ok_or_else(|| EvalError::NoSuchContext(name.clone()))?,
        ),
        ExprKind::Property { of, name } => {
            let key = Value::String(name.clone());
            index(find(of, ctx, budget)?, &key)
        }
        ExprKind::Index { of, index: key } => match find(of, ctx, budget)? {
            // An index into what has no members is not evaluated.
            Found::One(of) if of.is_primitive() => Found::One(Value::Null),
            of => {
                let key = eval(key, ctx, budget)?;
                index(of, &key)
            }
        },
        ExprKind::Star(of) => {
            let items = star(find(of, ctx, budget)?);
            budget.spend(items.len() * 8)?;
            Found::Many(items)
        }
        ExprKind::Call { name, args } => functions::call(name, args, ctx, budget)?,
        ExprKind::Not(of) => Found::One(Value::Bool(!eval(of, ctx, budget)?.is_truthy())),
        ExprKind::Compare { op, left, right } => {
            let left = eval(left, ctx, budget)?;
            let right = eval(right, ctx, budget)?;
            Found::One(Value::Bool(compare(*op, &left, &right)))
        }
        ExprKind::And(all) => operand(all, false, ctx, budget)?,
        ExprKind::Or(all) => operand(all, true, ctx, budget)?,
    })
}

/// The first operand that decides, or the last, as it is: what `.*` gave stays that.
fn operand(
    all: &[Expr],
    decides: bool,
    ctx: &dyn Context,
    budget: &mut Budget,
) -> Result<Found, EvalError> {
    let mut found = Found::One(Value::Null);
    for expr in all {
        found = find(expr, ctx, budget)?;
        if found.is_truthy() == decides {
            break;
        }
    }
    Ok(found)
}

fn compare(op: Op, left: &Value, right: &Value) -> bool {
    let order = || left.compare(right);
    match op {
        Op::Equal => left.equals(right),
        Op::NotEqual => !left.equals(right),
        Op::Less => order().is_some_and(|o| o.is_lt()),
        Op::LessEqual => order().is_some_and(|o| o.is_le()) || left.equals(right),
        Op::Greater => order().is_some_and(|o| o.is_gt()),
        Op::GreaterEqual => order().is_some_and(|o| o.is_ge()) || left.equals(right),
    }
}

fn index(of: Found, key: &Value) -> Found {
    match of {
        Found::One(value) => Found::One(member(&value, key).unwrap_or_default()),
        Found::Many(items) => {
            Found::Many(items.iter().filter_map(|item| member(item, key)).collect())
        }
    }
}

fn member(of: &Value, key: &Value) -> Option<Value> {
    match of {
        Value::Object(o) if key.is_primitive() => o.get(&key.to_text()).cloned(),
        Value::Array(items) => {
            let n = key.to_number();
            if n.is_nan() || n < 0.0 {
                return None;
            }
            // Larger than any length after the cast, so it finds nothing.
            items.get(n.floor() as usize).cloned()
        }
        _ => None,
    }
}

fn star(of: Found) -> Vec<Value> {
    let spread = |value: &Value| -> Vec<Value> {
        match value {
            Value::Object(o) => o.iter().map(|(_, v)| v.clone()).collect(),
            Value::Array(items) => items.to_vec(),
            _ => Vec::new(),
        }
    };
    match of {
        Found::One(value) => spread(&value),
        Found::Many(items) => items.iter().flat_map(spread).collect(),
    }
}
