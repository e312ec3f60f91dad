//! Caches: answers that are kept, and looked up before they are asked for again.
//!
//! What deliberately does not live here: what follows for a rule. Invariant: what is kept is told by the calls around what makes it, in one
//! function and those it stands in, and only made where none is found, or none that fits; nothing is known of how long it is kept.

use portolan_grammars::facts::{Call, CallId, Expr, ExprId, FunctionId, SourceFacts, Symbol};

use super::misses::{is_found, runs_on_miss};
use super::{Context, exempt};
use crate::chart::flow::{closures_around, first_name, same_value};
use crate::resolve::index::callee_name;
use crate::{FunctionRef, Place};

/// Functions around a call in which answers may be looked up.
const MAX_AROUND: usize = 8;
/// Calls within keys that are compared.
const MAX_KEYS: u32 = 3;

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
            kept.iter().any(|(kept, of)| same_value(source, names, *kept) && is_same_key(source, key, *of, MAX_KEYS))
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
        || is_handed_out_before(context, source, function, place)
}

/// Whether a function around a place hands out, before it, what it finds under a key, and what keeps something under the same key follows:
/// `if (known && known.whole) return known;`. By a map, or by functions that are named after a cache.
fn is_handed_out_before(context: &Context<'_>, source: &SourceFacts, function: FunctionRef, place: Place) -> bool {
    let around: Vec<FunctionId> = closures_around(source, function.function).take(MAX_AROUND).collect();
    let is_asked = |other: &Call| {
        let calls = context.index.calls_in(FunctionRef { function: other.function, ..function }).iter();
        calls.map(|index| context.chart.call(*index).place.range).any(|range| range == other.name_range)
    };
    let calls = || source.calls.iter().enumerate().filter(|(_, other)| around.contains(&other.function) && !is_asked(other));
    let before = |end: u32| end <= place.range.start;
    // What a function makes anew for each call of it keeps nothing for the next one.
    let is_own = |name: &Symbol| source.bindings.iter().any(|binding| binding.name == *name && around.contains(&binding.function));
    let lasts = |names: &Names| match names {
        Names::Object(object) => !first_name(source, *object).is_some_and(is_own),
        Names::Functions => true,
    };
    let looked_up = calls().filter(|(_, other)| before(other.range.end));
    let looked_up = looked_up.filter_map(|(at, other)| Some((CallId(at as u32), looks_up(source, other)?)));
    looked_up.filter(|(_, (names, _))| lasts(names)).any(|(looked, (names, key))| {
        let follows = |other: &Call| {
            other.range.end >= place.range.end
                && keeps(source, other)
                    .is_some_and(|(kept, of)| is_same_cache(source, names, kept) && is_same_key(source, key, of, MAX_KEYS))
        };
        let mut returned = source.function(source.call(looked).function).returns.iter().map(|value| (*value, source.expr_range(*value)));
        returned.any(|(value, range)| before(range.end) && range.start >= source.call(looked).range.end && is_read(source, value, looked))
            && calls().any(|(_, other)| follows(other))
    })
}

/// Where something is kept: in an object, or behind functions.
#[derive(Clone, Copy)]
enum Names {
    Object(ExprId),
    Functions,
}

/// What a call looks something up in, and under which key.
fn looks_up(source: &SourceFacts, call: &Call) -> Option<(Names, ExprId)> {
    keyed_by(source, call, LOOKS_UP)
}

/// The same of what keeps something.
fn keeps(source: &SourceFacts, call: &Call) -> Option<(Names, ExprId)> {
    keyed_by(source, call, KEEPS)
}

fn keyed_by(source: &SourceFacts, call: &Call, methods: &[&str]) -> Option<(Names, ExprId)> {
    let key = call.args.first()?.value;
    if let Expr::Member { object, name } = source.expr(call.callee)
        && methods.contains(&name.as_str())
    {
        return Some((Names::Object(*object), key));
    }
    // `cacheGet(key)`, `putInCache(key, found)`
    let name = callee_name(source, call.callee)?;
    (exempt::has_word(name, CACHES) && exempt::has_word(name, methods)).then_some((Names::Functions, key))
}

fn is_same_cache(source: &SourceFacts, one: Names, other: Names) -> bool {
    match (one, other) {
        (Names::Object(one), Names::Object(other)) => same_value(source, one, other),
        (Names::Functions, Names::Functions) => true,
        _ => false,
    }
}

/// Whether a value is what a look-up has found, as it is or read from its text: `JSON.parse(found)`.
fn is_read(source: &SourceFacts, value: ExprId, looked: CallId) -> bool {
    let given = match source.expr(value) {
        Expr::Call(call) => source.call(*call).args.as_slice(),
        _ => &[],
    };
    is_found(source, value, looked) || given.iter().any(|argument| is_found(source, argument.value, looked))
}

/// Whether two keys are written alike.
fn is_same_key(source: &SourceFacts, one: ExprId, other: ExprId, depth: u32) -> bool {
    let (one, other) = (plain(source, one), plain(source, other));
    match (source.expr(one), source.expr(other)) {
        (Expr::Concat(first), Expr::Concat(second)) => {
            first.len() == second.len()
                && first.iter().zip(second).all(|(one, other)| source.expr(*one) == source.expr(*other) || same_value(source, *one, *other))
        }
        (Expr::Str(first), Expr::Str(second)) => first == second,
        (Expr::Call(first), Expr::Call(second)) if depth > 0 => {
            let (first, second) = (source.call(*first), source.call(*second));
            same_value(source, first.callee, second.callee)
                && first.args.len() == second.args.len()
                && first.args.iter().zip(&second.args).all(|(one, other)| is_same_key(source, one.value, other.value, depth - 1))
        }
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
