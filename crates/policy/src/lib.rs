//! Deployment rules in prose → [`Policy`].
//!
//! In go the texts of `CLAUDE.md`, `AGENTS.md` and what they import ([`load`]); out comes a
//! [`Reading`]: the policy, where each of its values comes from, and what became of each statement.
//! Reading is deterministic and needs no model: a statement is a rule only if every word of it is
//! accounted for, and else it is shown as not understood, with the nearest sentence that would be.
//!
//! This crate knows Markdown and rules; it knows no YAML, no GitHub and no AWS.
//!
//! ```
//! use lockkeeper_policy::{Source, Status, read};
//! let text = "## Deployment\n\n- Production deploys require manual approval\n- Mostly\n";
//! let reading = read(&Source::new("CLAUDE.md", text))?;
//! assert!(reading.policy.environments.production.approval);
//! assert_eq!(reading.statements[1].status, Status::NotUnderstood);
//! # Ok::<(), lockkeeper_policy::ReadError>(())
//! ```

mod change;
mod clause;
mod doubt;
mod lexicon;
mod markdown;
mod pattern;
mod policy;
mod promise;
mod reader;
mod reading;
mod reference;
mod resolve;
mod rules;
mod scope;
mod setting;
mod source;
mod table;
mod token;
mod window;

pub use change::{Change, Effect, changes};
pub use policy::{
    Ci, Environment, Environments, ImageScan, Images, Migrations, Policy, PullRequest, Rollback,
    RollbackMethod, RollbackTrigger, Scanner, Service, Severity, Trigger,
};
pub use promise::{PromiseId, UnknownPromise};
pub use reading::{Claim, Contradiction, Place, Provenance, Reading, Statement, Status};
pub use reference::{RuleReference, rules};
pub use source::{
    Disk, File, FileError, Files, ReadError, SIZE_LIMIT, SkippedImport, Source, Sources, load,
    load_from,
};
pub use window::{Days, TimeOfDay, Weekday, Window};

/// Reads a source, or all sources of a repository as one set of rules.
pub fn read(rules: &impl AsRef<[Source]>) -> Result<Reading, ReadError> {
    let files = rules.as_ref();
    for source in files {
        if source.text.len() as u64 > SIZE_LIMIT {
            return Err(ReadError::TooLarge {
                file: source.name.clone(),
            });
        }
    }
    Ok(resolve::resolve(
        files
            .iter()
            .map(|source| (source, reader::read(source)))
            .collect(),
    ))
}

/// The policy in canonical sentences: a section to put into `CLAUDE.md`, which reads back as this
/// very policy.
pub fn prose(policy: &Policy) -> String {
    let mut text = String::from("## Deployment rules\n\n");
    for sentence in rules::write(&setting::Draft::from(policy)) {
        text.push_str("- ");
        text.push_str(&sentence);
        text.push('\n');
    }
    text
}
