//! `non-idempotent-consumer`: a message that is handed over twice leaves more behind than one that is handed over once.
//!
//! What adds each time, catalog and SQL say ([`crate::chart::Access::adds`]). Invariant: a consumer that may tell a second delivery from the first
//! is not reported.

use portolan_grammars::catalog::{Addition, Delivery, Operation as Verb, broker};
use portolan_grammars::facts::{Symbol, TextRange};

use super::misses::runs_on_miss;
use super::moments::follows;
use super::{Context, Draft, RuleOption, Sink, Texts, exempt};
use crate::chart::flow::Spot;
use crate::chart::index::{AccessRef, EndRef};
use crate::chart::operation::{Operation, Root, SpanRef, Step};
use crate::chart::{Access, CallIndex, ServiceIndex};
use crate::{FunctionRef, Place};

/// Tables in which a row too many does no harm.
const TOLERANT: Texts = Texts {
    name: "tolerant_tables",
    meaning: "Words in the names of tables in which a row too many does no harm.",
    default: &["log", "logs", "audit", "metric", "metrics", "telemetry", "analytics", "usage", "history", "debug"],
};
/// Words in the names of tables and keys that remember what was handled.
const MARKS: &[&str] =
    &["inbox", "processed", "handled", "seen", "dedup", "dedupe", "deduplication", "idempotency", "idempotent", "lock", "locks"];
/// Words in the names of columns that count deliveries.
const COUNTERS: &[&str] = &["attempt", "attempts", "retry", "retries", "tries", "version", "revision"];

rule! {
    /// ## What it does
    /// Finds consumers that insert a row, or make a number grow, each time a message is handed to them, themselves or by a call of a service that
    /// does: on Kafka, RabbitMQ, SQS, Pub/Sub, Service Bus and BullMQ, which hand a message over again whenever they are not sure that it was
    /// handled.
    ///
    /// Left alone are upserts and inserts with `ON CONFLICT`; rows that come with a key of their own (`id`), or whose Prisma model has a unique
    /// key; numbers that grow only where the row is in the state that the statement changes; consumers that look into the table first, or into
    /// another one that the same function adds to before, that call a function before which refuses a row that is there already and adds it, or
    /// that keep a mark of what they handled (a table named for it, a key in Redis); tables in which a row too many does no harm (the option lists
    /// words of their names); jobs and tools; and whatever cannot be followed: a row that is put together elsewhere may have a key. Unique keys that
    /// only the database knows are not seen.
    ///
    /// ## Why it matters
    /// A broker delivers at least once: a consumer that stops after the insert and before the acknowledgement gets the message again. Then there
    /// are two rows, two mails, or the stock is taken twice.
    ///
    /// ## Example
    /// ```ts
    /// await consumer.run({
    ///   eachMessage: async ({ message }) => {
    ///     const order = JSON.parse(String(message.value));
    ///     await pool.query("INSERT INTO invoices (order_id, cents) VALUES ($1, $2)", [order.id, order.cents]);
    ///   },
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Let a key of the message be the row's key, or unique, and insert with `ON CONFLICT DO NOTHING`; or write the message's id to a table of what
    /// was handled, in the same transaction, as the code action does for pg and sqlx.
    "non-idempotent-consumer", Messaging, Information, "A message that is delivered twice is counted twice", check,
    options: &[RuleOption::Texts(TOLERANT)]
}

/// What a second delivery adds.
struct Added {
    what: Addition,
    table: Symbol,
    service: ServiceIndex,
    place: Place,
    function: FunctionRef,
    /// The call by which it gets there, where another service does it.
    by: Option<CallIndex>,
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let chart = context.chart;
    for root in Root::all(chart) {
        let Root::Consumer(end) = root else { continue };
        let consumer = end.consumer(chart);
        let counts = consumer.status.is_settled()
            && broker(&chart.channel(end.channel).system).redelivers
            && consumer.delivery != Some(Delivery::AtMostOnce)
            && !exempt::from_data_rules(chart.service(consumer.service))
            && !context.stands_beside(consumer.place.file);
        if !counts {
            continue;
        }
        let tolerant = sink.texts(&TOLERANT, consumer.place.file);
        let operation = Operation::of_root(chart, context.index, root);
        let Some(mut added) = additions(context, &operation, &tolerant) else { continue };
        for (index, _) in operation.calls().filter(|(_, step)| !step.detached) {
            let call = chart.call(index);
            let other = call.endpoint.filter(|_| call.status.is_settled() && call.changes() != Some(false));
            let behind = other.and_then(|endpoint| additions(context, context.operation(endpoint), &tolerant));
            added.extend(behind.into_iter().flatten().map(|added| Added { by: Some(index), ..added }));
        }
        for added in added {
            report(context, sink, end, &added);
        }
    }
}

/// What an operation adds each time it runs; nothing where it may know that it ran before.
fn additions(context: &Context<'_>, operation: &Operation, tolerant: &[&str]) -> Option<Vec<Added>> {
    let chart = context.chart;
    let accesses = || {
        operation.steps.iter().filter_map(|step| match step.span {
            SpanRef::Access(access) => Some((step, access)),
            SpanRef::Call(_) | SpanRef::Publish(_) => None,
        })
    };
    let keeps_marks = accesses().any(|(_, access)| {
        let (store, collection) = access.collection.of(chart);
        exempt::has_word(&collection.name, MARKS) || (store.collection_word() == "Key" && access.of(chart).operation == Verb::Write)
    });
    if keeps_marks {
        return None;
    }
    // A function that looks for a row which it adds itself goes on where there is none, to all that it adds behind that.
    let is_guarded = |row: &Access| {
        let own = || accesses().map(|(_, access)| access).filter(|access| access.of(chart).function == row.function);
        own().any(|looked| {
            let look = looked.of(chart);
            look.operation == Verb::Read
                && follows(context, row.place, look.place)
                && own().any(|other| other.collection == looked.collection && other.of(chart).adds.is_some())
        })
    };
    let adds = |(step, access): (&Step, AccessRef)| {
        let ((store, collection), row) = (access.collection.of(chart), access.of(chart));
        let what = row.adds.filter(|_| !step.detached && !step.guards && row.status.is_settled())?;
        let is_table = matches!(store.collection_word(), "Table" | "Collection");
        // Who looks into a table, may look for the row.
        let looked_up = accesses().any(|(_, other)| other.collection == access.collection && other.of(chart).operation == Verb::Read);
        let counts_deliveries = row.columns.iter().any(|column| exempt::has_word(column, COUNTERS));
        let refused = || accesses().any(|(_, look)| is_refused_before(context, look, row));
        if !is_table || looked_up || counts_deliveries || exempt::has_word(&collection.name, tolerant) || is_guarded(row) || refused() {
            return None;
        }
        let (table, service, place, function) = (collection.name.clone(), row.service, row.place, row.function);
        Some(Added { what, table, service, place, function, by: None })
    };
    Some(accesses().filter_map(adds).collect())
}

/// Whether a second delivery does not come as far as a row: before it, the same function calls one that looks for a row which it writes itself, and
/// throws where there is one. ECMAScript only.
fn is_refused_before(context: &Context<'_>, look: AccessRef, row: &Access) -> bool {
    let (chart, index) = (context.chart, context.index);
    let looked = look.of(chart);
    let spot = Spot::at(&context.snapshot.files, looked.place);
    let Some((source, call)) = spot.and_then(|spot| Some((spot.source(), spot.call()?))) else { return false };
    if looked.operation != Verb::Read || looked.function == row.function || !source.language.is_ecmascript() {
        return false;
    }
    let on_miss = |range: TextRange| runs_on_miss(source, range, call);
    let refuses = |added: &Access| {
        let between = TextRange { start: looked.place.range.end, end: added.place.range.start };
        added.operation == Verb::Write
            && added.place.file == looked.place.file
            && on_miss(added.place.range)
            && source.throws.iter().any(|thrown| between.contains(*thrown) && !on_miss(*thrown))
    };
    let own = index.accesses_in(looked.function).iter().filter(|other| other.collection == look.collection);
    if !own.map(|other| other.of(chart)).any(refuses) {
        return false;
    }
    index.runners_of(looked.function).iter().any(|runner| {
        let edges = index.edges_of(runner.function).iter().filter(|edge| edge.callee == row.function).map(|edge| edge.place);
        let own = (row.function == runner.function).then_some(row.place);
        !context.leaves_behind(runner, looked.function) && edges.chain(own).any(|later| follows(context, later, runner.place))
    })
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, end: EndRef, added: &Added) {
    let (chart, consumer) = (context.chart, end.consumer(context.chart));
    let channel = &chart.channel(end.channel).name;
    let table = match added.by {
        Some(_) => format!("`{}` of {}", added.table, context.id(added.service)),
        None => format!("`{}`", added.table),
    };
    let does = match added.what {
        Addition::Row => "insert a second row into",
        Addition::Amount => "count a second time in",
    };
    let mut related = Vec::new();
    if consumer.place != added.place {
        related.push((consumer.place, format!("{} consumes `{channel}`", context.id(consumer.service))));
    }
    if let Some(call) = added.by.map(|call| chart.call(call)) {
        related.push((call.place, format!("{} calls {} {}", context.id(consumer.service), context.id(added.service), call.label())));
    }
    sink.report(Draft {
        severity: None,
        message: format!("Redelivery from `{channel}` would {does} {table}"),
        place: added.place,
        related,
        services: vec![consumer.service, added.service],
        subject: vec![channel.to_string(), added.table.to_string(), context.file(added.function), context.symbol(added.function)],
    });
}
