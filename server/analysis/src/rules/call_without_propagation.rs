//! `call-without-propagation`: a traced service whose requests carry no trace, to services that trace.
//!
//! What deliberately does not live here: messages, see [`super::consumer_without_context`]. Invariant: a process that puts a trace's context into
//! anything, by whatever means, is never reported.

use std::collections::BTreeSet;

use camino::Utf8Path;
use portolan_grammars::facts::{Entry, Expr, ExprId, SourceFacts};

use super::{Context, Draft, Sink, exempt};
use crate::Place;
use crate::chart::flow::Spot;
use crate::chart::origins::{Origin, origins};
use crate::chart::{Call, Protocol, ServiceIndex, Tracing};
use crate::words::{counted, enumerate_first, letters};

/// Headers that carry a trace.
const HEADERS: [&str; 5] = ["traceparent", "b3", "x-b3-traceid", "uber-trace-id", "x-cloud-trace-context"];
/// How many called services are named in a message.
const MAX_NAMES: usize = 3;
/// How many calls are named.
const MAX_SITES: usize = 5;

rule! {
    /// ## What it does
    /// Finds services that start a tracer and call services that do, too, while nothing in their process puts the trace's context into a request:
    /// no instrumentation of HTTP or gRPC, no middleware of a client, no propagator, no `traceparent` in the code, and no header of its own naming
    /// (`x-shop-trace-id`). Told once for each service. Requests that are sent with headers which their function is handed are left alone: those of a
    /// request that came in have its trace.
    ///
    /// ## Why it matters
    /// Every request starts a new trace on the other side. Each service has spans, and no trace shows what a user waited for.
    ///
    /// ## Example
    /// ```rust
    /// // a subscriber with OpenTelemetry's layer is started; the client knows nothing of it
    /// let stock = reqwest::Client::new().get(format!("{inventory}/stock/{sku}")).send().await?;
    /// ```
    ///
    /// ## How to fix
    /// Wrap the client (`reqwest-tracing`), add the instrumentation of the library that sends (`http`, `undici`, `grpc`), or inject the context into
    /// the headers with the propagator.
    "call-without-propagation", Observability, Information, "A traced service sends no trace context", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let traced = context.traced_services();
    for tracing in context.chart.tracing.iter().filter(|row| row.instrumented && row.carriers.is_empty()) {
        if exempt::from_span_rules(context.chart.service(tracing.service)) {
            continue;
        }
        let lost: Vec<&Call> =
            context.chart.calls.iter().filter(|call| is_lost(call, tracing, &traced) && !hands_headers_on(context, call)).collect();
        if !lost.is_empty() && !writes_headers(context, tracing.service) {
            report(context, sink, tracing, &lost);
        }
    }
}

/// Whether a call goes from a service to another one that traces, and no instrumentation of the process adds the context to it.
fn is_lost(call: &Call, tracing: &Tracing, traced: &BTreeSet<ServiceIndex>) -> bool {
    call.from == tracing.service
        && !carriers_of(call).is_empty()
        && !is_carried(call, tracing)
        && call.status.is_settled()
        && !call.development
        && !exempt::is_plumbing(&call.path)
        && call.target().is_some_and(|to| to != call.from && traced.contains(&to))
}

/// Whether an instrumentation of the process that makes a call adds the context to it.
pub(crate) fn is_carried(call: &Call, tracing: &Tracing) -> bool {
    tracing.covers.iter().any(|name| carriers_of(call).contains(&name.as_str()))
}

/// The instrumentations that add the context to calls of a protocol; none where that is not known.
fn carriers_of(call: &Call) -> &'static [&'static str] {
    match call.protocol {
        Protocol::Http | Protocol::Graphql | Protocol::Trpc => &["http", "undici", "*"],
        Protocol::Grpc => &["grpc", "*"],
        Protocol::Message | Protocol::Sdk | Protocol::Jsonrpc => &[],
    }
}

/// Whether a request is sent with headers that its function is handed as a whole.
fn hands_headers_on(context: &Context<'_>, call: &Call) -> bool {
    let files = &context.snapshot.files;
    context.snapshot.outbound(call).any(|outbound| {
        let Some(spot) = files.called_at(outbound.leaf).and_then(|place| Spot::at(files, place)) else { return false };
        let source = spot.source();
        spot.chain().any(|link| {
            let all = matches!(source.expr(link.callee), Expr::Member { name, .. } if name == "headers");
            link.args.iter().any(|argument| if all { is_handed(source, argument.value) } else { has_handed(source, argument.value) })
        })
    })
}

/// Whether an object has headers that its function is handed: `{ headers: request.headers }`, `{ headers: { ...headers } }`.
fn has_handed(source: &SourceFacts, options: ExprId) -> bool {
    let Expr::Object(object) = source.expr(options) else { return false };
    object.entries.iter().any(|entry| match entry {
        Entry::Field { name, value, .. } => name == "headers" && is_handed(source, *value),
        Entry::Computed { .. } | Entry::Spread(_) => false,
    })
}

fn is_handed(source: &SourceFacts, headers: ExprId) -> bool {
    let is_param = |value| origins(source, [value]).iter().any(|origin| matches!(origin, Origin::Param(..)));
    match source.expr(headers) {
        Expr::Name(_) | Expr::Member { .. } => is_param(headers),
        Expr::Object(object) => object.entries.iter().any(|entry| matches!(entry, Entry::Spread(spread) if is_param(*spread))),
        _ => false,
    }
}

/// Whether code of a service, or of packages that it depends on, names the header by which traces are carried.
fn writes_headers(context: &Context<'_>, service: ServiceIndex) -> bool {
    let workspace = &context.snapshot.workspace;
    let packages = workspace.with_dependencies(workspace.deployments.get(service.index()).and_then(|deployment| deployment.package));
    let root = &context.chart.service(service).root;
    let is_code = |path: &Utf8Path| path.starts_with(root) || workspace.package_of(path).is_some_and(|of| packages.contains(&of));
    let mut files = context.snapshot.files.iter().filter(|(_, path, facts)| facts.source().is_some() && is_code(path));
    files.any(|(_, _, facts)| facts.source().is_some_and(|source| source.exprs.iter().any(|expression| names_header(&expression.kind))))
}

/// Whether an expression is a trace header's name, or an object or member by that name.
fn names_header(expression: &Expr) -> bool {
    let is_header = |name: &str| HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name)) || is_own_header(name);
    match expression {
        Expr::Str(text) => is_header(text),
        Expr::Member { name, .. } => is_header(name),
        Expr::Object(object) => object.entries.iter().any(|entry| matches!(entry, Entry::Field { name, .. } if is_header(name))),
        _ => false,
    }
}

/// Whether a name is that of a header in which a workspace carries a trace's id after a fashion of its own: `x-shop-trace-id`.
fn is_own_header(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_plain && name.contains('-') && letters(name).ends_with("traceid")
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, tracing: &Tracing, lost: &[&Call]) {
    let Some(first) = lost.first() else { return };
    let callees: BTreeSet<ServiceIndex> = lost.iter().filter_map(|call| call.target()).collect();
    let names: Vec<&str> = callees.iter().map(|service| context.id(*service).as_str()).collect();
    let id = context.id(tracing.service);
    let start = tracing.evidence.first().map(|evidence| (evidence.place, evidence.what.clone()));
    let calls = lost.iter().skip(1).filter(|call| call.place != first.place).take(MAX_SITES);
    let related: Vec<(Place, String)> =
        start.into_iter().chain(calls.map(|call| (call.place, format!("{id} calls {}", call.label())))).collect();
    sink.report(Draft {
        severity: None,
        message: format!(
            "{id} sends no trace headers: spans of {} start new traces ({})",
            enumerate_first(&names, MAX_NAMES),
            counted(lost.len(), "call", "calls")
        ),
        place: first.place,
        related,
        services: std::iter::once(tracing.service).chain(callees).collect(),
        subject: Vec::new(),
    });
}
