//! What must hold for a region to run, where it asks which of several texts something is.

use serde::{Deserialize, Serialize};

use super::ExprId;

/// The field of an enum's value by which a [`Case`] asks which variant it is. No field of a program is called like that.
pub const VARIANT: &str = "@variant";

/// Conditions of arms before that are noted of one arm: a chain may have thousands.
pub(crate) const MAX_BEFORE: usize = 8;

/// How much of a text a [`Case`] is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// Its beginning.
    Start,
    /// Its end.
    End,
}

impl Extent {
    /// Whether a text is another as far as that goes.
    #[must_use]
    pub fn fits(self, text: &str, value: &str) -> bool {
        match self {
            Self::Whole => text == value,
            Self::Start => text.starts_with(value),
            Self::End => text.ends_with(value),
        }
    }
}

/// One thing that must hold for a region to run: the label of a `switch`, an arm of `match`, `if (kind === "a")`, `path.startsWith("/a")`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// What is asked.
    pub subject: ExprId,
    /// What it must be, or begin or end with: one of these.
    pub values: Vec<ExprId>,
    /// How much of it must be so.
    pub extent: Extent,
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
