//! `sequential-calls`: questions to other services, one after the other, of which none needs the answer of another.
//!
//! What deliberately does not live here: calls that change something, whose order may matter. Invariant: calls of one finding stand in one block,
//! and nothing that is known to leave it or to depend on an answer stands between them.

use portolan_grammars::facts::{
    Call as CallFacts, Expr, ExprId, FunctionId, Region, RegionKind, ResultUse, SourceFacts, Symbol, TextRange,
};
use rustc_hash::FxHashSet;

use super::call_in_loop::is_eased;
use super::context::fitting;
use super::moments::{Moment, Moments};
use super::{Context, Draft, MAX_MESSAGE, Sink, exempt};
use crate::FunctionRef;
use crate::chart::flow::{Spot, first_name};
use crate::chart::operation::SpanRef;
use crate::chart::origins::{Origin, origins};
use crate::chart::{Call, Protocol, ServiceIndex, ServiceKind};
use crate::resolve::index::callee_name;

/// Words in the names of functions that let time pass on purpose: the next call comes later, lest there be too many at a time.
const PAUSES: &[&str] = &["sleep", "delay", "pause", "wait", "throttle", "backoff", "timeout"];

/// Methods by which what holds a value is given another one.
const SETTERS: &[&str] = &["set", "next", "push"];
/// Names that are looked at for what one function reads.
const MAX_NAMES: usize = 400;

rule! {
    /// ## What it does
    /// Finds two or more calls of other services that only ask (`GET`, rpcs whose names say so, GraphQL queries), are waited for one after the
    /// other in one block, and of which none is asked with the answer of another. Calls in functions count where these do nothing else.
    ///
    /// Left alone are calls with a condition, an early end, a pause or anything else that is known to happen between them, what is asked first to
    /// decide whether to go on, functions of which the second reads what the first has set, and two calls by one gRPC client of Rust, which cannot be
    /// lent out twice.
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
    // Of what stands at one place, one is called.
    if first.place == second.place || !same_block || !differ || (!source.language.is_ecmascript() && same_client) {
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
    if ends || branches || source.calls.iter().any(pauses) || is_check(context, first, first_call, &before) {
        return false;
    }
    if shares_state(context, first, second) {
        return false;
    }
    let asked = after.chain().flat_map(|call| call.args.iter().map(|argument| argument.value)).chain([two.callee]);
    let answers = |origin: &Origin| matches!(origin, Origin::Result(id) if source.call(*id).range.contains(one.range));
    !origins(source, asked).iter().any(answers)
}

/// Whether a question is asked for its failure alone, or for what its function then decides: whatever comes next may not happen.
fn is_check(context: &Context<'_>, moment: &Moment, call: &Call, spot: &Spot<'_>) -> bool {
    let in_rust = !spot.source().language.is_ecmascript();
    match spot.result() {
        // `?` ends the function; without it, nothing is decided.
        result if in_rust => return result == ResultUse::FailureOnly,
        ResultUse::Ignored | ResultUse::FailureOnly => {}
        _ => return false,
    }
    let decides = |callee: FunctionRef| {
        let Some(source) = context.snapshot.files.source(callee.file) else { return false };
        let answers = |value: &ExprId| {
            let awaited = |origin: &Origin| matches!(origin, Origin::Result(id) if source.call(*id).awaited);
            origins(source, [*value]).iter().any(awaited)
        };
        let leaves = |region: &Region| source.function(callee.function).left.iter().any(|end| region.range.contains(*end));
        let own = source.regions.iter().filter(|region| region.function == callee.function);
        own.filter(|region| leaves(region)).any(|region| region.conditions.iter().any(answers))
    };
    let callees = context.index.edges_of(moment_function(context, moment)).iter().filter(|edge| edge.place == moment.place);
    moment.place == call.place || callees.map(|edge| edge.callee).any(decides)
}

/// The function that a moment is one of.
fn moment_function(context: &Context<'_>, moment: &Moment) -> FunctionRef {
    let function = context.snapshot.files.source(moment.place.file).map(|source| source.function_around(moment.place.range));
    FunctionRef { file: moment.place.file, function: function.unwrap_or(FunctionId::MODULE) }
}

/// Whether the function behind the second moment reads what the one behind the first has set: a variable of their file, a field of their object.
fn shares_state(context: &Context<'_>, first: &Moment, second: &Moment) -> bool {
    let behind = |moment: &Moment| context.index.callee_at(moment_function(context, moment), moment.place);
    let (Some(one), Some(two)) = (behind(first), behind(second)) else { return false };
    let Some(source) = context.snapshot.files.source(one.file).filter(|_| one.file == two.file) else { return false };
    let set = set_by(source, source.function(one.function).range);
    !set.is_empty() && !read_by(source, source.function(two.function).range).is_disjoint(&set)
}

/// What code of a range sets that is not its own: variables of its file, and fields.
fn set_by(source: &SourceFacts, range: TextRange) -> FxHashSet<&Symbol> {
    let targets = source.assignments.iter().map(|assignment| assignment.target);
    let within = targets.chain(setters(source)).filter(|target| range.contains(source.expr_range(*target)));
    within.filter_map(|target| outermost(source, target)).filter(|name| !is_own(source, range, name)).collect()
}

/// Whether a name is a parameter or a binding of the code of a range.
fn is_own(source: &SourceFacts, range: TextRange, name: &Symbol) -> bool {
    let params = || source.functions.iter().filter(|function| range.contains(function.range)).flat_map(|function| &function.params);
    let is_bound = || source.bindings.iter().any(|binding| binding.name == *name && range.contains(binding.range));
    params().any(|param| param.name == *name) || is_bound()
}

/// What is called to take another value, with no use of what it returns: `times.push` of `times.push(now);`.
fn setters(source: &SourceFacts) -> impl Iterator<Item = ExprId> {
    let is_setter = |callee: &ExprId| matches!(source.expr(*callee), Expr::Member { name, .. } if SETTERS.contains(&name.as_str()));
    source.calls.iter().filter(|call| call.result == ResultUse::Ignored).map(|call| call.callee).filter(is_setter)
}

/// The values that are only written: targets, and what they are part of.
fn written(source: &SourceFacts) -> FxHashSet<ExprId> {
    let mut written = FxHashSet::default();
    let mut open: Vec<ExprId> = source.assignments.iter().map(|assignment| assignment.target).chain(setters(source)).collect();
    while let Some(value) = open.pop() {
        if let Expr::Member { object, .. } | Expr::Index { object, .. } = source.expr(value) {
            open.push(*object);
        }
        written.insert(value);
    }
    written
}

/// The names that code of a range reads that are not its own, and those that what they stand for is made of. What it only adds to or increments, it
/// does not read.
fn read_by(source: &SourceFacts, range: TextRange) -> FxHashSet<&Symbol> {
    let mut names: FxHashSet<&Symbol> = FxHashSet::default();
    let written = written(source);
    let whole = range;
    let mut ranges = vec![range];
    while let Some(range) = ranges.pop().filter(|_| names.len() < MAX_NAMES) {
        for (at, expression) in source.exprs.iter().enumerate().filter(|(_, expression)| range.contains(expression.range)) {
            let value = ExprId(at as u32);
            let Some(name) = outermost(source, value).filter(|_| !written.contains(&value)) else { continue };
            if names.insert(name) && matches!(expression.kind, Expr::Name(_)) {
                let bound = source.bindings.iter().filter(|binding| binding.name == *name);
                ranges.extend(bound.filter_map(|binding| binding.value).map(|value| source.expr_range(value)));
            }
        }
    }
    names.retain(|name| !is_own(source, whole, name));
    names
}

/// What a value is part of in the end: a name, or a field of `this`.
fn outermost(source: &SourceFacts, value: ExprId) -> Option<&Symbol> {
    let mut value = value;
    loop {
        match source.expr(value) {
            Expr::Name(name) => return Some(name),
            Expr::Member { object, name } if matches!(source.expr(*object), Expr::This) => return Some(name),
            Expr::Member { object, .. } | Expr::Index { object, .. } => value = *object,
            _ => return None,
        }
    }
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, row: &[(&Moment, &Call)], function: FunctionRef) {
    let [(first, _), .., _] = row else { return };
    let asked: Vec<String> = row.iter().filter_map(|(_, call)| Some(format!("{} {}", context.id(call.target()?), call.label()))).collect();
    let related =
        row.iter().skip(1).zip(asked.iter().skip(1)).map(|((moment, _), asked)| (moment.place, format!("waits for {asked}"))).collect();
    let begins = format!("These {} calls do not depend on each other: ", row.len());
    let whole = format!("{begins}{}", asked.join(", "));
    sink.report(Draft {
        severity: None,
        message: if whole.chars().count() <= MAX_MESSAGE { whole } else { fitting(&begins, &asked, "") },
        place: first.place,
        related,
        services: std::iter::once(service).chain(row.iter().filter_map(|(_, call)| call.target())).collect(),
        subject: vec![asked.join(" "), context.file(function), context.symbol(function)],
    });
}
