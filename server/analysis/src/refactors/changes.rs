//! What code changes, as far as its words tell: what it assigns to, and what it calls methods on that change it.
//!
//! Invariant: a method of one of the names may change what it is called on, whatever that is; of others nothing is said.

use portolan_grammars::facts::{Expr, SourceFacts, TextRange};

/// Methods of lists, maps and sets that change what they are called on, in either language.
const CHANGING: [&str; 26] = [
    "add",
    "append",
    "clear",
    "dedup",
    "delete",
    "drain",
    "extend",
    "fill",
    "insert",
    "iter_mut",
    "pop",
    "pop_front",
    "push",
    "push_back",
    "remove",
    "retain",
    "reverse",
    "set",
    "shift",
    "sort",
    "sort_by",
    "sort_by_key",
    "splice",
    "swap",
    "truncate",
    "unshift",
];

/// Whether a method changes what it is called on.
pub(super) fn is_changing(method: &str) -> bool {
    CHANGING.contains(&method)
}

/// Whether a text calls a method on a name that changes what goes by it: `lines.push(` of `lines`.
pub(super) fn changes(text: &str, name: &str) -> bool {
    CHANGING.iter().any(|method| text.contains(&format!("{name}.{method}(")))
}

/// What assignments within a range assign to, or to a part of: `order` of `order.lines[0] = line`.
pub(super) fn assigned_in(facts: &SourceFacts, range: TextRange) -> impl Iterator<Item = &Expr> {
    let within = facts.assignments.iter().filter(move |it| range.contains(facts.expr_range(it.target)));
    within.map(|assignment| facts.expr(facts.whole_of(assignment.target)))
}
