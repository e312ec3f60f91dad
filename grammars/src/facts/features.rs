//! Code that only certain features of its package build: `#[cfg(feature = "kafka")]`, `if cfg!(feature = "kafka")`.
//!
//! What deliberately does not live here: which features a package is built with, which no source file says.

use serde::{Deserialize, Serialize};

use super::{Symbol, TextRange};

/// A stretch of code that is built, or runs, only with certain features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureGate {
    /// The stretch.
    pub range: TextRange,
    /// Where the features are asked for.
    pub asked: TextRange,
    /// What is asked.
    pub needs: Predicate,
}

/// What `cfg` asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Predicate {
    /// A feature.
    Feature(Symbol),
    /// All of several things.
    All(Vec<Predicate>),
    /// One of several things.
    Any(Vec<Predicate>),
    /// That something does not hold.
    Not(Box<Predicate>),
    /// A build for tests or for developers.
    NotShipped,
    /// Something else: an operating system, a flag.
    Unknown,
}

impl Predicate {
    /// Whether it asks for a feature.
    pub fn asks_for_feature(&self) -> bool {
        match self {
            Predicate::Feature(_) => true,
            Predicate::All(parts) | Predicate::Any(parts) => parts.iter().any(Predicate::asks_for_feature),
            Predicate::Not(of) => of.asks_for_feature(),
            Predicate::NotShipped | Predicate::Unknown => false,
        }
    }

    /// Whether it holds, as far as `is_on` tells whether a feature is on.
    pub fn holds(&self, is_on: &dyn Fn(&str) -> Option<bool>) -> Option<bool> {
        let of = |parts: &[Predicate], decides: bool| {
            let found: Vec<Option<bool>> = parts.iter().map(|part| part.holds(is_on)).collect();
            if found.contains(&Some(decides)) {
                return Some(decides);
            }
            found.iter().all(Option::is_some).then_some(!decides)
        };
        match self {
            Predicate::Feature(name) => is_on(name),
            Predicate::All(parts) => of(parts, false),
            Predicate::Any(parts) => of(parts, true),
            Predicate::Not(part) => part.holds(is_on).map(|holds| !holds),
            Predicate::NotShipped => Some(false),
            Predicate::Unknown => None,
        }
    }
}
