//! What a loop of Rust is handed by a broker: a message, by whatever name.
//!
//! Invariant: it is of this round of the loop, and the message itself: every `Option` and `Result` around it is opened before.

use portolan_grammars::facts::{Binding, Expr, ExprId, FunctionId, TextRange};

use super::Source;
use crate::resolve::link::MessageLeaf;

/// How often a message may be bound to another name.
const MAX_NAMES: usize = 8;

/// What a function's loop around a range calls the message before it, which one of the library's methods hands over.
pub(super) fn message<'a>(source: &Source<'a>, function: FunctionId, range: TextRange, leaf: &MessageLeaf) -> Option<&'a Binding> {
    let facts = source.facts;
    let loops = facts.regions.iter().filter(|region| region.function == function && region.kind.is_loop());
    let around = loops.map(|region| region.range).filter(|region| region.contains(range));
    let once = around.min_by_key(|range| range.end - range.start)?;
    let own = |binding: &&Binding| binding.function == function && once.contains(binding.range) && binding.range.end <= range.start;
    let way = Way { source, leaf };
    facts.bindings.iter().filter(own).filter(|binding| way.is_message(binding, 0, 0)).max_by_key(|binding| binding.range.start)
}

/// The way of a message from the call that hands it over.
struct Way<'s, 'a> {
    source: &'s Source<'a>,
    leaf: &'s MessageLeaf,
}

impl Way<'_, '_> {
    /// Whether a name is that of the message, once so much more is opened.
    fn is_message(&self, binding: &Binding, opened: usize, names: usize) -> bool {
        let opened = opened + opened_before(&self.source.text[..binding.range.start as usize]);
        names <= MAX_NAMES && binding.value.is_some_and(|value| self.is_handed(value, opened, names))
    }

    /// Whether a value is what one of the methods hands over, by whatever name.
    fn is_handed(&self, value: ExprId, opened: usize, names: usize) -> bool {
        let facts = self.source.facts;
        let range = facts.expr_range(value);
        let opened = opened + self.source.tried(range);
        match facts.expr(value) {
            Expr::Call(call) => match facts.expr(facts.call(*call).callee) {
                Expr::Member { name, .. } if self.leaf.received.contains(name) => opened >= around(&self.leaf.library, name),
                Expr::Member { object, name } if matches!(name.as_str(), "unwrap" | "expect") => self.is_handed(*object, opened + 1, names),
                Expr::Member { object, name } if name == "context" => self.is_handed(*object, opened, names),
                _ => false,
            },
            Expr::Name(name) => {
                // `let delivery = delivery?;` speaks of the one before.
                let is_its = |binding: &Binding| binding.value.is_some_and(|value| facts.expr_range(value).contains(range));
                let earlier = facts.bindings.iter().filter(|it| it.name == *name && it.range.end <= range.start && !is_its(it));
                let nearest = earlier.max_by_key(|binding| binding.range.start);
                nearest.is_some_and(|binding| self.is_message(binding, opened, names + 1))
            }
            // `let (channel, delivery) = …`, which is another thing than a field of the message.
            Expr::Member { object, name } if name.starts_with(|letter: char| letter.is_ascii_digit()) => {
                self.is_handed(*object, opened, names)
            }
            _ => false,
        }
    }
}

/// How many an `Option` and `Result` are around what a library's method hands over.
fn around(library: &str, method: &str) -> usize {
    match (library, method) {
        (_, "recv") | ("async-nats", "next") => 1,
        _ => 2,
    }
}

/// How many a pattern opens whose text ends where its name begins: two of `Some(Ok(`.
fn opened_before(pattern: &str) -> usize {
    let mut rest = pattern.trim_end();
    let mut opened = 0;
    loop {
        rest = ["mut", "ref"].into_iter().find_map(|word| rest.strip_suffix(word)).unwrap_or(rest).trim_end();
        match rest.strip_suffix("Some(").or_else(|| rest.strip_suffix("Ok(")) {
            Some(outer) => (rest, opened) = (outer.trim_end(), opened + 1),
            None => return opened,
        }
    }
}
