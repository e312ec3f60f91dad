//! What a loop of Rust is handed by a broker: a message, by whatever name.
//!
//! Invariant: it is of this round of the loop.

use portolan_grammars::facts::{Binding, Expr, ExprId, FunctionId, SourceFacts, Symbol, TextRange};

use super::Source;

/// How often a message may be bound to another name.
const MAX_NAMES: usize = 8;

/// What a function's loop around a range calls the message before it, which one of the methods hands over.
pub(super) fn message<'a>(source: &Source<'a>, function: FunctionId, range: TextRange, received: &[Symbol]) -> Option<&'a Binding> {
    let facts = source.facts;
    let loops = facts.regions.iter().filter(|region| region.function == function && region.kind.is_loop());
    let around = loops.map(|region| region.range).filter(|region| region.contains(range));
    let once = around.min_by_key(|range| range.end - range.start)?;
    let own = |binding: &&Binding| binding.function == function && once.contains(binding.range) && binding.range.end <= range.start;
    let handed = |binding: &&Binding| binding.value.is_some_and(|value| is_handed(facts, value, received, 0));
    facts.bindings.iter().filter(own).filter(handed).max_by_key(|binding| binding.range.start)
}

/// Whether a value is what one of the methods hands over, by whatever name.
fn is_handed(facts: &SourceFacts, value: ExprId, received: &[Symbol], depth: usize) -> bool {
    if depth > MAX_NAMES {
        return false;
    }
    match facts.expr(value) {
        Expr::Call(call) => match facts.expr(facts.call(*call).callee) {
            Expr::Member { name, .. } if received.contains(name) => true,
            Expr::Member { object, name } if matches!(name.as_str(), "unwrap" | "expect" | "context") => {
                is_handed(facts, *object, received, depth + 1)
            }
            _ => false,
        },
        Expr::Name(name) => {
            let range = facts.expr_range(value);
            // `let delivery = delivery?;` speaks of the one before.
            let is_its = |binding: &Binding| binding.value.is_some_and(|value| facts.expr_range(value).contains(range));
            let earlier = facts.bindings.iter().filter(|it| it.name == *name && it.range.end <= range.start && !is_its(it));
            let nearest = earlier.max_by_key(|binding| binding.range.start).and_then(|binding| binding.value);
            nearest.is_some_and(|value| is_handed(facts, value, received, depth + 1))
        }
        // `let (channel, delivery) = …`, which is another thing than a field of the message.
        Expr::Member { object, name } if name.starts_with(|letter: char| letter.is_ascii_digit()) => {
            is_handed(facts, *object, received, depth + 1)
        }
        _ => false,
    }
}
