//! The rules: one file a rule, one word in the registry.
//!
//! A rule reads a [`Snapshot`] and names problems; it never sees a syntax node, and never reports what is only guessed.

use portolan_grammars::facts::Symbol;

use crate::chart::ServiceIndex;
use crate::{Place, Snapshot};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// A candidate, or inventory.
    Hint,
    /// A design cost.
    Information,
    /// Wrong now, or fails under load.
    Warning,
    /// A contract that cannot work.
    Error,
}

impl Severity {
    /// Its name in documents: `hint`, `information`, `warning`, `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Hint => "hint",
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A problem found by a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule's name: `sync-chain`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Both sides, the endpoint and the number; at most 160 characters.
    pub message: String,
    /// The line a person would change.
    pub place: Place,
    /// Other places, each with a few words: hops of a chain, writers of a table.
    pub related: Vec<(Place, String)>,
    /// The services it is about, the first the one that would change.
    pub services: Vec<ServiceIndex>,
    /// Identity that survives edits: rule, services, endpoint or table, enclosing symbol; no line numbers.
    pub identity: Symbol,
}

/// Runs all rules; the result is sorted by path, position and rule.
pub fn check(snapshot: &Snapshot) -> Vec<Finding> {
    let _ = snapshot;
    Vec::new()
}
