//! Caches: answers that are kept, and looked up before they are asked for again.
//!
//! What deliberately does not live here: what follows for a rule. Invariant: what is kept is told by the calls around what makes it, in one
//! function, and only made where none is found; nothing is known of how long it is kept.

use portolan_grammars::facts::{Call, CallId, Expr, ExprId, SourceFacts};

use super::misses::runs_on_miss;
use super::{Context, exempt};
use crate::chart::flow::same_value;
use crate::{FunctionRef, Place};

/// Methods that look up what is kept, those that keep something, and those that do both around what makes it.
const LOOKS_UP: &[&str] = &["get", "getItem", "has", "mget", "peek"];
const KEEPS: &[&str] = &["set", "setItem", "setEx", "setex", "set_ex", "put", "insert"];
const WRAPS: &[&str] = &["wrap", "remember", "getOrSet", "get_with", "try_get_with", "get_or_insert_with", "or_insert_with"];
/// Words in the names of what keeps answers, whichever its method that is given a function which makes one.
const CACHES: &[&str] = &["cache", "caches", "memo"];

/// Methods that give what they are given to somebody else, whoever calls them.
const LISTENS: &[&str] = &["on", "once", "addListener", "subscribe"];
/// Methods that hand on a key as it is.
const SAME: &[&str] = &["clone", "to_owned", "to_string", "into"];

/// Whether what a call in a function makes is kept, and only made where it is not: it runs where `names.get(id)` of its function has found nothing,
/// and `names.set(id, …)` follows; or stands in what `cache.wrap(id, …)` is given.
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
    let keyed = |other: &Call, words: &[&str]| Some((named(other, words)?, other.args.first()?.value));
    let own = || source.calls.iter().enumerate().filter(|(_, other)| other.function == function.function);
    // What is made may stand in the arguments of what keeps it.
    let kept: Vec<(ExprId, ExprId)> =
        own().filter(|(_, other)| other.range.end >= place.range.end).filter_map(|(_, other)| keyed(other, KEEPS)).collect();
    let is_looked_up = |at: usize, other: &Call| {
        let same = |(names, key): (ExprId, ExprId)| {
            kept.iter().any(|(kept, of)| same_value(source, names, *kept) && is_same_key(source, key, *of))
        };
        keyed(other, LOOKS_UP).is_some_and(same) && runs_on_miss(source, place.range, CallId(at as u32))
    };
    let wraps = |other: &Call| {
        other.range.contains(place.range)
            && other.name_range != place.range
            && (named(other, WRAPS).is_some() || is_of_cache(source, other))
    };
    own().filter(|(_, other)| other.range.end <= place.range.start).any(|(at, other)| is_looked_up(at, other))
        || source.calls.iter().any(wraps)
}

/// Whether two keys are written alike.
fn is_same_key(source: &SourceFacts, one: ExprId, other: ExprId) -> bool {
    let (one, other) = (plain(source, one), plain(source, other));
    match (source.expr(one), source.expr(other)) {
        (Expr::Concat(first), Expr::Concat(second)) => {
            first.len() == second.len()
                && first.iter().zip(second).all(|(one, other)| source.expr(*one) == source.expr(*other) || same_value(source, *one, *other))
        }
        (Expr::Str(first), Expr::Str(second)) => first == second,
        _ => same_value(source, one, other),
    }
}

/// `id` of `id.clone()`.
fn plain(source: &SourceFacts, value: ExprId) -> ExprId {
    let Expr::Call(call) = source.expr(value) else { return value };
    match source.expr(source.call(*call).callee) {
        Expr::Member { object, name } if SAME.contains(&name.as_str()) => *object,
        _ => value,
    }
}

/// Whether a call is of something that is named a cache, and is given a key and a function: none that only goes through caches, or listens to one.
fn is_of_cache(source: &SourceFacts, call: &Call) -> bool {
    let Expr::Member { object, name: method } = source.expr(call.callee) else { return false };
    let named = |name: &str| exempt::has_word(name, CACHES);
    let is_function = |value: ExprId| matches!(source.expr(value), Expr::Closure(_));
    matches!(source.expr(*object), Expr::Name(name) | Expr::Member { name, .. } if named(name))
        && !LISTENS.contains(&method.as_str())
        && matches!(call.args.as_slice(), [key, rest @ ..] if !is_function(key.value) && rest.iter().any(|given| is_function(given.value)))
}
