//! Tracing: what each process records by itself, and whether each handler is covered.
//!
//! First the process (an SDK that is started, an agent flag in any manifest, the instrumentations listed), then the handler: a layer of its
//! router in the framework's order, a span on the function or on what it delegates to at once, or within the loop that asks for messages.

use portolan_grammars::catalog::{MiddlewareOrder, TracingRole};
use portolan_grammars::facts::{Call, Expr, Language, RegionKind, SourceFacts, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::around::{Around, stands_before};
use super::reach::Reach;
use super::{Input, Places};
use crate::chart::flow::Spot;
use crate::chart::{Coverage, Evidence, ServiceIndex, Tracing};
use crate::files::Files;
use crate::resolve::link::{LayerCode, LayerDecl, MessageDecl, RouteDecl, Router, Site, TracingDecl};
use crate::resolve::value::CallRef;
use crate::workspace::services;
use crate::{FileId, FunctionRef, Place};

/// Functions between a handler and the one that opens its span: wrappers within wrappers.
const MAX_DELEGATIONS: u32 = 4;

/// What is known of tracing, by service and function.
pub(super) struct Coverages<'a> {
    services: Vec<Process>,
    spans: FxHashMap<FunctionRef, &'a TracingDecl>,
    layers: Layers<'a>,
    around: Around,
    /// What a function runs, and whether it goes on without waiting for it.
    calls: FxHashMap<FunctionRef, Vec<(FunctionRef, bool)>>,
    /// Functions that call, query or send something themselves.
    busy: FxHashSet<FunctionRef>,
}

#[derive(Debug, Clone, Default)]
struct Process {
    instrumented: bool,
    /// Whether code that is not read may start a tracer, or instrumentations for it.
    open: bool,
    /// A layer that it gives to a server or router: one of rpcs stands before all of them.
    layer: Option<Evidence>,
    /// Whether it puts a layer of the workspace's own around something of which nothing is known, and gives none to a router.
    wrapped: bool,
    /// Whether it gives a layer to a router of which no routes are known: those of others may be that one's.
    loose: bool,
    covers: Vec<Symbol>,
    evidence: Vec<Evidence>,
    carriers: Vec<Evidence>,
    ecmascript: bool,
}

impl Process {
    /// What is known of handlers where no tracer is seen to be started.
    fn untraced(&self) -> Coverage {
        if self.open { Coverage::Unknown } else { Coverage::NotTraced }
    }
}

impl<'a> Coverages<'a> {
    pub(super) fn find(input: &Input<'a>, reach: &Reach) -> Self {
        let links = || input.links.iter().flatten();
        let declared: Vec<&TracingDecl> = links().flat_map(|link| &link.tracing).collect();
        let mut spans = FxHashMap::default();
        for span in declared.iter().filter(|span| span.role == TracingRole::Span) {
            spans.entry(span.function).or_insert(*span);
        }
        let Placed { layers, loose, unplaced } = layers(input, &spans);
        let mut calls: FxHashMap<FunctionRef, Vec<(FunctionRef, bool)>> = FxHashMap::default();
        let starting = declared.iter().filter(|it| matches!(it.role, TracingRole::Init | TracingRole::Exporter)).map(|it| it.function);
        let mut entered: FxHashMap<FunctionRef, Vec<Place>> = starting.map(|function| (function, Vec::new())).collect();
        for (at, link) in input.links.iter().enumerate() {
            for edge in link.iter().flat_map(|link| &link.edges) {
                if let Some(places) = entered.get_mut(&edge.callee) {
                    places.extend(edge.call.and_then(|call| input.files.called_at(call)));
                }
                let caller = FunctionRef { file: FileId(at as u32), function: edge.caller };
                calls.entry(caller).or_default().push((edge.callee, edge.detached));
            }
        }
        let known = Known { input, reach, declared, layers: &layers, loose, unplaced, entered };
        let services = (0..input.workspace.services.len()).map(|at| known.process(ServiceIndex(at as u32))).collect();
        let called = links().flat_map(|link| &link.calls).filter(|call| !call.detached).map(|call| call.function);
        let asked = links().flat_map(|link| &link.operations).map(|call| call.function);
        let queried = links().flat_map(|link| &link.accesses).map(|access| access.function);
        let sent = links().flat_map(|link| &link.messages).filter(|message| !message.consumes).map(|message| message.function);
        let busy = called.chain(asked).chain(queried).chain(sent).collect();
        Self { services, spans, layers, around: Around::of(input), calls, busy }
    }

    /// The chart's rows, for services in languages that are read.
    pub(super) fn tracing(&self, input: &Input<'_>) -> Vec<Tracing> {
        let read = |at: usize| {
            let service = &input.workspace.services[at];
            // Of a service that a library may trace, or code that is not read, there is nothing to say.
            (self.services[at].instrumented || !self.services[at].open && service.is_read())
                && !service.third_party
                && service.languages.iter().any(|language| matches!(language.as_str(), "rust" | "typescript" | "javascript"))
        };
        self.services
            .iter()
            .enumerate()
            .filter(|(at, _)| read(*at))
            .map(|(at, process)| Tracing {
                service: ServiceIndex(at as u32),
                instrumented: process.instrumented,
                covers: process.covers.clone(),
                evidence: process.evidence.clone(),
                carriers: process.carriers.clone(),
            })
            .collect()
    }

    /// Whether a route's handler is recorded.
    pub(super) fn route(&self, input: &Input<'_>, service: ServiceIndex, route: &RouteDecl) -> Coverage {
        let process = &self.services[service.index()];
        if !process.instrumented {
            return process.untraced();
        }
        if let Some(covered) = self.by_process(process, "http") {
            return covered;
        }
        let places = Places { files: input.files };
        let mut uncovered = None;
        for (router, call) in self.around.routers(route) {
            for layer in self.layers.get(&router).into_iter().flatten() {
                if stands_before(input, layer.order, layer.site, call) {
                    return Coverage::Covered(Evidence { what: layer.name.to_string(), place: places.call(layer.site) });
                }
                uncovered = Some(match layer.order {
                    MiddlewareOrder::Earlier => format!("{} is added before this route", layer.name),
                    _ => format!("{} is added after this route", layer.name),
                });
            }
        }
        self.by_span(&places, route.handler).unwrap_or_else(|| match (uncovered, route.handler) {
            (Some(why), _) if !process.open => Coverage::Dark(why),
            (None, Some(_)) if !process.open && !process.loose => Coverage::Dark(self.reason(process, "http")),
            _ => Coverage::Unknown,
        })
    }

    /// Whether an rpc's handler is recorded.
    pub(super) fn rpc(&self, input: &Input<'_>, service: ServiceIndex, handler: FunctionRef) -> Coverage {
        let process = &self.services[service.index()];
        if !process.instrumented {
            return process.untraced();
        }
        let places = Places { files: input.files };
        self.by_process(process, "grpc")
            .or_else(|| self.by_span(&places, Some(handler)))
            .or_else(|| process.layer.clone().map(Coverage::Covered))
            .unwrap_or_else(
                || if process.open || process.wrapped { Coverage::Unknown } else { Coverage::Dark(self.reason(process, "grpc")) },
            )
    }

    /// Whether a message's handler is recorded.
    pub(super) fn consumer(
        &self,
        input: &Input<'_>,
        service: ServiceIndex,
        message: &MessageDecl,
        handler: Option<FunctionRef>,
    ) -> Coverage {
        let process = &self.services[service.index()];
        if !process.instrumented {
            return process.untraced();
        }
        let places = Places { files: input.files };
        let instrumentation = message.instrumentation.as_deref().unwrap_or(&message.system);
        let by_code = || self.by_span(&places, handler).or_else(|| self.by_round(input, message));
        self.by_process(process, instrumentation).or_else(by_code).unwrap_or_else(|| match handler {
            Some(_) if !process.open => Coverage::Dark(self.reason(process, instrumentation)),
            _ => Coverage::Unknown,
        })
    }

    fn by_process(&self, process: &Process, kind: &str) -> Option<Coverage> {
        let covered = process.covers.iter().any(|name| name == kind || name == "*");
        (covered && !process.evidence.is_empty()).then(|| Coverage::Covered(process.evidence[0].clone()))
    }

    /// A span on the handler, or on what it calls at once. Of a handler that leaves all its work to a task with a span, a stream that is filled
    /// while it is read, it cannot be told what is missed.
    fn by_span(&self, places: &Places<'_>, handler: Option<FunctionRef>) -> Option<Coverage> {
        let handler = handler?;
        let covered = |span: &TracingDecl| Coverage::Covered(Evidence { what: span.name.to_string(), place: places.site(span.site) });
        let span_below = |with_tasks| self.below(handler, with_tasks).find_map(|function| self.spans.get(&function));
        let leaves_all = || self.below(handler, false).all(|function| !self.busy.contains(&function));
        let unknown = || span_below(true).filter(|_| leaves_all()).map(|_| Coverage::Unknown);
        span_below(false).map(|span| covered(span)).or_else(unknown)
    }

    /// A handler and what it calls at once, or leaves to tasks.
    fn below(&self, handler: FunctionRef, with_tasks: bool) -> impl Iterator<Item = FunctionRef> {
        let mut open = vec![(handler, 0)];
        let mut seen = FxHashSet::default();
        std::iter::from_fn(move || {
            let (function, depth) = open.pop()?;
            if depth < MAX_DELEGATIONS && seen.insert(function) {
                let callees = self.calls.get(&function).into_iter().flatten().filter(|(_, detached)| with_tasks || !detached);
                open.extend(callees.map(|(callee, _)| (*callee, depth + 1)));
            }
            Some(function)
        })
    }

    /// A span for each message of a loop that asks for one after the other.
    fn by_round(&self, input: &Input<'_>, message: &MessageDecl) -> Option<Coverage> {
        let FunctionRef { file, function } = message.function;
        if message.leaves.iter().all(|leaf| leaf.received.is_empty()) {
            return None;
        }
        let (facts, link) = (input.files.source(file)?, input.links.get(file.0 as usize)?.as_ref()?);
        let asks = |call: &&Call| message.leaves.iter().any(|leaf| leaf.hands_over(facts, call));
        let loops =
            || facts.regions.iter().filter(|region| region.function == function && region.kind.is_loop()).map(|region| region.range);
        let around = |call: &Call| loops().filter(|range| range.contains(call.range)).min_by_key(|range| range.end - range.start);
        let round = facts.calls.iter().filter(asks).find_map(around)?;
        let is_within = |call: CallRef| call.file == file && round.contains(facts.call(call.call).range);
        let places = Places { files: input.files };
        let own = link.tracing.iter().filter(|it| it.role == TracingRole::Span).find_map(|span| match span.site {
            Site::Call(call) if is_within(call) => {
                Some(Coverage::Covered(Evidence { what: span.name.to_string(), place: places.call(call) }))
            }
            _ => None,
        });
        let mut called = link.edges.iter().filter(|edge| edge.call.is_some_and(is_within)).map(|edge| edge.callee);
        own.or_else(|| called.find_map(|callee| self.by_span(&places, Some(callee))))
    }

    fn reason(&self, process: &Process, kind: &str) -> String {
        if process.ecmascript && !process.covers.is_empty() {
            format!("{kind} is not among the instrumentations that are started")
        } else if process.ecmascript {
            "its tracer starts no instrumentation".to_owned()
        } else {
            "neither a layer nor #[instrument] makes one".to_owned()
        }
    }
}

/// Whether a file's code runs something within a span that it got from elsewhere: `inner.call(request).instrument(span)`.
fn is_instrumenting(input: &Input<'_>, file: FileId) -> bool {
    let instruments = |facts: &SourceFacts| {
        let is_it =
            |call: &Call| matches!(facts.expr(call.callee), Expr::Member { name, .. } if name == "instrument" && call.args.len() == 1);
        facts.calls.iter().any(is_it)
    };
    input.files.source(file).is_some_and(instruments)
}

/// Layers by the routers that they are given to.
type Layers<'a> = FxHashMap<Router, Vec<&'a LayerDecl>>;

/// Layers that make spans.
#[derive(Default)]
struct Placed<'a> {
    layers: Layers<'a>,
    /// Functions that give one to a router of which nothing else is known.
    loose: Vec<FunctionRef>,
    /// Functions that put one around something of which nothing is known.
    unplaced: Vec<FunctionRef>,
}

fn layers<'a>(input: &Input<'a>, spans: &FxHashMap<FunctionRef, &TracingDecl>) -> Placed<'a> {
    let links = || input.links.iter().flatten();
    let with_routes = links().flat_map(|link| &link.routes).filter_map(|route| route.router);
    let mounted = links().flat_map(|link| &link.mounts).flat_map(|mount| [mount.child, mount.parent]).flatten();
    let made = links().flat_map(|link| &link.routers_made).flat_map(|made| [made.outer(), made.inner()]);
    let known: FxHashSet<Router> = with_routes.chain(mounted).chain(made).collect();
    let mut placed = Placed::default();
    for layer in links().flat_map(|link| &link.layers) {
        // What the workspace has as middleware is a layer if it opens a span itself.
        let has_span = match layer.opens {
            None => true,
            Some(LayerCode::Function(function)) => spans.contains_key(&function),
            Some(LayerCode::File(file)) => spans.keys().any(|function| function.file == file) || is_instrumenting(input, file),
        };
        if !has_span {
            continue;
        }
        if let Some(router) = layer.router {
            placed.layers.entry(router).or_default().push(layer);
        }
        if layer.unplaced {
            placed.unplaced.extend(input.files.function_at(layer.site));
        } else if layer.router.is_none_or(|router| !known.contains(&router)) {
            placed.loose.extend(input.files.function_at(layer.site));
        }
    }
    placed
}

/// What is known of tracing in all code, of which each process runs a part.
struct Known<'a> {
    input: &'a Input<'a>,
    reach: &'a Reach,
    declared: Vec<&'a TracingDecl>,
    layers: &'a Layers<'a>,
    /// Functions that give a layer to a router of which nothing else is known.
    loose: Vec<FunctionRef>,
    /// Functions that put one around something of which nothing is known.
    unplaced: Vec<FunctionRef>,
    /// Where functions that start a tracer or send spans are called.
    entered: FxHashMap<FunctionRef, Vec<Place>>,
}

impl<'a> Known<'a> {
    /// What a service only makes: a tracer that others start, though this service runs what makes it.
    fn not_started(&self, service: ServiceIndex) -> impl Iterator<Item = &'a TracingDecl> {
        let starts = self.declared.iter().filter(|it| it.role == TracingRole::Start);
        let made = self.declared.iter().copied().filter(move |it| it.role == TracingRole::Init && self.reach.runs(service, it.function));
        made.filter(move |made| {
            let mut starting = starts.clone().filter(|start| self.is_started_by(made, start)).peekable();
            starting.peek().is_some() && !starting.any(|start| self.reach.runs(service, start.function))
        })
    }

    /// Whether one starts what another makes; where it is not known what it starts, the file of that says it, if it imports the other's.
    fn is_started_by(&self, made: &TracingDecl, start: &TracingDecl) -> bool {
        match start.made_by {
            Some(by) => made.site == Site::Call(by),
            None => {
                let [of, from] = [made, start].map(|it| it.function.file);
                let link = self.input.links.get(from.0 as usize).and_then(Option::as_deref);
                of == from || link.is_some_and(|link| link.imports.contains(&of))
            }
        }
    }

    /// What a service's process records by itself.
    fn process(&self, service: ServiceIndex) -> Process {
        let Self { input, reach, declared, .. } = self;
        let places = Places { files: input.files };
        let mut process = Process { ecmascript: ecmascript(input, service), ..Process::default() };
        let idle: Vec<FunctionRef> = self.not_started(service).map(|it| it.function).collect();
        let is_idle = |it: &TracingDecl| matches!(it.role, TracingRole::Init | TracingRole::Exporter) && idle.contains(&it.function);
        let runs = |role: TracingRole| {
            let of_role = declared.iter().filter(move |it| it.role == role && reach.runs(service, it.function));
            of_role.filter(|it| !is_idle(it))
        };
        let mut told = |role: TracingRole, does: &str| {
            let told = runs(role).map(|it| {
                process.instrumented = true;
                process.covers.extend(it.covers.iter().cloned());
                let place = places.site(it.site);
                let when = if is_conditional(input.files, &self.entered, place, it.function) { " on a condition" } else { "" };
                Evidence { what: format!("{} {does}{when}", it.name), place }
            });
            told.collect::<Vec<_>>()
        };
        let (starts, exporters) = (told(TracingRole::Init, "starts a tracer"), told(TracingRole::Exporter, "exports spans"));
        process.evidence = starts;
        // Who sends spans and starts no instrumentation in sight has it done by a library.
        let exports = process.ecmascript && process.instrumented;
        process.open = runs(TracingRole::Init).next().is_none() && (exports || runs(TracingRole::Wrapper).next().is_some());
        let given = |layer: &&&LayerDecl| input.files.function_at(layer.site).is_some_and(|function| reach.runs(service, function));
        let layer = self.layers.values().flatten().filter(given).min_by_key(|layer| layer.site);
        process.layer = layer.map(|layer| Evidence { what: layer.name.to_string(), place: places.call(layer.site) });
        // A layer that is put around no router in sight may be put around the whole server: `ServiceBuilder::new().layer(trace)`.
        let is_run = |functions: &[FunctionRef]| functions.iter().any(|function| reach.runs(service, *function));
        process.wrapped = process.layer.is_none() && is_run(&self.unplaced);
        let is_elsewhere = process.wrapped || process.layer.is_none() && runs(TracingRole::Layer).next().is_some();
        process.loose = is_elsewhere || is_run(&self.loose);
        let carriers = declared.iter().filter(|it| it.role == TracingRole::Carrier && reach.has(service, it.function));
        process.carriers =
            carriers.map(|it| Evidence { what: format!("carries traces: {}", it.name), place: places.site(it.site) }).collect();
        flags(input, service, &mut process);
        process.covers.sort();
        process.covers.dedup();
        // What starts a tracer says more than what a tracer is made of.
        process.evidence = in_order(process.evidence).into_iter().chain(in_order(exporters)).collect();
        process
    }
}

/// Whether code runs only where a condition holds: it stands in an arm of one, or all calls of its function do.
fn is_conditional(files: &Files, entered: &FxHashMap<FunctionRef, Vec<Place>>, place: Place, function: FunctionRef) -> bool {
    let in_arm = |place: &Place| Spot::at(files, *place).is_some_and(|spot| spot.regions().any(|region| region.kind == RegionKind::Branch));
    let calls = entered.get(&function).map_or(&[][..], Vec::as_slice);
    in_arm(&place) || !calls.is_empty() && calls.iter().all(in_arm)
}

fn ecmascript(input: &Input<'_>, service: ServiceIndex) -> bool {
    let deployment = &input.workspace.deployments[service.index()];
    let entry = deployment.entries.first().and_then(|entry| input.files.source(*entry)).map(|facts| facts.language);
    match entry {
        Some(language) => language != Language::Rust,
        None => !input.workspace.services[service.index()].languages.iter().any(|language| language == "rust"),
    }
}

/// Evidence by where it stands, each once.
fn in_order(mut evidence: Vec<Evidence>) -> Vec<Evidence> {
    evidence.sort_by(|a, b| (a.place, &a.what).cmp(&(b.place, &b.what)));
    evidence.dedup();
    evidence
}

/// Agents that a command line or a variable switches on.
fn flags(input: &Input<'_>, service: ServiceIndex, process: &mut Process) {
    let deployment = &input.workspace.deployments[service.index()];
    let mut lines: Vec<(Symbol, crate::Place)> = deployment.commands.clone();
    for (name, values) in &deployment.environment {
        if name == "NODE_OPTIONS" || name.ends_with("_OPTIONS") {
            lines.extend(values.iter().map(|value| (value.value.clone(), value.place)));
        }
    }
    let disabled = |name: &str, value: &str| {
        deployment.environment.get(name).is_some_and(|values| values.first().is_some_and(|first| first.value.eq_ignore_ascii_case(value)))
    };
    if disabled("OTEL_SDK_DISABLED", "true") {
        return;
    }
    for (line, place) in lines {
        let words: Vec<&str> = line.split([' ', '=', '"', '\'']).filter(|word| !word.is_empty()).collect();
        process.open |= services::preloaded(&line).into_iter().any(|module| input.catalog.may_start_tracer(module));
        for (flag, entry) in input.catalog.tracing_flags() {
            if words.contains(&flag.as_str()) {
                process.instrumented = true;
                process.open = false;
                process.covers.extend(entry.covers.iter().cloned());
                process.evidence.push(Evidence { what: format!("started with {flag}"), place });
            }
        }
    }
    if let Some(place) = deployment.agent {
        process.instrumented = true;
        process.covers.push("*".into());
        process.evidence.push(Evidence { what: "the OpenTelemetry operator injects an agent".to_owned(), place });
    }
}
