//! Which of the values that a variable is given hold where it is used.
//!
//! Only order and nesting in one function are looked at. Invariant: where order does not tell, as in loops and closures, every value may hold.

use portolan_grammars::facts::{Assignment, Binding, Expr, ExprId, SourceFacts, TextRange};

use super::evaluate::around;
use super::index::FileIndex;
use super::switches::region_at;

/// What a variable may stand for: what it starts with, and what it is assigned. `at` is the byte where its own function uses it; without, all.
pub(super) fn held_values(facts: &SourceFacts, index: &FileIndex, binding: &Binding, at: Option<u32>) -> Vec<ExprId> {
    let mut here: Vec<ExprId> = binding.value.into_iter().collect();
    let mut elsewhere = Vec::new();
    for assignment in assignments(facts, index, binding) {
        let Some(at) = at.filter(|_| assignment.function == binding.function) else {
            elsewhere.push(assignment.value);
            continue;
        };
        let place = facts.expr_range(assignment.target);
        let holds = |range: TextRange| range.start <= at && at < range.end;
        // `path = path + x`: what it is made of is what it was before.
        if holds(place) || holds(facts.expr_range(assignment.value)) {
            continue;
        }
        if place.start > at {
            if loops_around(facts, binding, place).any(holds) {
                here.push(assignment.value);
            }
            continue;
        }
        if region_at(facts, place).is_some_and(|region| holds(facts.region(region).range)) {
            here.clear();
        }
        here.push(assignment.value);
    }
    here.extend(elsewhere);
    here
}

/// What a variable was given before the byte where its own function uses it, whether it still holds then or not.
pub(super) fn values_before(facts: &SourceFacts, index: &FileIndex, binding: &Binding, at: u32) -> Vec<ExprId> {
    let before = assignments(facts, index, binding)
        .filter(|assignment| assignment.function == binding.function && facts.expr_range(assignment.value).end <= at);
    binding.value.into_iter().chain(before.map(|assignment| assignment.value)).collect()
}

/// What a variable is assigned, in the order of the code; nothing, if it is a constant.
fn assignments<'f>(facts: &'f SourceFacts, index: &'f FileIndex, binding: &'f Binding) -> impl Iterator<Item = &'f Assignment> {
    let named = index.assignments.get(&binding.name).filter(|_| !binding.constant).into_iter().flatten();
    named.map(|position| &facts.assignments[*position as usize]).filter(|assignment| is_of(facts, binding, assignment))
}

/// Whether an assignment is to a variable, as far as the functions around tell.
fn is_of(facts: &SourceFacts, binding: &Binding, assignment: &Assignment) -> bool {
    matches!(facts.expr(assignment.target), Expr::Name(_))
        && around(facts, assignment.function).any(|function| function == binding.function)
}

/// The loops of the variable's function around a place that do not start with the variable itself.
fn loops_around(facts: &SourceFacts, binding: &Binding, place: TextRange) -> impl Iterator<Item = TextRange> {
    let own = facts.regions.iter().filter(move |region| region.function == binding.function && region.kind.is_loop());
    own.map(|region| region.range).filter(move |range| range.contains(place) && !range.contains(binding.range))
}
