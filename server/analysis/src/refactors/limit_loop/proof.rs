//! What must hold of a loop that waits for each of its rounds, so that several may run at the same time.
//!
//! Invariant: a round is one question to others; nothing of it is seen by another round, and none decides whether another one runs.

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::{Call, Expr, ExprId, FunctionId, Language, SourceFacts, TextRange};
use rustc_hash::FxHashSet;

use super::super::ask_together::keeps_nothing;
use super::super::changes::{assigned_in, is_changing};
use super::super::stretch::is_untested;
use super::super::{Context, Refusal, Source};
use crate::chart::operation::SpanRef;
use crate::chart::{CallIndex, Endpoint, Protocol, ServiceIndex};
use crate::rules::Finding;
use crate::words::words;
use crate::{FunctionRef, Snapshot};

/// Methods of Rust by which something is changed that others have, too.
const INWARD: [&str; 9] = ["lock", "write", "borrow_mut", "store", "swap", "replace", "fetch_add", "fetch_sub", "get_or_init"];
/// Methods of answers that read their bodies.
const BODIES: [&str; 6] = ["json", "text", "blob", "arrayBuffer", "formData", "bytes"];
/// First words of messages that ask for something.
const QUESTIONS: [&str; 9] = ["get", "list", "find", "search", "fetch", "read", "query", "check", "count"];
/// Functions between a round and what leaves the process.
const MAX_HOPS: u32 = 4;

/// Where a loop goes on with the next round.
pub(super) fn skips(source: &Source<'_>, all: TextRange) -> Result<Vec<TextRange>, Refusal> {
    let skips = source.tree().and_then(|tree| tree.skips_of(all));
    skips.ok_or_else(|| Refusal::new("where the loop goes on with the next round is not plain to see"))
}

/// A round as it is written.
pub(super) struct Round {
    /// The whole loop.
    pub(super) all: TextRange,
    /// What is done for each.
    pub(super) body: TextRange,
    /// What adds to the list that the rounds are gathered in.
    pub(super) push: Option<TextRange>,
}

pub(super) fn holds(context: &Context<'_>, finding: &Finding, source: &Source<'_>, call: &Call, round: &Round) -> Result<(), Refusal> {
    let text = code(source, round.body);
    if let Some(word) = ["break", "return", "yield", "delete", "arguments"].iter().find(|word| Source::has_word(&text, word)) {
        return Err(Refusal::new(format!("`{word}` stands in the loop")));
    }
    let function = FunctionRef { file: source.file, function: call.function };
    let awaited = source.facts.calls.iter().filter(|it| it.awaited && it.function == call.function && round.body.contains(it.range));
    let asked = awaited.filter(|it| it.range.contains(call.range) || is_asked(context, finding, source, function, round, it));
    if Source::words(&text, "await").count() != asked.count() {
        return Err(Refusal::new("a round waits for more than answers"));
    }
    if context.snapshot.chart.is_in_transaction(&context.snapshot.files, finding.place) {
        return Err(Refusal::new("a transaction is open"));
    }
    is_apart(source, call.function, round)?;
    if source.facts.language == Language::Rust {
        keeps_to_itself(source, round)?;
    } else {
        is_untested(source, call.function, round.body)?;
    }
    only_asks(context, finding, function, round.body)
}

/// What stands in a range, comments left out.
fn code(source: &Source<'_>, range: TextRange) -> String {
    let text = source.slice(range);
    source.tree().map_or_else(|| text.to_owned(), |tree| tree.without_comments(range, text))
}

/// Whether what is waited for is an answer, or the body of one: nothing that only lets time go by.
fn is_asked(context: &Context<'_>, finding: &Finding, source: &Source<'_>, function: FunctionRef, round: &Round, awaited: &Call) -> bool {
    let (snapshot, facts) = (context.snapshot, source.facts);
    let within = Reach { snapshot, service: finding.services.first().copied(), asks: &|_| true };
    let is_asked = || within.spans(function).any(|span| awaited.range.contains(span.place(&snapshot.chart).range));
    let edges = || snapshot.index.edges_of(function).iter().filter(|edge| awaited.range.contains(edge.place.range));
    let asks = || edges().any(|edge| within.holds(vec![edge.callee]) == Ok(true));
    let is_body = || match facts.expr(awaited.callee) {
        Expr::Member { object, name } => {
            let bound = |of: &str| facts.bindings.iter().any(|it| it.name == of && it.constant && round.body.contains(it.range));
            BODIES.contains(&name.as_str()) && awaited.args.is_empty() && matches!(facts.expr(*object), Expr::Name(of) if bound(of))
        }
        _ => false,
    };
    is_body() || is_asked() || asks()
}

/// Refuses rounds of which one could see what another did.
fn is_apart(source: &Source<'_>, function: FunctionId, round: &Round) -> Result<(), Refusal> {
    let (facts, body) = (source.facts, round.body);
    let text = code(source, body);
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
        if is_changing(name) && !root(facts, *object).is_some_and(own) {
            return carried(source.slice(facts.expr_range(*object)));
        }
    }
    let names = source.tree().map(|tree| tree.names_in(body)).unwrap_or_default();
    // The list itself is not touched any more.
    let touched = names.into_iter().filter(|range| round.push.is_none_or(|push| push.start != range.start));
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
    let index = &snapshot.index;
    let asks = |span: SpanRef| matches!(span, SpanRef::Call(call) if is_question(snapshot, call));
    let within = Reach { snapshot, service: finding.services.first().copied(), asks: &asks };
    if !within.spans(function).filter(|span| body.contains(span.place(&snapshot.chart).range)).all(asks) {
        return Err(changes());
    }
    let edges = index.edges_of(function).iter().filter(|edge| body.contains(edge.place.range));
    let mut called = Vec::new();
    for edge in edges {
        keeps_nothing(snapshot, edge.place)?;
        called.push(edge.callee);
    }
    within.holds(called).map(drop)
}

fn changes() -> Refusal {
    Refusal::new("it may change something, in an order that matters")
}

/// Whether a call changes nothing: by its protocol, or as a message that is called a question and answered by one who only reads.
fn is_question(snapshot: &Snapshot, call: CallIndex) -> bool {
    let call = snapshot.chart.call(call);
    if call.protocol != Protocol::Message {
        return call.changes() == Some(false);
    }
    let answered = call.endpoint.map(|endpoint| snapshot.chart.endpoint(endpoint));
    let is_called_so = words(&call.path).first().is_some_and(|first| QUESTIONS.contains(&first.as_str()));
    let reads = |span: SpanRef| match span {
        SpanRef::Call(call) => snapshot.chart.call(call).changes() == Some(false),
        SpanRef::Access(access) => access.of(&snapshot.chart).operation == Operation::Read,
        SpanRef::Publish(_) => false,
    };
    let only_reads = |endpoint: &Endpoint| {
        let within = Reach { snapshot, service: Some(endpoint.service), asks: &reads };
        endpoint.handler.is_some_and(|handler| within.holds(vec![handler]).is_ok())
    };
    is_called_so && answered.is_some_and(only_reads)
}

/// What functions of a service do, and those that they call.
struct Reach<'s> {
    snapshot: &'s Snapshot,
    service: Option<ServiceIndex>,
    /// What they may do.
    asks: &'s dyn Fn(SpanRef) -> bool,
}

impl Reach<'_> {
    /// What leaves the process in a function itself.
    fn spans(&self, function: FunctionRef) -> impl Iterator<Item = SpanRef> {
        let chart = &self.snapshot.chart;
        self.snapshot.index.spans_in(function).filter(|span| Some(span.service(chart)) == self.service)
    }

    /// Whether functions do anything; refuses those that do anything else, or whose end is not seen.
    fn holds(&self, functions: Vec<FunctionRef>) -> Result<bool, Refusal> {
        let mut asks = false;
        let mut seen: FxHashSet<FunctionRef> = functions.iter().copied().collect();
        let mut open: Vec<(FunctionRef, u32)> = functions.into_iter().map(|function| (function, 0)).collect();
        while let Some((function, hops)) = open.pop() {
            for span in self.spans(function) {
                asks = true;
                if !(self.asks)(span) {
                    return Err(changes());
                }
            }
            if hops == MAX_HOPS {
                return Err(Refusal::new("what it does is too far away to be seen"));
            }
            let next = self.snapshot.index.edges_of(function).iter().map(|edge| edge.callee).filter(|callee| seen.insert(*callee));
            open.extend(next.map(|callee| (callee, hops + 1)));
        }
        Ok(asks)
    }
}
