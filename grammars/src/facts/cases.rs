//! What must hold for a region to run, where it asks which of several texts something is.

use serde::{Deserialize, Serialize};

use super::ExprId;

/// Conditions of arms before that are noted of one arm: a chain may have thousands.
pub(crate) const MAX_BEFORE: usize = 8;

/// One thing that must hold for a region to run: the label of a `switch`, an arm of `match`, `if (kind === "a")`, `path.startsWith("/a")`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// What is asked.
    pub subject: ExprId,
    /// What it must be, or begin with: one of these.
    pub values: Vec<ExprId>,
    /// Whether it need only begin so.
    pub begins: bool,
    /// Whether it must be none of them: the arm of `else`, `default`.
    pub negated: bool,
    /// Whether more must hold, or the region may be left early: `"a" if known =>`. Where such a one does not run, nothing follows.
    pub partial: bool,
}

impl Case {
    /// The same the other way round, for the arm of `else`.
    #[must_use]
    pub fn otherwise(&self) -> Self {
        Self { negated: !self.negated, ..self.clone() }
    }
}
