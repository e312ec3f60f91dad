//! Transactions: where they begin, and how long they are open.
//!
//! What deliberately does not live here: what is called meanwhile. Invariant: a transaction whose end is not seen is none.

use portolan_grammars::catalog;
use portolan_grammars::facts::{Call, CallId, Expr, ExprId, RegionKind, SourceFacts, Symbol};

use super::evaluate::inside;
use super::library::CallView;
use super::link::{Extent, Linker, TransactionDecl};
use super::spans::Walk;
use super::value::Value;
use crate::FunctionRef;
use crate::chart::flow::same_value;

/// Calls behind one another that hand a handle on: `pool.begin().await.context("…")`.
const MAX_CHAIN: u32 = 8;
/// Methods that hand on what has begun, and run what they are given where nothing has.
const FAILS: &[&str] = &[
    "catch",
    "context",
    "expect",
    "inspect_err",
    "map_err",
    "ok",
    "ok_or_else",
    "or_else",
    "unwrap",
    "unwrap_or_else",
    "with_context",
    "wrap_err",
    "wrap_err_with",
];

impl<'w> Linker<'w> {
    pub(super) fn transaction(
        &mut self,
        walk: &Walk<'w>,
        function: FunctionRef,
        view: &CallView<'_>,
        entry: &catalog::Transaction,
    ) -> bool {
        let extent = match entry.statement {
            Some(argument) => by_statements(walk, view.site.call, argument),
            None => self.running(view, entry).or_else(|| until(walk, view.site.call, entry)),
        };
        let Some(extent) = extent else { return false };
        let callee = view.callee.name.as_str().into();
        self.link.transactions.push(TransactionDecl { site: view.site, function, callee, extent });
        true
    }

    /// The function among the arguments that runs within the transaction.
    fn running(&mut self, view: &CallView<'_>, entry: &catalog::Transaction) -> Option<Extent> {
        match self.evaluator.eval(self.file, view.argument(entry.runs?)?.value) {
            Value::Function(function, _) => Some(Extent::Function(function)),
            _ => None,
        }
    }
}

/// The calls that end a transaction: methods of its handle, up to where the handle stands for another.
fn until(walk: &Walk<'_>, begin: CallId, entry: &catalog::Transaction) -> Option<Extent> {
    let facts = walk.facts;
    let call = facts.call(begin);
    let (handle, next) = if entry.on_receiver {
        let Expr::Member { object, name } = facts.expr(call.callee) else { return None };
        let again = walk.index.calls.get(name)?.iter().copied().filter(|other| *other > begin);
        let next = again.filter(|other| called_on(facts, *other).is_some_and(|other| same_value(facts, *object, other))).min();
        (Handle::Expr(*object), next.map(|next| facts.call(next).range.start))
    } else {
        let binding = facts.bindings.iter().find(|binding| binding.value.is_some_and(|value| is_of(facts, value, begin)))?;
        let again = |other: &&u32| facts.bindings[**other as usize].range.start > binding.range.start;
        let same = walk.index.bindings.get(&binding.name)?.iter().filter(again).map(|other| &facts.bindings[*other as usize]);
        let next = same.filter(|other| other.function == binding.function).map(|other| other.range.start).min();
        (Handle::Name(&binding.name), next)
    };
    let is_handle = |object: ExprId| match handle {
        Handle::Expr(handle) => same_value(facts, handle, object),
        Handle::Name(handle) => matches!(facts.expr(object), Expr::Name(name) if name == handle),
    };
    let behind =
        |end: &CallId| facts.call(*end).range.start >= call.range.end && next.is_none_or(|next| facts.call(*end).range.start < next);
    let named = entry.ends.iter().filter_map(|name| walk.index.calls.get(name)).flatten().copied();
    let here = named.filter(|end| behind(end) && inside(facts, facts.call(*end).function, call.function));
    let mut ends: Vec<CallId> = here.filter(|end| called_on(facts, *end).is_some_and(is_handle)).collect();
    ends.sort();
    (!ends.is_empty()).then_some(Extent::Until(ends))
}

/// From where on a transaction is open: behind what begins it, and behind what runs where that fails, be it in `map_err`, as an arm of a `match`
/// or `let … else`, or in a `catch` around nothing else.
pub(super) fn open_from(facts: &SourceFacts, begin: CallId) -> u32 {
    let call = facts.call(begin);
    let mut from = call.range.end;
    let mut last = begin;
    for _ in 0..MAX_CHAIN {
        let hands_on = |other: &Call| match facts.expr(other.callee) {
            Expr::Member { object, name } => FAILS.contains(&name.as_str()) && *facts.expr(*object) == Expr::Call(last),
            _ => false,
        };
        let behind = last.index() + 1;
        let Some(next) = facts.calls[behind..].iter().position(hands_on) else { break };
        last = CallId((behind + next) as u32);
        from = facts.call(last).range.end;
    }
    let goes_on = |until: u32| facts.calls.iter().any(|other| other.range.start >= from && other.range.start < until);
    let caught_behind = |parent, start: u32| {
        let mut caught = facts.regions.iter().filter(|region| region.kind == RegionKind::Catch && region.parent == parent);
        caught.find(|region| region.range.start >= start).map(|region| region.range)
    };
    let around = facts.region(call.region);
    let failed = if !facts.language.is_ecmascript() {
        caught_behind(Some(call.region), from).filter(|arm| !goes_on(arm.start))
    } else if around.kind == RegionKind::Try && !goes_on(around.range.end) {
        caught_behind(around.parent, around.range.end)
    } else {
        None
    };
    failed.map_or(from, |failed| failed.end)
}

/// The calls that end a transaction which a statement begins: of the same method of the same value, up to where one begins the next.
fn by_statements(walk: &Walk<'_>, begin: CallId, argument: i32) -> Option<Extent> {
    let facts = walk.facts;
    if bound_of(facts, begin, argument) != Some(Bound::Begin) {
        return None;
    }
    let Expr::Member { object, name } = facts.expr(facts.call(begin).callee) else { return None };
    let behind = walk.index.calls.get(name)?.iter().copied().filter(|other| {
        *other > begin
            && inside(facts, facts.call(*other).function, facts.call(begin).function)
            && called_on(facts, *other).is_some_and(|other| same_value(facts, *object, other))
    });
    let bounds = behind.filter_map(|other| Some((other, bound_of(facts, other, argument)?)));
    let ends: Vec<CallId> = bounds.take_while(|(_, bound)| *bound == Bound::End).map(|(end, _)| end).collect();
    (!ends.is_empty()).then_some(Extent::Until(ends))
}

/// What a statement does to a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Begin,
    End,
}

/// What the statement that a call is given does to a transaction. One that goes back to a mark does not end it.
fn bound_of(facts: &SourceFacts, call: CallId, argument: i32) -> Option<Bound> {
    let args = &facts.call(call).args;
    let at = usize::try_from(argument).ok().or_else(|| args.len().checked_sub(argument.unsigned_abs() as usize))?;
    let Expr::Str(text) = facts.expr(args.get(at)?.value) else { return None };
    let statement = text.trim().trim_end_matches(';').to_ascii_uppercase();
    let words: Vec<&str> = statement.split_whitespace().collect();
    match words.as_slice() {
        ["BEGIN", ..] | ["START", "TRANSACTION", ..] => Some(Bound::Begin),
        ["ROLLBACK", "TO", ..] | ["ROLLBACK", "TRANSACTION" | "WORK", "TO", ..] => None,
        ["COMMIT" | "ROLLBACK" | "END" | "ABORT", ..] => Some(Bound::End),
        _ => None,
    }
}

/// What a transaction is ended on.
#[derive(Clone, Copy)]
enum Handle<'a> {
    /// What its beginning is a method of.
    Expr(ExprId),
    /// What its beginning is bound to.
    Name(&'a Symbol),
}

/// What a call is a method of.
fn called_on(facts: &SourceFacts, call: CallId) -> Option<ExprId> {
    match facts.expr(facts.call(call).callee) {
        Expr::Member { object, .. } => Some(*object),
        _ => None,
    }
}

/// Whether a value is what a call hands out, be it through methods that hand it on.
fn is_of(facts: &SourceFacts, mut value: ExprId, call: CallId) -> bool {
    for _ in 0..MAX_CHAIN {
        let Expr::Call(id) = facts.expr(value) else { return false };
        if *id == call {
            return true;
        }
        let Some(object) = called_on(facts, *id) else { return false };
        value = object;
    }
    false
}
