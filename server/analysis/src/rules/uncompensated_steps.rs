//! `uncompensated-steps`: something is changed at another service, then something else is changed, and nothing takes the first back.
//!
//! Invariant: both steps are known to change something: a call whose handler writes a table, or a write of the function's own.

use portolan_grammars::catalog::{Operation, broker};
use portolan_grammars::facts::{RegionKind, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use super::moments::{Moment, Moments, follows};
use super::parties::is_one_database;
use super::{Context, Draft, Sink, exempt};
use crate::chart::flow::Spot;
use crate::chart::index::AccessRef;
use crate::chart::operation::{Root, SpanRef, roots_around};
use crate::chart::{Call, CallIndex, EndpointIndex, ServiceIndex};
use crate::resolve::value::CallRef;
use crate::rules::Finding;
use crate::{FunctionRef, Place, Snapshot};

/// Words in the names of tables that remember how far something came.
const SAGAS: &[&str] = &["saga", "sagas", "outbox", "workflow", "workflows", "job", "jobs"];

/// Words in the names of services and procedures that only tell somebody of what was done.
const TELLS: &[&str] = &["notification", "notifications", "notify", "mail", "mails", "mailer", "email", "emails", "sms", "push", "audit"];

rule! {
    /// ## What it does
    /// Finds handlers that change something at another service and after that change a table of their own or something at a third service, while
    /// nothing takes the first change back when the second fails: no `catch`, and no branch for an error, calls that service again.
    ///
    /// A call changes something if its method says so and the handler that answers it writes a table. Calls in tasks that nobody waits for do not
    /// count, nor does a later step that catches its failure itself or only tells somebody (a notification, a mail, an audit), nor do functions that
    /// write a table which remembers how far something came (a saga, an outbox, jobs), what an engine runs that does (Inngest), and `PUT`, which may
    /// be asked for again.
    ///
    /// ## Why it matters
    /// If the second step fails, the first stays done: the seat is reserved for a booking that does not exist.
    ///
    /// ## Example
    /// ```ts
    /// await axios.post(`${process.env.FLIGHT_URL}/seats/reserve`, { seat });
    /// await bookings.insert({ seat, passenger }); // nothing releases the seat if this fails
    /// ```
    ///
    /// ## How to fix
    /// Take back what was done when a later step fails; do last what cannot be taken back; or remember how far it came (a saga), so that it can be
    /// taken back or taken up later.
    "uncompensated-steps", Data, Information, "A change at another service stays when a later step fails", check
}

/// A change, and where it happens in a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) span: SpanRef,
    place: Place,
}

/// What a function changes, one after the other.
#[derive(Debug)]
pub(crate) struct Steps {
    pub(crate) service: ServiceIndex,
    pub(crate) function: FunctionRef,
    pub(crate) changes: Vec<Change>,
}

impl Steps {
    /// The changes of the function that a finding is in, from the first at another service on.
    pub(crate) fn of(snapshot: &Snapshot, finding: &Finding) -> Option<Self> {
        let context = &Context::without_operations(snapshot);
        let service = *finding.services.first()?;
        let site = Spot::at(&snapshot.files, finding.place)?.call()?;
        let function = snapshot.files.function_at(CallRef { file: finding.place.file, call: site })?;
        let moments = Moments::new(context).of(service, function);
        let all = all_changes(context, &moments, &mut FxHashMap::default())?;
        let mut changes: Vec<Change> = Vec::new();
        for change in all.into_iter().skip_while(|change| !matches!(change.span, SpanRef::Call(_))) {
            if changes.last().is_none_or(|last| last.place != change.place && follows(context, change.place, last.place)) {
                changes.push(change);
            }
        }
        Some(Self { service, function, changes })
    }
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut moments = Moments::new(context);
    let mut writes: FxHashMap<EndpointIndex, bool> = FxHashMap::default();
    let mut seen: FxHashSet<(ServiceIndex, FunctionRef)> = FxHashSet::default();
    for (at, call) in context.chart.calls.iter().enumerate() {
        let index = CallIndex(at as u32);
        if !changes(context, &mut writes, index)
            || exempt::from_data_rules(context.chart.service(call.from))
            || context.stands_beside(call.place.file)
        {
            continue;
        }
        for (function, _) in moments.around(call.function, call.place) {
            if !seen.insert((call.from, function)) {
                continue;
            }
            let own = moments.of(call.from, function);
            if let Some((first, second)) = steps(context, &own, &mut writes)
                && may_stop_halfway(context, function)
            {
                report(context, sink, call.from, function, first, second);
                break;
            }
        }
    }
}

/// Whether a handler runs a function, and nothing goes on with it where it stopped.
fn may_stop_halfway(context: &Context<'_>, function: FunctionRef) -> bool {
    let resumes = |root: &Root| match root {
        Root::Consumer(end) => broker(&context.chart.channel(end.channel).system).resumes,
        Root::Endpoint(_) => false,
    };
    roots_around(context.index, function).iter().any(|root| !resumes(root))
}

/// Whether a call changes a table of the service that answers it.
fn changes(context: &Context<'_>, writes: &mut FxHashMap<EndpointIndex, bool>, index: CallIndex) -> bool {
    let call = context.chart.call(index);
    let Some(endpoint) = call.endpoint.filter(|_| call.status.is_settled() && call.changes() != Some(false)) else { return false };
    if call.target().is_none_or(|to| to == call.from) {
        return false;
    }
    *writes
        .entry(endpoint)
        .or_insert_with(|| context.operation_of(endpoint).own().any(|step| !step.detached && is_write(context, step.span)))
}

fn is_write(context: &Context<'_>, span: SpanRef) -> bool {
    matches!(span, SpanRef::Access(access) if {
        let row = access.of(context.chart);
        row.operation == Operation::Write && row.status.is_settled() && is_one_database(access.collection.of(context.chart).0)
    })
}

/// The first change of a function at another service that a later one leaves behind.
fn steps(context: &Context<'_>, moments: &[Moment], writes: &mut FxHashMap<EndpointIndex, bool>) -> Option<(Change, Change)> {
    let chart = context.chart;
    let all = all_changes(context, moments, writes)?;
    for (at, &first) in all.iter().enumerate() {
        let SpanRef::Call(call) = first.span else { continue };
        // Who asks for a state may ask for it again, until all of it is done.
        if chart.call(call).method.as_deref() == Some("PUT") {
            continue;
        }
        let to = chart.call(call).target();
        let later = all[at + 1..].iter().find(|later| {
            let elsewhere = match later.span {
                // What nobody was told of is done all the same.
                SpanRef::Call(other) => chart.call(other).target() != to && !only_tells(context, chart.call(other)),
                _ => true,
            };
            elsewhere && later.place != first.place && follows(context, later.place, first.place) && !keeps_failure(context, later.place)
        });
        if let Some(&second) = later
            && !is_taken_back(context, moments, chart.call(call), first.place)
        {
            return Some((first, second));
        }
    }
    None
}

/// Whether a call tells somebody of what was done, by the name of who is called or of what is asked for.
fn only_tells(context: &Context<'_>, call: &Call) -> bool {
    let service = call.target().map(|to| &context.chart.service(to).id);
    service.is_some_and(|id| exempt::has_word(id, TELLS)) || exempt::has_word(&call.path, TELLS)
}

/// Whether a place is a call of a function all of whose work stands in a `try` whose `catch` throws nothing: for its caller it cannot fail. ECMAScript
/// only.
fn keeps_failure(context: &Context<'_>, place: Place) -> bool {
    let files = &context.snapshot.files;
    let Some(spot) = Spot::at(files, place) else { return false };
    let caller = spot.call().map(|call| FunctionRef { file: place.file, function: spot.source().call(call).function });
    let Some(callee) = caller.and_then(|caller| context.index.callee_at(caller, place)) else { return false };
    let Some(source) = files.source(callee.file).filter(|source| source.language.is_ecmascript()) else { return false };
    let function = source.function(callee.function);
    let own = |kind: RegionKind| source.regions.iter().filter(move |region| region.kind == kind && region.parent == Some(function.body));
    let mut caught = own(RegionKind::Catch).peekable();
    let is_caught = |range: TextRange| own(RegionKind::Try).any(|tried| tried.range.contains(range));
    caught.peek().is_some()
        && caught.all(|handler| !source.throws_in(handler.range))
        && context.index.spans_in(callee).all(|span| is_caught(span.place(context.chart).range))
        && context
            .index
            .edges_of(callee)
            .iter()
            .all(|edge| edge.place.file != callee.file || !is_work(context, edge.callee) || is_caught(edge.place.range))
}

/// Whether a function has spans of its own or runs others.
fn is_work(context: &Context<'_>, function: FunctionRef) -> bool {
    context.index.spans_in(function).next().is_some() || !context.index.edges_of(function).is_empty()
}

/// All that a function changes, in the order of its code; nothing where a table remembers how far it came.
fn all_changes(context: &Context<'_>, moments: &[Moment], writes: &mut FxHashMap<EndpointIndex, bool>) -> Option<Vec<Change>> {
    let chart = context.chart;
    let mut all: Vec<Change> = Vec::new();
    for moment in moments {
        for (span, _) in moment.spans.iter().filter(|(_, detached)| !detached) {
            let is_change = match span {
                SpanRef::Call(call) => changes(context, writes, *call),
                SpanRef::Access(access) if exempt::has_word(&access.collection.of(chart).1.name, SAGAS) => return None,
                span => is_write(context, *span),
            };
            if is_change {
                all.push(Change { span: *span, place: moment.place });
            }
        }
    }
    Some(all)
}

/// Whether a branch for failures calls the service again, or sends it a message.
fn is_taken_back(context: &Context<'_>, moments: &[Moment], call: &Call, first: Place) -> bool {
    let files = &context.snapshot.files;
    let chart = context.chart;
    let reaches = |span: &SpanRef| match span {
        SpanRef::Call(other) => chart.call(*other).to == call.to,
        SpanRef::Publish(end) => chart.channel(end.channel).consumers.iter().any(|consumer| Some(consumer.service) == call.target()),
        SpanRef::Access(_) => false,
    };
    moments.iter().any(|moment| {
        let again = moment.spans.iter().any(|(span, _)| reaches(span));
        let fails = |spot: Spot<'_>| spot.regions().any(|region| region.kind == RegionKind::Catch);
        again && moment.place != first && Spot::at(files, moment.place).is_some_and(fails)
    })
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, function: FunctionRef, first: Change, second: Change) {
    let chart = context.chart;
    let SpanRef::Call(call) = first.span else { return };
    let call = chart.call(call);
    let Some(to) = call.target() else { return };
    let (what, third) = match second.span {
        SpanRef::Call(other) => {
            let other = chart.call(other);
            let name = other.target().map_or("", |to| context.id(to).as_str());
            (format!("{name} {}", other.label()), other.target())
        }
        SpanRef::Access(access) => (format!("the write of `{}`", table(context, access)), None),
        SpanRef::Publish(_) => return,
    };
    let mut related = vec![(second.place, format!("{what} comes later"))];
    if let Some(endpoint) = call.endpoint {
        related.push((chart.endpoint(endpoint).place, format!("{} answers {}", context.id(to), chart.endpoint(endpoint).label())));
    }
    sink.report(Draft {
        severity: None,
        message: format!("{} {} stays done if {what} fails: nothing takes it back", context.id(to), call.label()),
        place: first.place,
        related,
        services: [service, to].into_iter().chain(third).collect(),
        subject: vec![call.label(), what, context.file(function), context.symbol(function)],
    });
}

fn table<'a>(context: &Context<'a>, access: AccessRef) -> &'a str {
    &access.collection.of(context.chart).1.name
}
