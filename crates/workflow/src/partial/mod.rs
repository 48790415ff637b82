//! Expressions of which not everything is known yet: three-valued evaluation.
//!
//! Before a run, `github.ref` may be known while `needs.build.outputs.tag` is not. [`Known`] says
//! which parts of the contexts are known, and [`Scope`] evaluates conditions and templates in them.
//! What depends on an unknown part is unknown, unless the known parts settle it: `false && x` is
//! false whatever `x` is. Known parts are evaluated by the evaluator of [`crate::expr`], so that
//! there is one set of semantics.
//!
//! ```
//! use lockkeeper_workflow::expr::Value;
//! use lockkeeper_workflow::partial::{Decided, Known, Members, Scope};
//! use lockkeeper_workflow::load;
//!
//! let text = r#"
//! on: push
//! jobs:
//!   a: { runs-on: x }
//!   b:
//!     runs-on: x
//!     needs: a
//!     if: github.ref == 'refs/heads/main' && needs.a.outputs.changed == 'true'
//! "#;
//! let workflow = load("ci.yml", text).map_err(|problems| problems[0].clone())?;
//! let condition = &workflow.jobs["b"].if_.as_ref().ok_or("no if")?.value;
//! let on = |git_ref: &str| {
//!     let github = Members::closed().with("ref", Known::Value(Value::from(git_ref)));
//!     let contexts = Members::closed()
//!         .with("github", Known::Object(github))
//!         .with("needs", Known::unknown());
//!     Scope::new(&contexts).condition(condition)
//! };
//! assert!(matches!(on("refs/heads/topic")?, Decided::No(_)), "the branch alone settles it");
//! let Decided::Unknown(reads) = on("refs/heads/main")? else { return Err("guessed".into()) };
//! assert_eq!(reads, ["needs.a.outputs.changed"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod eval;
mod functions;
mod known;
mod templates;

pub use eval::{JobStatus, Scope};
pub use known::{Known, Members, Unknown};
pub use templates::{Decided, Deciding, Text};
