//! `call-in-transaction`: a transaction that is kept open while another process is asked.
//!
//! What deliberately does not live here: where a transaction begins and ends, which [`crate::chart::Transaction`] knows. Invariant: what counts is
//! called in the region itself, or at most [`MAX_HOPS`] functions behind a call in it.

use std::collections::BTreeSet;

use portolan_grammars::catalog::{Operation, broker};
use portolan_grammars::facts::{Expr, FunctionId, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Context, Draft, Severity, Sink};
use crate::chart::operation::SpanRef;
use crate::chart::switched::is_off;
use crate::chart::{Call, ServiceIndex, Transaction};
use crate::resolve::link::{OutboundCall, Request};
use crate::words::enumerate;
use crate::{FunctionRef, Place};

/// Functions between the transaction and what is called in it.
const MAX_HOPS: u32 = 2;
/// Tables that a message names.
const MAX_TABLES: usize = 2;

rule! {
    /// ## What it does
    /// Finds calls of other processes, and messages sent, while a transaction of a database is open: between its beginning and its end, or in the
    /// function that runs within it; there itself or at most two functions deeper.
    ///
    /// What is called in a task that nobody waits for does not keep the transaction open, but may run before its end: that is said in other
    /// words. A transaction that is only known to read is information.
    ///
    /// Left alone are messages that are rows of the same database (`NOTIFY`, job queues in PostgreSQL) or are kept in an outbox first (`kept` of a
    /// producer in `portolan.toml`), what runs once it is committed (`afterCommit`), what an SDK keeps in memory to send it later (events of
    /// analytics), relays that take their messages from an outbox (`SKIP LOCKED`), what the arguments of a call switch off (`{ encrypt: false }`), and
    /// code in folders of migrations, seeds, scripts and examples.
    ///
    /// ## Why it matters
    /// Locks and a connection of the pool are held for as long as the other side takes to answer; when it hangs, the database does. And what was
    /// called cannot be rolled back: if the transaction fails, the mail is sent and the card is charged all the same.
    ///
    /// ## Example
    /// ```ts
    /// await prisma.$transaction(async (tx) => {
    ///   await tx.order.update({ where: { id }, data: { state: "paid" } });
    ///   await axios.post(`${process.env.PAYMENTS_URL}/charges`, { id });
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Call before the transaction begins or after it has ended. If the call must not be lost, write down in the transaction that it is to be made
    /// (an outbox) and make it afterwards.
    "call-in-transaction", Data, Warning, "A transaction is open while another process is asked", check
}

/// A span in a transaction.
struct Held {
    span: SpanRef,
    function: FunctionRef,
    /// The call in the transaction's own code behind which it stands.
    place: Place,
    /// Whether nobody waits for it.
    detached: bool,
}

/// A function that is called in a transaction.
#[derive(Clone, Copy)]
struct Called {
    function: FunctionRef,
    /// The call in the transaction's own code behind which it is.
    place: Place,
    /// The call of the function itself.
    by: Place,
    hops: u32,
    detached: bool,
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for transaction in &context.chart.transactions {
        if context.stands_beside(transaction.region.file) || is_relay(context, transaction) {
            continue;
        }
        let mut held = held(context, transaction);
        // Of a shared function, other services run other calls.
        let accesses = |one: &&Held| matches!(one.span, SpanRef::Access(_));
        let services: BTreeSet<ServiceIndex> = held.iter().filter(accesses).map(|one| one.span.service(context.chart)).collect();
        held.retain(|one| services.is_empty() || services.contains(&one.span.service(context.chart)));
        let touched = Touched::of(context, &held);
        let mut seen: FxHashSet<(Place, String)> = FxHashSet::default();
        for one in &held {
            if let Some((what, subject)) = asked(context, one.span)
                && seen.insert((one.place, subject.clone()))
            {
                report(context, sink, transaction, &touched, one, &what, subject);
            }
        }
    }
}

/// What a span asks of whom, as the beginning of a sentence and as a subject; nothing for what stays in the database.
fn asked(context: &Context<'_>, span: SpanRef) -> Option<(String, String)> {
    let chart = context.chart;
    if !span.status(chart).is_settled() {
        return None;
    }
    match span {
        SpanRef::Call(call) => {
            let call = chart.call(call);
            let queued = |outbound: &OutboundCall| matches!(outbound.request, Request::Sdk { queued: true, .. });
            if context.snapshot.outbound(call).any(queued) {
                return None;
            }
            // A function that several call with other paths asks for one of them, whichever that is.
            let same = |other: &Call| other.place == call.place && other.from == call.from && other.to == call.to;
            let mut here = context.index.calls_in(call.function).iter().map(|index| chart.call(*index)).filter(|other| same(other));
            let to = chart.name_of(&call.to);
            let what = if here.all(|other| other.label() == call.label()) { format!("{to} {}", call.label()) } else { to.to_string() };
            Some((what.clone(), what))
        }
        SpanRef::Publish(end) => {
            let channel = chart.channel(end.channel);
            let stays = broker(&channel.system).in_database || end.producer(chart).kept;
            (!stays).then(|| (format!("A message to `{}`", channel.name), channel.name.to_string()))
        }
        SpanRef::Access(_) => None,
    }
}

/// All spans in a transaction, each by the shortest way.
fn held(context: &Context<'_>, transaction: &Transaction) -> Vec<Held> {
    let (files, index) = (&context.snapshot.files, context.index);
    let Some(source) = files.source(transaction.region.file) else { return Vec::new() };
    let is_open = |place: Place| transaction.is_open_at(files, place);
    let mut held = Vec::new();
    let mut open: Vec<Called> = Vec::new();
    let region = transaction.region.range;
    let touching =
        source.functions.iter().enumerate().filter(|(_, function)| function.range.contains(region) || region.contains(function.range));
    let own: Vec<FunctionRef> =
        touching.map(|(at, _)| FunctionRef { file: transaction.region.file, function: FunctionId(at as u32) }).collect();
    // Closures in the region that nobody waits for, and those in them; parents come before their children.
    let mut detached: FxHashSet<FunctionRef> = FxHashSet::default();
    for &function in &own {
        for edge in index.edges_of(function) {
            let dropped = edge.detached || detached.contains(&function);
            if !is_open(edge.place) {
                continue;
            }
            if !own.contains(&edge.callee) {
                open.push(Called { function: edge.callee, place: edge.place, by: edge.place, hops: 1, detached: dropped });
            } else if dropped {
                detached.insert(edge.callee);
            }
        }
        for span in index.spans_in(function) {
            let place = span.place(context.chart);
            if is_open(place) {
                held.push(Held { span, function, place, detached: detached.contains(&function) || index.is_detached(place) });
            }
        }
    }
    let mut seen: FxHashMap<(FunctionRef, Place), bool> = FxHashMap::default();
    let mut at = 0;
    while let Some(&Called { function, place, by, hops, detached }) = open.get(at) {
        at += 1;
        if seen.get(&(function, by)).is_some_and(|before| *before <= detached) {
            continue;
        }
        seen.insert((function, by), detached);
        let runs = |at: &Place| !is_off(files, by, function, *at);
        for span in index.spans_in(function).filter(|span| runs(&span.place(context.chart))) {
            let detached = detached || index.is_detached(span.place(context.chart));
            held.push(Held { span, function, place, detached });
        }
        if hops < MAX_HOPS {
            let edges = index.edges_of(function).iter().filter(|edge| runs(&edge.place));
            open.extend(edges.map(|edge| Called {
                function: edge.callee,
                place,
                by: edge.place,
                hops: hops + 1,
                detached: detached || edge.detached,
            }));
        }
    }
    held
}

/// Whether a transaction takes messages from an outbox: it holds their rows for as long as they are on their way, on purpose.
fn is_relay(context: &Context<'_>, transaction: &Transaction) -> bool {
    let Some(source) = context.snapshot.files.source(transaction.region.file) else { return false };
    let skips = |text: &str| text.to_ascii_uppercase().contains("SKIP LOCKED");
    source.exprs.iter().any(|expression| {
        transaction.region.range.contains(expression.range)
            && match &expression.kind {
                Expr::Str(text) => skips(text),
                Expr::Member { name, .. } => matches!(name.as_str(), "skipLocked" | "skip_locked"),
                _ => false,
            }
    })
}

/// What is read and written while a transaction is waited for.
#[derive(Default)]
struct Touched {
    tables: Vec<Symbol>,
    writes: bool,
    reads: bool,
}

impl Touched {
    fn of(context: &Context<'_>, held: &[Held]) -> Self {
        let mut touched = Self::default();
        for one in held.iter().filter(|one| !one.detached) {
            let SpanRef::Access(access) = one.span else { continue };
            match access.of(context.chart).operation {
                Operation::Write => touched.writes = true,
                Operation::Read => touched.reads = true,
            }
            let name = &access.collection.of(context.chart).1.name;
            if !touched.tables.contains(name) {
                touched.tables.push(name.clone());
            }
        }
        touched
    }
}

fn report(
    context: &Context<'_>,
    sink: &mut Sink<'_>,
    transaction: &Transaction,
    touched: &Touched,
    one: &Held,
    what: &str,
    subject: String,
) {
    let chart = context.chart;
    let named: Vec<String> = touched.tables.iter().take(MAX_TABLES).map(|table| format!("`{table}`")).collect();
    let on = if named.is_empty() { String::new() } else { format!(" on {}", enumerate(&named)) };
    let is_message = matches!(one.span, SpanRef::Publish(_));
    let message = match (one.detached, is_message) {
        (false, false) => format!("{what} is called while the transaction{on} is open"),
        (false, true) => format!("{what} is sent while the transaction{on} is open"),
        (true, false) => format!("{what} may be called before the transaction{on} is committed: it is in a task of its own"),
        (true, true) => format!("{what} may be sent before the transaction{on} is committed: it is in a task of its own"),
    };
    let mut related = vec![(transaction.place, "the transaction begins here".to_owned())];
    let span_place = one.span.place(chart);
    if span_place != one.place {
        related.push((span_place, format!("{} calls it", context.symbol(one.function))));
    }
    let service = one.span.service(chart);
    let target = match one.span {
        SpanRef::Call(call) => chart.call(call).target(),
        _ => None,
    };
    sink.report(Draft {
        severity: (touched.reads && !touched.writes).then_some(Severity::Information),
        message,
        place: one.place,
        related,
        services: std::iter::once(service).chain(target).collect(),
        subject: vec![subject, context.file(transaction.function), context.symbol(transaction.function)],
    });
}
