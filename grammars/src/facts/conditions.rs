//! Conditions on which stretches of code run, and what they ask: `if (enabled)`, `enabled && run()`, `if (!enabled) return;`.
//!
//! What deliberately does not live here: which of several texts something is, see [`super::Case`].

use serde::{Deserialize, Serialize};

use super::{ExprId, TextRange};

/// A stretch of code that runs only if something holds, or only if it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What is asked.
    pub asked: ExprId,
    /// Whether it must hold; else it must not.
    pub holds: bool,
    /// What runs only then: an arm, the right side of `&&`, what stands behind a check that leaves.
    pub range: TextRange,
}

/// What decides whether an expression holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Question {
    /// The expression.
    pub answer: ExprId,
    /// What it asks.
    pub asks: Asks,
}

/// What an expression asks of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Asks {
    /// That something does not hold: `!enabled`.
    Not(ExprId),
    /// That two things are the same: `kind === "a"`.
    Same(ExprId, ExprId),
    /// That two things are not the same: `kind !== "a"`.
    Other(ExprId, ExprId),
    /// That something else holds, too, which stands before it: `first && answer`.
    Also(ExprId),
}
