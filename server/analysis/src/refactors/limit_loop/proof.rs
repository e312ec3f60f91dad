//! What must hold of a loop that waits for each of its rounds, so that several may run at the same time.
//!
//! Invariant: a round is one question to others; nothing of it is seen by another round, and none decides whether another one runs.

use portolan_grammars::facts::{Call, Expr, ExprId, FunctionId, Language, SourceFacts, TextRange};
use rustc_hash::FxHashSet;

use super::super::ask_together::{assigned_in, keeps_nothing};
use super::super::held::words;
use super::super::move_call::CHANGING;
use super::super::stretch::is_untested;
use super::super::{Context, Refusal, Source};
use crate::FunctionRef;
use crate::chart::operation::SpanRef;
use crate::rules::Finding;

/// Methods of Rust by which something is changed that others have, too.
const INWARD: [&str; 9] = ["lock", "write", "borrow_mut", "store", "swap", "replace", "fetch_add", "fetch_sub", "get_or_init"];
/// Functions between a round and what leaves the process.
const MAX_HOPS: u32 = 4;

/// A round as it is written.
pub(super) struct Round {
    /// The whole loop.
    pub(super) all: TextRange,
    /// What is done for each.
    pub(super) body: TextRange,
    /// What adds to the list that the rounds are gathered in.
    pub(super) push: Option<TextRange>,
    /// What is waited for: the call, or more that belongs to it.
    pub(super) asked: TextRange,
}

pub(super) fn holds(context: &Context<'_>, finding: &Finding, source: &Source<'_>, call: &Call, round: &Round) -> Result<(), Refusal> {
    let text = source.slice(round.body);
    if let Some(word) = ["break", "continue", "return", "yield", "delete", "arguments"].iter().find(|word| Source::has_word(text, word)) {
        return Err(Refusal::new(format!("`{word}` stands in the loop")));
    }
    let waits = |text: &str| words(text, "await").count();
    if waits(text) > waits(source.slice(round.asked)).max(1) {
        return Err(Refusal::new("a round waits for more than the call"));
    }
    if context.snapshot.chart.transactions.iter().any(|transaction| transaction.is_open_at(&context.snapshot.files, finding.place)) {
        return Err(Refusal::new("a transaction is open"));
    }
    is_apart(source, call.function, round)?;
    if source.facts.language == Language::Rust {
        keeps_to_itself(source, round)?;
    } else {
        is_untested(source, call.function, round.body)?;
    }
    only_asks(context, finding, FunctionRef { file: source.file, function: call.function }, round.body)
}

/// Refuses rounds of which one could see what another did.
fn is_apart(source: &Source<'_>, function: FunctionId, round: &Round) -> Result<(), Refusal> {
    let (facts, body) = (source.facts, round.body);
    let text = source.slice(body);
    let own = |name: &str| facts.bindings.iter().any(|it| it.name == name && round.all.contains(it.range));
    let carried = |what: &str| Err(Refusal::new(format!("`{what}` is carried from round to round")));
    if let Some(change) = ["++", "--", "+=", "-=", "*=", "/=", "||=", "&&=", "??="].iter().find(|change| text.contains(**change)) {
        return carried(change);
    }
    // A field of the element itself is the round's own.
    let is_own = |target: ExprId| match facts.expr(target) {
        Expr::Name(name) => own(name),
        Expr::Member { object, .. } => matches!(facts.expr(*object), Expr::Name(name) if own(name)),
        _ => false,
    };
    if let Some(other) = facts.assignments.iter().find(|it| body.contains(facts.expr_range(it.target)) && !is_own(it.target)) {
        return carried(source.slice(facts.expr_range(other.target)));
    }
    for call in
        facts.calls.iter().filter(|call| body.contains(call.range) && !round.push.is_some_and(|push| push.contains(call.name_range)))
    {
        let Expr::Member { object, name } = facts.expr(call.callee) else { continue };
        if CHANGING.contains(&name.as_str()) && !root(facts, *object).is_some_and(own) {
            return carried(source.slice(facts.expr_range(*object)));
        }
    }
    let names = source.tree().map(|tree| tree.names_in(body)).unwrap_or_default();
    // The list itself is not touched any more.
    let touched = names.into_iter().filter(|range| !round.push.is_some_and(|push| push.start == range.start));
    let names: FxHashSet<&str> = touched.map(|range| source.slice(range)).collect();
    // What may be another one by the time that a round goes on.
    let whole = if function == FunctionId::MODULE { TextRange::new(0, source.text.len()) } else { facts.function(function).range };
    let assigned = assigned_in(facts, whole).filter_map(|target| match target {
        Expr::Name(name) => Some(name),
        _ => None,
    });
    // Parameters that nobody assigns to are constants, be they patterns or not.
    let is_given = |range: TextRange| facts.functions.iter().flat_map(|function| &function.params).any(|param| param.range.contains(range));
    let variables =
        facts.bindings.iter().filter(|it| !it.constant && !round.all.contains(it.range) && !is_given(it.range)).map(|it| &it.name);
    let assigned: FxHashSet<&str> = assigned.map(|name| name.as_str()).collect();
    match variables.map(|name| name.as_str()).chain(assigned.iter().copied()).find(|name| names.contains(name) && !own(name)) {
        Some(name) => Err(Refusal::new(format!("`{name}` may be another one by then"))),
        None => Ok(()),
    }
}

/// Refuses a round of Rust by which something changes that is only read by its type.
fn keeps_to_itself(source: &Source<'_>, round: &Round) -> Result<(), Refusal> {
    let facts = source.facts;
    for call in facts.calls.iter().filter(|call| round.body.contains(call.range)) {
        if let Expr::Member { name, .. } = facts.expr(call.callee)
            && INWARD.contains(&name.as_str())
        {
            return Err(Refusal::new(format!("`{name}` may change what other rounds see")));
        }
    }
    Ok(())
}

/// The name that a value begins with.
fn root(facts: &SourceFacts, mut value: ExprId) -> Option<&str> {
    loop {
        value = match facts.expr(value) {
            Expr::Member { object, .. } | Expr::Index { object, .. } => *object,
            Expr::Call(call) => facts.call(*call).callee,
            Expr::Name(name) => return Some(name),
            _ => return None,
        };
    }
}

/// Refuses a round that does anything but ask.
fn only_asks(context: &Context<'_>, finding: &Finding, function: FunctionRef, body: TextRange) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    let (chart, index) = (&snapshot.chart, &snapshot.index);
    let service = finding.services.first().copied();
    let asks = |span: SpanRef| matches!(span, SpanRef::Call(call) if chart.call(call).changes() == Some(false));
    let changes = || Refusal::new("it may change something, in an order that matters");
    let mut own = index.spans_in(function).filter(|span| Some(span.service(chart)) == service && body.contains(span.place(chart).range));
    if !own.all(asks) {
        return Err(changes());
    }
    let edges = index.edges_of(function).iter().filter(|edge| body.contains(edge.place.range));
    let mut open: Vec<(FunctionRef, u32)> = Vec::new();
    for edge in edges {
        keeps_nothing(snapshot, edge.place)?;
        open.push((edge.callee, 0));
    }
    let mut seen: FxHashSet<FunctionRef> = open.iter().map(|(function, _)| *function).collect();
    while let Some((function, hops)) = open.pop() {
        let mut spans = index.spans_in(function).filter(|span| Some(span.service(chart)) == service);
        if !spans.all(asks) {
            return Err(changes());
        }
        if hops == MAX_HOPS {
            return Err(Refusal::new("what it does is too far away to be seen"));
        }
        let next = index.edges_of(function).iter().map(|edge| edge.callee).filter(|callee| seen.insert(*callee));
        open.extend(next.map(|callee| (callee, hops + 1)));
    }
    Ok(())
}
