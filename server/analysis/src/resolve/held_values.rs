//! Which of the values that a variable is given hold where it is used.
//!
//! Only order and nesting in one function are looked at. Invariant: where order does not tell, as in loops and closures, every value may hold.

use portolan_grammars::facts::{Assignment, Binding, Expr, ExprId, RegionKind, SourceFacts, TextRange};

use super::evaluate::around;
use super::index::FileIndex;
use super::switches::region_at;

/// What a variable may stand for: what it starts with, and what it is assigned. `at` is the byte where its own function uses it; without, all.
pub(super) fn held_values(facts: &SourceFacts, index: &FileIndex, binding: &Binding, at: Option<u32>) -> Vec<ExprId> {
    let mut here: Vec<ExprId> = binding.value.into_iter().collect();
    let Some(assignments) = index.assignments.get(&binding.name).filter(|_| !binding.constant) else { return here };
    let mut elsewhere = Vec::new();
    let assignments = assignments.iter().map(|position| &facts.assignments[*position as usize]);
    for assignment in assignments.filter(|assignment| is_of(facts, binding, assignment)) {
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
    let assignments = index.assignments.get(&binding.name).into_iter().flatten().map(|position| &facts.assignments[*position as usize]);
    let before = assignments.filter(|assignment| {
        assignment.function == binding.function && facts.expr_range(assignment.value).end <= at && is_of(facts, binding, assignment)
    });
    binding.value.into_iter().chain(before.map(|assignment| assignment.value)).collect()
}

/// Whether an assignment is to a variable, as far as the functions around tell.
fn is_of(facts: &SourceFacts, binding: &Binding, assignment: &Assignment) -> bool {
    matches!(facts.expr(assignment.target), Expr::Name(_))
        && around(facts, assignment.function).any(|function| function == binding.function)
}

/// The loops of the variable's function around a place that do not start with the variable itself.
fn loops_around(facts: &SourceFacts, binding: &Binding, place: TextRange) -> impl Iterator<Item = TextRange> {
    let is_loop = |kind: &RegionKind| matches!(kind, RegionKind::ForEach { .. } | RegionKind::For | RegionKind::While | RegionKind::Loop);
    let own = facts.regions.iter().filter(move |region| region.function == binding.function && is_loop(&region.kind));
    own.map(|region| region.range).filter(move |range| range.contains(place) && !range.contains(binding.range))
}
