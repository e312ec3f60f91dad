//! `sequential-calls`: questions to other services, one after the other, of which none needs the answer of another.
//!
//! What deliberately does not live here: calls that change something, whose order may matter. Invariant: calls of one finding stand in one block,
//! and nothing that is known to leave it or to depend on an answer stands between them.

use portolan_grammars::facts::{Call as CallFacts, RegionKind};
use rustc_hash::FxHashSet;

use super::call_in_loop::is_eased;
use super::moments::{Moment, Moments};
use super::{Context, Draft, Sink, exempt};
use crate::FunctionRef;
use crate::chart::flow::{Spot, first_name};
use crate::chart::operation::SpanRef;
use crate::chart::origins::{Origin, origins};
use crate::chart::{Call, Protocol, ServiceIndex, ServiceKind};
use crate::resolve::index::callee_name;

/// Words in the names of functions that let time pass on purpose: the next call comes later, lest there be too many at a time.
const PAUSES: &[&str] = &["sleep", "delay", "pause", "wait", "throttle", "backoff", "timeout"];

rule! {
    /// ## What it does
    /// Finds two or more calls of other services that only ask (`GET`, rpcs whose names say so, GraphQL queries), are waited for one after the
    /// other in one block, and of which none is asked with the answer of another. Calls in functions count where these do nothing else.
    ///
    /// Left alone are calls with a condition, an early end, a pause or anything else that is known to happen between them, and two calls by one gRPC
    /// client of Rust, which cannot be lent out twice.
    ///
    /// ## Why it matters
    /// The request waits as long as all of them together, where it could wait as long as the slowest.
    ///
    /// ## Example
    /// ```ts
    /// const flight = await axios.get(`${process.env.FLIGHT_URL}/flights/${flightId}`);
    /// const passenger = await axios.get(`${process.env.PASSENGER_URL}/passengers/${passengerId}`);
    /// ```
    ///
    /// ## How to fix
    /// Ask them together: `Promise.all`, `tokio::try_join!`.
    "sequential-calls", Coupling, Hint, "Calls that do not need each other's answer are made one after the other", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut moments = Moments::new(context);
    let mut seen: FxHashSet<(ServiceIndex, FunctionRef)> = FxHashSet::default();
    for call in &context.chart.calls {
        let from = context.chart.service(call.from);
        if !asks(call) || from.kind == ServiceKind::Cli || context.stands_beside(call.place.file) {
            continue;
        }
        for (function, _) in moments.around(call.function, call.place) {
            if seen.insert((call.from, function)) {
                rows(context, sink, call.from, &moments.of(call.from, function), function);
            }
        }
    }
}

/// Whether a call only asks another service.
fn asks(call: &Call) -> bool {
    call.status.is_settled()
        && call.changes() == Some(false)
        && call.target().is_some_and(|to| to != call.from)
        && !exempt::is_plumbing(&call.path)
}

/// Finds the rows of calls among what happens in a function.
fn rows(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, moments: &[Moment], function: FunctionRef) {
    if context.stands_beside(function.file) {
        return;
    }
    let mut row: Vec<(&Moment, &Call)> = Vec::new();
    for moment in moments {
        let next = question(context, moment);
        let goes_on = next.is_some_and(|next| row.iter().all(|(before, call)| is_apart(context, before, call, moment, next)));
        if !goes_on {
            report(context, sink, service, &row, function);
            row.clear();
        }
        row.extend(next.map(|next| (moment, next)));
    }
    report(context, sink, service, &row, function);
}

/// The one call that a moment is, if it is no more than that.
fn question<'a>(context: &Context<'a>, moment: &Moment) -> Option<&'a Call> {
    let [(SpanRef::Call(call), false)] = moment.spans.as_slice() else { return None };
    let call = context.chart.call(*call);
    let files = &context.snapshot.files;
    let awaited = Spot::at(files, moment.place).is_some_and(|spot| spot.is_awaited());
    // What lets so many through at a time may let one.
    let limited = || Spot::at(files, call.place).is_some_and(|spot| is_eased(context, &spot, call.place));
    (asks(call) && awaited && !limited()).then_some(call)
}

/// Whether the second of two calls could as well be made together with the first.
fn is_apart(context: &Context<'_>, first: &Moment, first_call: &Call, second: &Moment, second_call: &Call) -> bool {
    let files = &context.snapshot.files;
    let (Some(before), Some(after)) = (Spot::at(files, first.place), Spot::at(files, second.place)) else { return false };
    let (Some(one), Some(two)) = (before.call(), after.call()) else { return false };
    let source = before.source();
    let (one, two) = (source.call(one), source.call(two));
    let same_block = one.region == two.region && one.function == two.function;
    let differ =
        first_call.endpoint != second_call.endpoint || first_call.label() != second_call.label() || first_call.to != second_call.to;
    let same_client = first_call.protocol == Protocol::Grpc && first_name(source, one.callee) == first_name(source, two.callee);
    if !same_block || !differ || (!source.language.is_ecmascript() && same_client) {
        return false;
    }
    if before
        .regions()
        .take_while(|region| region.kind != RegionKind::Body)
        .any(|region| matches!(region.kind, RegionKind::Parallel | RegionKind::Race))
    {
        return false;
    }
    let between = |start: u32, end: u32| start >= one.range.end && end <= two.range.start;
    let ends =
        source.function(one.function).returns.iter().map(|value| source.expr_range(*value)).any(|range| between(range.start, range.end));
    let branches = source.regions.iter().any(|region| region.kind != RegionKind::Body && between(region.range.start, region.range.end));
    let is_pause = |call: &CallFacts| callee_name(source, call.callee).is_some_and(|name| exempt::has_word(name, PAUSES));
    let pauses = |call: &CallFacts| call.awaited && between(call.range.start, call.range.end) && is_pause(call);
    if ends || branches || source.calls.iter().any(pauses) {
        return false;
    }
    let asked = after.chain().flat_map(|call| call.args.iter().map(|argument| argument.value)).chain([two.callee]);
    let answers = |origin: &Origin| matches!(origin, Origin::Result(id) if source.call(*id).range.contains(one.range));
    !origins(source, asked).iter().any(answers)
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, row: &[(&Moment, &Call)], function: FunctionRef) {
    let [(first, _), .., _] = row else { return };
    let asked: Vec<String> = row.iter().filter_map(|(_, call)| Some(format!("{} {}", context.id(call.target()?), call.label()))).collect();
    let related =
        row.iter().skip(1).zip(asked.iter().skip(1)).map(|((moment, _), asked)| (moment.place, format!("waits for {asked}"))).collect();
    sink.report(Draft {
        severity: None,
        message: format!("These {} calls do not depend on each other: {}", row.len(), asked.join(", ")),
        place: first.place,
        related,
        services: std::iter::once(service).chain(row.iter().filter_map(|(_, call)| call.target())).collect(),
        subject: vec![asked.join(" "), context.file(function), context.symbol(function)],
    });
}
