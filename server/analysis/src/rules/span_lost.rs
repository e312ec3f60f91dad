//! `span-lost`: a task that a request spawns, whose work is in no span of the request.
//!
//! What deliberately does not live here: JavaScript, whose timers and promises keep their context by themselves. Invariant: the task is spawned by
//! code that a covered handler runs, and what it does would be a span.

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::{Attribute, Call, Expr, ExprId, SourceFacts, Symbol};
use rustc_hash::FxHashSet;

use super::context::fitting;
use super::moments::Moments;
use super::{Context, Draft, Sink, exempt};
use crate::chart::Coverage;
use crate::chart::operation::{Root, SpanRef, roots_around};
use crate::{FunctionRef, Place};

/// Methods that put a future into a span.
const INSTRUMENTED: &[&str] =
    &["instrument", "in_current_span", "or_current", "with_context", "with_current_context", "in_scope", "enter", "entered"];
/// How many things that a task does are named.
const MAX_NAMED: usize = 3;

rule! {
    /// ## What it does
    /// Finds tasks of Rust (`tokio::spawn`, `spawn_blocking`, `thread::spawn`) that code of a traced handler or consumer spawns, that call a service,
    /// send a message or use a store, and that are given no span: no `.instrument(…)`, no `.in_current_span()`, and no span that is entered within.
    ///
    /// Left alone are tasks that are spawned outside of requests, background loops above all: these are right to be roots; and functions that are
    /// told the parent of their span (`#[instrument(parent = …)]`).
    ///
    /// ## Why it matters
    /// A task starts with no current span. What it does shows up as traces of its own, or not at all, and the request that caused it looks as if it
    /// had done nothing.
    ///
    /// ## Example
    /// ```rust
    /// async fn place_order(State(state): State<App>) -> StatusCode {
    ///     tokio::spawn(async move { state.mailer.send(mail).await });
    ///     StatusCode::CREATED
    /// }
    /// ```
    ///
    /// ## How to fix
    /// Hand the current span on: `tokio::spawn(work.instrument(tracing::Span::current()))`, or `.in_current_span()`.
    "span-lost", Observability, Information, "A spawned task works outside the span of its request", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let (files, index) = (&context.snapshot.files, context.index);
    let mut functions: Vec<FunctionRef> = context.chart.functions.keys().copied().collect();
    functions.sort_unstable();
    let mut seen: FxHashSet<Place> = FxHashSet::default();
    let mut moments = Moments::new(context);
    for function in functions {
        let Some(source) = files.source(function.file).filter(|source| !source.language.is_ecmascript()) else { continue };
        for edge in index.edges_of(function).iter().filter(|edge| edge.detached) {
            let Some(spawn) = spawn_around(context, source, edge.place).filter(|spawn| !is_instrumented(source, spawn)) else { continue };
            if is_given_parent(context, function, edge.callee, spawn) {
                continue;
            }
            let place = Place { file: function.file, range: spawn.name_range };
            if exempt::stands_beside(files.path(function.file)) || !seen.insert(place) {
                continue;
            }
            let covered = |root: &&Root| matches!(root.coverage(context.chart), Coverage::Covered(_));
            let Some(root) = roots_around(index, function).iter().find(covered).copied() else { continue };
            let service = root.service(context.chart);
            let spans = moments.of(service, function).into_iter().filter(|moment| moment.place == edge.place);
            let mut done: Vec<(Symbol, String)> = spans.flat_map(|moment| moment.spans).map(|(span, _)| name(context, span)).collect();
            let mut told = FxHashSet::default();
            done.retain(|one| told.insert(one.clone()));
            done.truncate(MAX_NAMED);
            if done.is_empty() {
                continue;
            }
            let (mut names, does): (Vec<Symbol>, Vec<String>) = done.into_iter().unzip();
            names.dedup();
            let by = match root {
                Root::Endpoint(_) => root.label(context.chart),
                Root::Consumer(_) => format!("the consumer of `{}`", root.label(context.chart)),
            };
            let related = match root.handler(context.chart).1 {
                Some(handler) if handler != function => {
                    vec![(place_of(context, handler), format!("{} runs this", root.label(context.chart)))]
                }
                _ => Vec::new(),
            };
            sink.report(Draft {
                severity: None,
                message: fitting(&format!("A task spawned by {by} "), &does, " outside of its span"),
                place,
                related,
                services: vec![service],
                subject: vec![context.file(function), context.symbol(function), names.join(",")],
            });
        }
    }
}

/// The call that spawns what stands at a place.
fn spawn_around<'a>(context: &Context<'_>, source: &'a SourceFacts, place: Place) -> Option<&'a Call> {
    let link = context.snapshot.link(place.file)?;
    let spawns = link.spawns.iter().map(|(spawn, _)| source.call(spawn.call));
    spawns.filter(|call| call.range.contains(place.range)).min_by_key(|call| call.range.end - call.range.start)
}

/// Whether what is spawned is put into a span, or enters one.
fn is_instrumented(source: &SourceFacts, spawn: &Call) -> bool {
    source.calls.iter().filter(|call| spawn.range.contains(call.range)).any(|call| match source.expr(call.callee) {
        Expr::Member { name, .. } => INSTRUMENTED.contains(&name.as_str()),
        _ => false,
    })
}

/// Whether what a task runs is told the parent of its span: `#[instrument(parent = &parent)]`.
fn is_given_parent(context: &Context<'_>, spawning: FunctionRef, task: FunctionRef, spawn: &Call) -> bool {
    let files = &context.snapshot.files;
    let is_told = |function: FunctionRef| {
        let (Some(source), Some(facts)) = (files.source(function.file), files.function(function)) else { return false };
        let instruments = |attribute: &&Attribute| attribute.path == "instrument" || attribute.path.ends_with("::instrument");
        let has_parent = |argument: &ExprId| matches!(source.expr(*argument), Expr::Object(options) if options.field("parent").is_some());
        facts.attributes.iter().filter(instruments).flat_map(|attribute| &attribute.args).any(has_parent)
    };
    let within = context.index.edges_of(spawning).iter().filter(|edge| spawn.range.contains(edge.place.range));
    let run = within.chain(context.index.edges_of(task)).map(|edge| edge.callee);
    std::iter::once(task).chain(run).any(is_told)
}

/// What a span is about, and what is done to it: `mails`, `calls mails`.
fn name(context: &Context<'_>, span: SpanRef) -> (Symbol, String) {
    let chart = context.chart;
    match span {
        SpanRef::Call(call) => {
            let name = chart.name_of(&chart.call(call).to);
            (name.clone(), format!("calls {name}"))
        }
        SpanRef::Publish(end) => {
            let name = &chart.channel(end.channel).name;
            (name.clone(), format!("sends to `{name}`"))
        }
        SpanRef::Access(access) => {
            let name = &access.collection.of(chart).1.name;
            let does = if access.of(chart).operation == Operation::Write { "writes" } else { "reads" };
            (name.clone(), format!("{does} `{name}`"))
        }
    }
}

fn place_of(context: &Context<'_>, function: FunctionRef) -> Place {
    let source = context.snapshot.files.source(function.file);
    let range = source.and_then(|source| source.functions.get(function.function.index())).map(|facts| facts.name_range).unwrap_or_default();
    Place { file: function.file, range }
}
