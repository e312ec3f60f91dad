//! `dual-write`: a table is written, then a message is sent, and nothing holds the two together.
//!
//! What deliberately does not live here: messages that are sent while a transaction is open, which are [`super::call_in_transaction`]'s. Invariant:
//! write and message are of one function and the functions it calls, in this order, and both are waited for.

use std::collections::BTreeMap;

use portolan_grammars::catalog::{Operation, broker};
use portolan_grammars::facts::{Expr, ExprId, FunctionId, RegionKind, Symbol};

use super::misses::runs_on_miss;
use super::moments::{Moment, Moments, follows};
use super::parties::holds_tables;
use super::unmatched_channel::is_heard_by_nobody;
use super::{Context, Draft, RuleOption, Severity, Sink, Texts, exempt};
use crate::chart::flow::{Spot, closures_around};
use crate::chart::index::EndRef;
use crate::chart::operation::{Root, SpanRef, roots_around};
use crate::chart::origins::{Origin, origins};
use crate::chart::{Access, ChannelIndex, ServiceIndex};
use crate::resolve::index::callee_name;
use crate::words::words;
use crate::{FileId, FunctionRef, Place};

/// Channels whose messages may be lost.
const LOSSY: Texts = Texts {
    name: "lossy_channels",
    meaning: "Words in the names of channels whose messages may get lost, and of tables that only tell of what happened.",
    default: &[
        "metric",
        "metrics",
        "audit",
        "log",
        "logs",
        "telemetry",
        "analytics",
        "usage",
        "cache",
        "invalidate",
        "invalidation",
        "presence",
        "realtime",
        "socket",
        "websocket",
        "ws",
    ],
};
/// Functions around a message that are looked at.
const MAX_AROUND: usize = 8;
/// How many places of the same are named.
const MAX_SITES: usize = 5;
/// Verbs in the names of functions that are asked for something.
const GETTERS: &[&str] = &["get", "load", "read"];
/// Words in the names of tables from which messages are sent afterwards, or what is left to do is done.
const OUTBOXES: &[&str] = &["outbox", "outboxes", "pending"];

rule! {
    /// ## What it does
    /// Finds messages that are sent after a table of a database was written by the same function, or by functions it calls, and outside of a
    /// transaction. The message must have to do with what was written: be made of its result, or of something that was given to both.
    ///
    /// It is information where only messages set the code off: a broker hands them over again when something fails between the two; where
    /// the row is written once more in the `catch` around the message; and where nobody receives the message, of which `unmatched-channel` tells.
    ///
    /// Left alone are questions, whose senders wait for an answer on a channel that they name (`replyTo`), messages that are rows of the same
    /// database (`NOTIFY`, job queues in PostgreSQL) or are kept in an outbox first (`kept` of a producer in `portolan.toml`), functions that write
    /// an outbox or what is pending, tables whose changes a connector of Kafka Connect sends, tables whose rows something else of the service reads
    /// to send such messages for all of them, tables that only tell of what happened, channels whose messages may get lost (the option lists words of
    /// their names), messages that nobody waits for or that are only sent where the write gave nothing back, caches, rows that a function only adds
    /// where it finds none, what a function writes that is asked for something (`getSettings()`), jobs, tools, and code in folders of migrations,
    /// seeds, scripts and examples.
    ///
    /// ## Why it matters
    /// The two are in different systems: whatever ends the process between them, a deployment is enough, leaves a row that nobody hears of.
    ///
    /// ## Example
    /// ```ts
    /// await prisma.order.create({ data: order });
    /// await producer.send({ topic: "orders.placed", messages: [{ value: JSON.stringify(order) }] });
    /// ```
    ///
    /// ## How to fix
    /// Write the message to an outbox in the transaction that writes the row, and send it from there; or read changes off the database's log.
    "dual-write", Data, Warning, "A table is written, then a message is sent, and nothing holds the two together", check,
    options: &[RuleOption::Texts(LOSSY)]
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut moments = Moments::new(context);
    let mut found: BTreeMap<Subject, Vec<DualWrite>> = BTreeMap::new();
    for (at, channel) in context.chart.channels.iter().enumerate() {
        let broker = broker(&channel.system);
        if broker.in_database || broker.forgets {
            continue;
        }
        for (end, producer) in channel.producers.iter().enumerate() {
            let Some(function) = producer.function.filter(|_| producer.status.is_settled() && !producer.asks && !producer.kept) else {
                continue;
            };
            let file = producer.place.file;
            let lossy = sink.texts(&LOSSY, file);
            if exempt::from_data_rules(context.chart.service(producer.service))
                || context.stands_beside(file)
                || exempt::has_word(&channel.name, &lossy)
            {
                continue;
            }
            let end = EndRef { channel: ChannelIndex(at as u32), end: end as u32 };
            if let Some(written) = write_before(context, &mut moments, end, function, &lossy)
                && !is_swept(context, &mut moments, end, &written)
                && !is_captured(context, &written.table)
            {
                let subject = (producer.service, end.channel, written.table.clone(), file);
                found.entry(subject).or_default().push(DualWrite { end, function, written });
            }
        }
    }
    for (subject, all) in &found {
        report(context, sink, subject, all);
    }
}

/// What is told once: who writes which table and sends to which channel, in a file.
type Subject = (ServiceIndex, ChannelIndex, Symbol, FileId);

/// A message that is sent after a write.
struct DualWrite {
    end: EndRef,
    /// The function that sends it.
    function: FunctionRef,
    written: Written,
}

/// A write that comes before a message.
struct Written {
    /// The function in which both happen.
    function: FunctionRef,
    table: Symbol,
    place: Place,
    /// Where that function sends the message, or calls what does.
    sent: Place,
}

/// The write before a message is sent, in the nearest function that does both: the first whose result is in the message, else the first of what it has
/// to do with.
fn write_before(context: &Context<'_>, moments: &mut Moments<'_>, end: EndRef, function: FunctionRef, lossy: &[&str]) -> Option<Written> {
    let (chart, files) = (context.chart, &context.snapshot.files);
    let producer = end.producer(chart);
    let publish = SpanRef::Publish(end);
    let around = moments.around(function, producer.place);
    // Of a shared function, other services have other callers.
    for (around, sent) in around.into_iter().filter(|(around, _)| context.may_run(producer.service, around.file)) {
        let is_dropped = || !chart.is_after_commit(sent) && Spot::at(files, sent).is_some_and(|spot| spot.is_dropped());
        if is_dropped() || chart.is_in_transaction(files, sent) {
            return None;
        }
        let all = moments.of(producer.service, around);
        let mut writes: Vec<(&Moment, SpanRef, bool)> =
            all.iter().flat_map(|moment| moment.spans.iter().map(move |(span, detached)| (moment, *span, *detached))).collect();
        writes.sort_by_key(|(moment, span, _)| (moment.place, span.place(chart)));
        let (mut of_result, mut of_given): (Option<Written>, Option<Written>) = (None, None);
        for (moment, span, detached) in writes {
            let SpanRef::Access(access) = span else { continue };
            let ((store, collection), row) = (access.collection.of(chart), access.of(chart));
            let counts = row.operation == Operation::Write && !detached && row.status.is_settled() && holds_tables(store);
            if !counts || exempt::has_word(&collection.name, lossy) {
                continue;
            }
            if exempt::has_word(&collection.name, OUTBOXES) {
                return None;
            }
            // Who asks for a row that is made where there is none yet does not write it for the message's sake.
            if row.place != moment.place && (fills_in(context, row, &collection.name) || is_asked_for(context, moment.place)) {
                continue;
            }
            let same = moment.spans.iter().any(|(other, _)| *other == publish);
            if same || !follows(context, sent, moment.place) || is_without(context, sent, moment.place) {
                continue;
            }
            let written = || Written { function: around, table: collection.name.clone(), place: row.place, sent };
            match concerns(context, sent, moment.place) {
                Concern::Result => _ = of_result.get_or_insert_with(written),
                Concern::Given => _ = of_given.get_or_insert_with(written),
                Concern::None => {}
            }
        }
        let before = of_result.or(of_given);
        if before.is_some() {
            return before;
        }
    }
    None
}

/// Whether a place is a call of a function that is asked for something: `getSettings()` writes what nobody hears of.
fn is_asked_for(context: &Context<'_>, place: Place) -> bool {
    let Some(spot) = Spot::at(&context.snapshot.files, place) else { return false };
    let called = spot.call().and_then(|call| callee_name(spot.source(), spot.source().call(call).callee));
    called.is_some_and(|name| words(name).first().is_some_and(|verb| GETTERS.contains(&verb.as_str())))
}

/// Whether a message is sent only where what was called before gave nothing back: `if (!reserved)`.
fn is_without(context: &Context<'_>, sent: Place, earlier: Place) -> bool {
    let Some(spot) = Spot::at(&context.snapshot.files, earlier) else { return false };
    spot.call().is_some_and(|call| sent.file == earlier.file && runs_on_miss(spot.source(), sent.range, call))
}

/// Whether a row is only added where the same function has found none, which writes that table nowhere else.
fn fills_in(context: &Context<'_>, write: &Access, table: &Symbol) -> bool {
    let Some(spot) = Spot::at(&context.snapshot.files, write.place) else { return false };
    let source = spot.source();
    let same: Vec<&Access> = context
        .index
        .accesses_in(write.function)
        .iter()
        .filter(|access| access.collection.of(context.chart).1.name == *table)
        .map(|access| access.of(context.chart))
        .collect();
    let finds_none = |read: &&Access| {
        let looked = Spot::at(&context.snapshot.files, read.place).and_then(|spot| spot.call());
        looked.is_some_and(|looked| runs_on_miss(source, write.place.range, looked))
    };
    adds_row(&spot)
        && same.iter().all(|other| other.operation == Operation::Read || other.place == write.place)
        && same.iter().filter(|other| other.operation == Operation::Read).any(finds_none)
}

/// Whether a write adds a row, by the name of what is called or by its statement.
fn adds_row(spot: &Spot<'_>) -> bool {
    let source = spot.source();
    let inserts = |text: &Symbol| text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("insert"));
    spot.chain().any(|call| {
        matches!(source.expr(call.callee), Expr::Member { name, .. } if exempt::has_word(name, &["create", "insert"]))
            || call.args.iter().any(|given| matches!(source.expr(given.value), Expr::Str(text) if inserts(text)))
    })
}

/// Whether a connector reads the changes of a table off the log of its database: others hear of a row whether the message is sent or not.
fn is_captured(context: &Context<'_>, table: &Symbol) -> bool {
    let names_it = |name: &Symbol| name.rsplit('.').next() == Some(table.as_str());
    let mut connectors = context.snapshot.workspace.connectors.iter();
    connectors.any(|connector| connector.prefix.is_some() && (connector.tables.is_empty() || connector.tables.iter().any(names_it)))
}

/// Whether something else of the service sends such messages for all rows of the table that wait for one: it sends again what was lost.
fn is_swept(context: &Context<'_>, moments: &mut Moments<'_>, lost: EndRef, written: &Written) -> bool {
    let chart = context.chart;
    let of = lost.producer(chart);
    let others = chart.channel(lost.channel).producers.iter().filter(|other| other.place != of.place && other.service == of.service);
    let senders: Vec<(FunctionRef, Place)> = others.filter_map(|other| Some((other.function?, other.place))).collect();
    let around: Vec<(FunctionRef, Place)> = senders
        .into_iter()
        .flat_map(|(function, place)| moments.around(function, place))
        .filter(|(function, _)| *function != written.function)
        .collect();
    around.into_iter().any(|(function, sent)| {
        moments.of(of.service, function).iter().any(|moment| {
            let reads = |span: &SpanRef| match span {
                SpanRef::Access(access) => {
                    access.of(chart).operation == Operation::Read && access.collection.of(chart).1.name == written.table
                }
                _ => false,
            };
            moment.spans.iter().any(|(span, _)| reads(span)) && is_of_each(context, sent, moment.place)
        })
    })
}

/// Whether what is sent is made of each row that was read: within a loop over them, or by `map`.
fn is_of_each(context: &Context<'_>, sent: Place, read: Place) -> bool {
    let files = &context.snapshot.files;
    let (Some(sent), Some(read)) = (Spot::at(files, sent), Spot::at(files, read)) else { return false };
    let source = read.source();
    let Some(range) = read.call().map(|call| source.call(call).range).filter(|_| sent.follows(&read)) else { return false };
    let is_read = |value: ExprId| {
        origins(source, [value]).iter().any(|origin| matches!(origin, Origin::Result(call) if source.call(*call).range.contains(range)))
    };
    origins(source, sent.asked()).iter().any(|origin| match origin {
        Origin::Element(over) => is_read(*over),
        Origin::Result(call) => match source.expr(source.call(*call).callee) {
            Expr::Member { object, name } => name == "map" && is_read(*object),
            _ => false,
        },
        Origin::Param(..) => false,
    })
}

/// What a message has of a write before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concern {
    /// It is made of its result.
    Result,
    /// It is made of something that the write was given, too.
    Given,
    /// Nothing.
    None,
}

/// What something later has of what came earlier.
fn concerns(context: &Context<'_>, later: Place, earlier: Place) -> Concern {
    let files = &context.snapshot.files;
    let (Some(later), Some(earlier)) = (Spot::at(files, later), Spot::at(files, earlier)) else { return Concern::None };
    let source = earlier.source();
    let (sent, written) = (origins(source, later.given()), origins(source, earlier.asked()));
    let range = earlier.call().map(|call| source.call(call).range);
    let result = |origin: &Origin| matches!((origin, range), (Origin::Result(id), Some(range)) if source.call(*id).range.contains(range));
    if sent.iter().any(result) {
        Concern::Result
    } else if sent.iter().any(|origin| written.contains(origin)) {
        Concern::Given
    } else {
        Concern::None
    }
}

/// Whether code stands in a closure that is given to a call which subscribes, whatever runs it in there.
fn is_subscribed(context: &Context<'_>, function: FunctionRef) -> bool {
    let Some(source) = context.snapshot.files.source(function.file) else { return false };
    let around: Vec<FunctionId> = closures_around(source, function.function).take(MAX_AROUND).collect();
    let ends = context.chart.channels.iter().flat_map(|channel| &channel.consumers).filter(|end| end.place.file == function.file);
    ends.filter_map(|end| Spot::at(&context.snapshot.files, end.place)).any(|spot| around.iter().any(|closure| spot.gives(*closure)))
}

/// Whether the row is written once more where sending fails: deleted again, or marked.
fn is_taken_back(context: &Context<'_>, found: &DualWrite) -> bool {
    let (chart, files) = (context.chart, &context.snapshot.files);
    let Some(sent) = Spot::at(files, found.end.producer(chart).place) else { return false };
    let Some(tried) = sent.tried() else { return false };
    let accesses = context.index.accesses_in(found.function).iter();
    accesses.filter(|access| access.of(chart).operation == Operation::Write).any(|access| {
        let fails = |spot: Spot<'_>| spot.regions().any(|region| region.kind == RegionKind::Catch && region.parent == tried.parent);
        access.collection.of(chart).1.name == found.written.table && Spot::at(files, access.of(chart).place).is_some_and(fails)
    })
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, (service, channel, table, _): &Subject, all: &[DualWrite]) {
    let Some(first) = all.iter().min_by_key(|found| found.end.producer(context.chart).place) else { return };
    let (chart, id) = (context.chart, context.id(*service));
    let name = &chart.channel(*channel).name;
    let comes_again = |found: &DualWrite| {
        let roots = roots_around(context.index, found.function);
        let only_messages = !roots.is_empty() && roots.iter().all(|root| matches!(root, Root::Consumer(_)));
        only_messages || is_subscribed(context, found.function)
    };
    let place = first.end.producer(chart).place;
    let mut related = vec![(first.written.place, format!("{id} writes `{table}`"))];
    // Neither the write nor what sends may show who does both.
    if first.written.sent != place {
        let how = match context.named_function(first.written.function) {
            Some(name) => format!("{name} sends it after the write"),
            None => "it is sent from here after the write".to_owned(),
        };
        related.push((first.written.sent, how));
    }
    let others = all.iter().map(|found| found.end.producer(chart).place).filter(|other| *other != place);
    related.extend(others.take(MAX_SITES).map(|other| (other, "sent here after a write, too".to_owned())));
    let places = if all.len() > 1 { format!(" ({} places)", all.len()) } else { String::new() };
    let symbol = |found: &DualWrite| context.symbol(found.written.function);
    let again = all.iter().all(comes_again);
    let loses = if again { "has both done again, or loses it" } else { "loses it" };
    let draft = Draft {
        severity: (again
            || all.iter().all(|found| comes_again(found) || is_taken_back(context, found))
            || is_heard_by_nobody(context, *channel))
        .then_some(Severity::Information),
        message: format!("`{table}` is written, then a message to `{name}` is sent: what ends the process in between {loses}{places}"),
        place,
        related,
        services: vec![*service],
        subject: vec![table.to_string(), name.to_string(), context.file(first.function)],
    };
    sink.report_parts(draft, all.iter().map(|found| symbol(found).into()).collect());
}
