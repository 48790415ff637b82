//! Facts about published GitHub Actions: which commit a version is, which versions were taken over.
//!
//! Everything is one table each in `data/`; nothing is looked up at run time. A reference such as
//! `actions/checkout@v4` flows in as a [`Uses`], facts flow out.
//!
//! ```
//! use lockkeeper_actions::{Uses, compromised, pin};
//! let checkout = pin("actions/checkout").ok_or("not in the table")?;
//! assert_eq!(checkout.sha.len(), 40);
//! let uses: Uses = "tj-actions/changed-files@v35".parse()?;
//! assert!(compromised(&uses).is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod incident;
mod pin;
mod uses;
mod version;

pub use incident::{Incident, compromised};
pub use pin::{Pin, pin, pins};
pub use uses::{Reference, Uses, UsesError};
pub use version::Version;

/// Whether the tables know this repository (`owner/name`, in any case).
pub fn known(repo: &str) -> bool {
    pin(repo).is_some() || incident::concerns(repo)
}
