//! `unused-response`: a service waits for another whose answer it does not use.
//!
//! What becomes of an answer, [`crate::chart::flow`] says. Invariant: an answer that may be read anywhere is never reported.

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::{Call as PlainCall, Expr, Region, RegionKind, ResultUse, SourceFacts, TextRange};

use super::{Context, Draft, RuleOption, Sink, Texts, exempt};
use crate::Snapshot;
use crate::chart::flow::{Spot, first_name};
use crate::chart::operation::{Root, SpanRef, roots_around};
use crate::chart::{Call, Protocol, ServiceIndex, ServiceKind};

/// What nobody does without knowing whether it went well.
const REQUIRED: Texts = Texts {
    name: "required",
    meaning: "Words in the names of endpoints and functions whose success must be known there and then.",
    default: &[
        "auth",
        "authenticate",
        "authorize",
        "login",
        "logout",
        "session",
        "token",
        "verify",
        "validate",
        "check",
        "lock",
        "unlock",
        "acquire",
        "release",
        "reserve",
        "reservation",
        "charge",
        "pay",
        "payment",
        "payments",
        "refund",
        "capture",
        "commit",
        "rollback",
        "cancel",
        "flush",
        "sync",
        "resync",
        "upload",
        "migrate",
        "wait",
    ],
};
/// Methods without arguments that read nothing of an answer.
const SILENT: &[&str] = &["send", "error_for_status", "unwrap", "call", "finally", "into_future"];

rule! {
    /// ## What it does
    /// Finds calls by which a service changes something in another and waits for the answer, of which it uses nothing, or only that it failed: the
    /// call is a statement of its own, or all that is asked of the answer is its status.
    ///
    /// Left alone are reads, calls whose success must be known (the option lists words of their names), `PUT`, which asks for a state that the caller
    /// goes on from, calls behind which the same function asks the same service again, a `DELETE` that is all that a handler of `DELETE` does, calls
    /// that nobody waits for, and front ends, tools and gateways.
    ///
    /// ## Why it matters
    /// The caller is down when the other is down, and slow when it is slow, for an answer that it has no use for. A message would do: the other
    /// works it off when it can.
    ///
    /// ## Example
    /// ```ts
    /// const order = await orders.create(req.body);
    /// await axios.post(`${process.env.EMAILER_URL}/order-confirmation`, order); // the customer waits for the mail server
    /// res.status(201).json(order);
    /// ```
    ///
    /// ## How to fix
    /// Publish an event that the other service consumes; the code action writes both ends as the workspace's others are written. Where the answer
    /// must be waited for, say so with `required` in `portolan.toml`.
    "unused-response", Coupling, Information, "A service waits for an answer that it does not use", check,
    options: &[RuleOption::Texts(REQUIRED)]
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for call in &context.chart.calls {
        let Some(to) = call.target().filter(|to| is_meant(context, call, *to)) else { continue };
        let Some(result) = unused(context.snapshot, call).filter(|_| !context.is_left_behind(call.function)) else { continue };
        let (from, name, symbol) = (context.id(call.from), context.id(to), context.symbol(call.function));
        let answering = call.endpoint.map(|endpoint| context.chart.endpoint(endpoint));
        let label = answering.map_or_else(|| call.label(), |endpoint| endpoint.label());
        let required = sink.texts(&REQUIRED, call.place.file);
        if [&label, &symbol, &call.label()].into_iter().any(|name| exempt::has_word(name, &required)) {
            continue;
        }
        let uses_failure = result == ResultUse::FailureOnly && !keeps_failure(context.snapshot, call);
        let what = if uses_failure { "only uses its failure" } else { "does not use its answer" };
        sink.report(Draft {
            severity: None,
            message: format!("{from} waits for {name} {label} and {what}"),
            place: call.place,
            related: answering.into_iter().map(|endpoint| (endpoint.place, format!("{name} answers {label}"))).collect(),
            services: vec![call.from, to],
            subject: vec![label, context.file(call.function), symbol],
        });
    }
}

/// Whether a failure goes no further than a `catch` that throws nothing, and as a block returns nothing and answers nobody, either: which at most
/// notes it. ECMAScript only.
fn keeps_failure(snapshot: &Snapshot, call: &Call) -> bool {
    let Some(spot) = Spot::at(&snapshot.files, call.place).filter(|spot| spot.source().language.is_ecmascript()) else { return false };
    let source = spot.source();
    let returns =
        |region: &Region| source.function(region.function).returns.iter().any(|value| region.range.contains(source.expr_range(*value)));
    let handler = spot.chain().find_map(|link| match source.expr(link.callee) {
        Expr::Member { name, .. } if name == "catch" => link.args.first().map(|given| source.expr(given.value)),
        _ => None,
    });
    if let Some(handler) = handler {
        return matches!(handler, Expr::Closure(closure) if !source.throws_in(source.function(*closure).range))
            || matches!(handler, Expr::Member { .. });
    }
    let caught = spot.tried().and_then(|tried| {
        let behind =
            |region: &&Region| region.kind == RegionKind::Catch && region.parent == tried.parent && region.range.start >= tried.range.end;
        source.regions.iter().find(behind)
    });
    caught.is_some_and(|caught| !source.throws_in(caught.range) && !returns(caught) && !answers_in(source, caught.range))
}

/// Whether something in a stretch of code is called that may tell of a failure: `res.sendStatus(502)`.
fn answers_in(source: &SourceFacts, range: TextRange) -> bool {
    let by = |call: &PlainCall| source.function(call.function).params.get(1).map(|param| &param.name);
    source.calls.iter().filter(|call| range.contains(call.range)).any(|call| match source.expr(call.callee) {
        Expr::Member { object, .. } => first_name(source, *object).is_some_and(|name| by(call) == Some(name)),
        _ => false,
    })
}

/// Whether a service changes something in another by a call that it waits for.
fn is_meant(context: &Context<'_>, call: &Call, to: ServiceIndex) -> bool {
    let (from, target) = (context.chart.service(call.from), context.chart.service(to));
    let works = |kind| matches!(kind, ServiceKind::Backend | ServiceKind::Worker);
    call.protocol == Protocol::Http
        && call.changes() == Some(true)
        && call.method.as_deref() != Some("PUT")
        && call.from != to
        && call.status.is_settled()
        && works(from.kind)
        && works(target.kind)
        && !from.third_party
        && !target.third_party
        && !exempt::is_plumbing(&call.path)
        && !context.stands_beside(call.place.file)
        && !prepares(context, call, to)
        && !is_passed_on(context, call)
}

/// Whether a call deletes, and is all that is done for requests that ask for just that: they are answered when it is done.
fn is_passed_on(context: &Context<'_>, call: &Call) -> bool {
    if call.method.as_deref() != Some("DELETE") {
        return false;
    }
    let changes = |span: &SpanRef| match span {
        SpanRef::Publish(_) => true,
        SpanRef::Call(index) => {
            let other = context.chart.call(*index);
            other.place != call.place && other.changes() != Some(false)
        }
        SpanRef::Access(access) => access.of(context.chart).operation == Operation::Write,
    };
    let roots = roots_around(context.index, call.function);
    let passes_on = |root: &Root| match root {
        Root::Endpoint(endpoint) => {
            let deletes = context.chart.endpoint(*endpoint).method.as_deref() == Some("DELETE");
            deletes && !context.operation(*endpoint).own().any(|step| changes(&step.span))
        }
        Root::Consumer(_) => false,
    };
    !roots.is_empty() && roots.iter().all(passes_on)
}

/// Whether the same service is asked again behind a call: what comes later counts on what was done.
fn prepares(context: &Context<'_>, call: &Call, to: ServiceIndex) -> bool {
    let files = &context.snapshot.files;
    let Some(spot) = Spot::at(files, call.place) else { return false };
    context.index.calls_in(call.function).iter().map(|index| context.chart.call(*index)).any(|other| {
        other.target() == Some(to) && other.from == call.from && Spot::at(files, other.place).is_some_and(|later| later.follows(&spot))
    })
}

/// Words of what must have gone well, as they are set for a file.
pub(crate) fn required(snapshot: &Snapshot, file: crate::FileId) -> Vec<&str> {
    snapshot.workspace.settings.rules().texts(&RULE, &REQUIRED, snapshot.files.path(file))
}

/// What becomes of the answer of a call that is waited for, if nothing does but that it failed.
pub(crate) fn unused(snapshot: &Snapshot, call: &Call) -> Option<ResultUse> {
    let spot = Spot::at(&snapshot.files, call.place)?;
    let source = spot.source();
    // What a spawned task waits for, nobody does.
    if snapshot.outbound(call).any(|outbound| outbound.detached) || !spot.is_awaited() {
        return None;
    }
    let read = spot.chain().skip(1).any(|link| match source.expr(link.callee) {
        Expr::Member { name, .. } => link.args.is_empty() && !SILENT.contains(&name.as_str()),
        _ => true,
    });
    match spot.result() {
        result @ (ResultUse::Ignored | ResultUse::FailureOnly) if !read => Some(result),
        _ => None,
    }
}
