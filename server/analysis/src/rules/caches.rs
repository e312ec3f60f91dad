//! Caches: answers that are kept, and looked up before they are asked for again.
//!
//! What deliberately does not live here: what follows for a rule. Invariant: what is kept is told by the calls around what makes it, in one
//! function; nothing is known of how long it is kept.

use portolan_grammars::facts::{Call, Expr, ExprId, SourceFacts};

use super::{Context, exempt};
use crate::chart::flow::same_value;
use crate::{FunctionRef, Place};

/// Methods that look up what is kept, those that keep something, and those that do both around what makes it.
const LOOKS_UP: &[&str] = &["get", "getItem", "has", "mget", "peek"];
const KEEPS: &[&str] = &["set", "setItem", "setEx", "setex", "set_ex", "put", "insert"];
const WRAPS: &[&str] = &["wrap", "remember", "getOrSet", "get_with", "try_get_with", "get_or_insert_with", "or_insert_with"];
/// Words in the names of what keeps answers, whichever its method that is given a function which makes one.
const CACHES: &[&str] = &["cache", "caches", "memo"];

/// Whether what a call in a function makes is kept, and looked up before it is made again: it stands between `names.get(id)` and
/// `names.set(id, …)` of its function, or in what `cache.wrap(id, …)` is given.
pub(super) fn is_kept(context: &Context<'_>, function: FunctionRef, place: Place) -> bool {
    let Some(source) = context.snapshot.files.source(function.file) else { return false };
    let is_asked = |other: &Call| {
        let calls = context.index.calls_in(function).iter();
        calls.map(|index| context.chart.call(*index).place.range).any(|range| range == other.name_range)
    };
    let named = |other: &Call, words: &[&str]| match source.expr(other.callee) {
        Expr::Member { object, name } if words.contains(&name.as_str()) && !is_asked(other) => Some(*object),
        _ => None,
    };
    let own = || source.calls.iter().filter(|other| other.function == function.function);
    let before = own().filter(|other| other.range.end <= place.range.start).filter_map(|other| named(other, LOOKS_UP));
    let after: Vec<ExprId> = own().filter(|other| other.range.start >= place.range.end).filter_map(|other| named(other, KEEPS)).collect();
    let wraps = |other: &Call| {
        other.range.contains(place.range)
            && other.name_range != place.range
            && (named(other, WRAPS).is_some() || is_of_cache(source, other))
    };
    before.into_iter().any(|looked| after.iter().any(|kept| same_value(source, looked, *kept))) || source.calls.iter().any(wraps)
}

/// Whether a call is of something that is named a cache, and is given a function.
fn is_of_cache(source: &SourceFacts, call: &Call) -> bool {
    let Expr::Member { object, .. } = source.expr(call.callee) else { return false };
    let named = |name: &str| exempt::has_word(name, CACHES);
    matches!(source.expr(*object), Expr::Name(name) | Expr::Member { name, .. } if named(name))
        && call.args.iter().any(|argument| matches!(source.expr(argument.value), Expr::Closure(_)))
}
