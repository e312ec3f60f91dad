//! Regions of control flow: loops, arms, bodies.

use serde::{Deserialize, Serialize};

use super::{ExprId, FunctionId, RegionId, TextRange};

/// A region of control flow. Regions nest; each belongs to one function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// What sort of region.
    pub kind: RegionKind,
    /// The region around it in the same function; for a closure's body the region it is written in.
    pub parent: Option<RegionId>,
    /// The function it belongs to.
    pub function: FunctionId,
    /// What must hold for it to run, where that is plain to see: the condition of an `if`'s first arm, of `a && b` each. ECMAScript only.
    pub conditions: Vec<ExprId>,
    /// The place.
    pub range: TextRange,
}

/// What sort of control flow a [`Region`] is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegionKind {
    /// A function's body.
    Body,
    /// A loop over the elements of something: `for … of`, Rust's `for`. Its variables are bound to an [`Expr::Element`] of that.
    ForEach {
        /// What is looped over.
        over: ExprId,
    },
    /// A counting loop: `for (;;)`, and `for i in 0..n`.
    For,
    /// A loop until something is over: `while`, `do … while`, `while let`, and `for await` over what comes in.
    While,
    /// `loop`, `for (;;)` without a condition.
    Loop,
    /// An arm of `if`, `match`, `switch` or a conditional expression.
    Branch,
    /// The body of `try`.
    Try,
    /// The handler of `catch`, or an `Err` arm.
    Catch,
    /// `finally`.
    Finally,
    /// Operands that run at the same time: arguments of `Promise.all`, `join!`, `try_join!`.
    Parallel,
    /// Arms of which one runs: `select!`, `Promise.race`.
    Race,
}

impl RegionKind {
    /// Whether what stands in it may run more than once.
    pub fn is_loop(&self) -> bool {
        matches!(self, Self::ForEach { .. }) || self.is_loop_until()
    }

    /// Whether it is a loop of which no element tells how often it runs.
    pub fn is_loop_until(&self) -> bool {
        matches!(self, Self::For | Self::While | Self::Loop)
    }
}
