//! `sync-cycle`: services that wait for each other, directly or around a corner.
//!
//! What deliberately does not live here: chains without a way back, see [`super::sync_chain`]. Invariant: every edge of a reported cycle is a call
//! whose endpoint is known, and each group of services that wait for each other is reported once.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::{astar, tarjan_scc};
use petgraph::graphmap::DiGraphMap;

use super::{Context, Draft, RuleOption, Severity, Sink, Texts, exempt, modes};
use crate::chart::flow::is_unheard;
use crate::chart::operation::Operation;
use crate::chart::{Call, CallIndex, EndpointIndex, ServiceIndex};
use crate::words::enumerate;
use crate::{FunctionRef, Place};

const CALLBACKS: Texts = Texts {
    name: "callbacks",
    meaning: "Words in paths by which a service reports back to the one that gave it work.",
    default: &["callback", "callbacks", "webhook", "webhooks", "hook", "hooks", "register", "registration", "heartbeat", "ack"],
};
/// How many places of other edges of the group are named.
const MAX_OTHERS: usize = 10;
/// How many ways around are followed at a time.
const MAX_WAYS: usize = 64;

rule! {
    /// ## What it does
    /// Finds services that call each other, directly or around a corner, and services that call themselves through a gateway. Reported once for
    /// each group of services, on the call that stands most alone: without it the most of the cycle falls apart.
    ///
    /// A call counts if the endpoint that answers is known; health checks do not, nor does one that nobody waits for (`void fetch(…)`,
    /// `fetch(…).then(log)`, `attempt(async () => { await fetch(…); }).catch(log)`). It is a warning if one request can go all the way: a handler
    /// waits for the first step, and what answers a step waits for the next one. It is information if no such way is known, as each call is made
    /// for another reason, or if a step is a callback (a registration, a webhook) or stands in no handler: at the start, in a background task.
    /// Gateways and back ends of front ends only pass requests on and are no step. A program that serves in one of its modes and asks in another
    /// (`if shadow { watch() } else { serve() }`) closes no cycle by the two.
    ///
    /// ## Why it matters
    /// None of the services can be started, deployed or repaired without the others, and requests that wait in a circle use up all connections
    /// or threads of a pool: then none of them answers, and each waits for the other.
    ///
    /// ## Example
    /// ```ts
    /// // orders
    /// app.post("/orders", async (req, res) => {
    ///   await axios.post(`${process.env.PAYMENTS_URL}/pay`, req.body); // payments asks orders for the lines
    ///   res.sendStatus(201);
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Pass along what the other would ask back for, publish an event in one direction, or move what both need into a third service.
    "sync-cycle", Coupling, Warning, "Services wait for each other", check,
    related_is_path: true, options: &[RuleOption::Texts(CALLBACKS)]
}

/// The calls from a service to another.
type Edges = BTreeMap<(ServiceIndex, ServiceIndex), Vec<CallIndex>>;
type Graph = DiGraphMap<ServiceIndex, ()>;

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    calls_itself(context, sink);
    let edges = edges(context);
    let graph: Graph = Graph::from_edges(edges.keys().copied());
    let mut awaited = None;
    for component in components(&graph) {
        let awaited = awaited.get_or_insert_with(|| awaited_calls(context));
        let within = |(from, to): &(ServiceIndex, ServiceIndex)| component.contains(from) && component.contains(to);
        let inner: Edges = edges.iter().filter(|(edge, _)| within(edge)).map(|(edge, calls)| (*edge, calls.clone())).collect();
        report(context, sink, &inner, &component, awaited);
    }
}

/// A call by which its service waits for another, and whose endpoint is known.
fn step(context: &Context<'_>, call: &Call) -> Option<(EndpointIndex, ServiceIndex)> {
    let (endpoint, to) = (call.endpoint?, call.target()?);
    let passes_on = |service| exempt::from_chains(context.chart.service(service));
    let counts = call.status.is_settled() && !call.development && !passes_on(call.from) && !passes_on(to);
    let counts = counts && context.chart.endpoint(endpoint).service == to && !exempt::is_plumbing(&call.path);
    (counts && !is_unheard(&context.snapshot.files, call) && !context.is_let_go_around(call.function)).then_some((endpoint, to))
}

fn edges(context: &Context<'_>) -> Edges {
    // A library's call that its callee's own process runs, too, may be reached by the one for the other's sake only.
    let own: BTreeSet<(Place, ServiceIndex)> =
        context.chart.calls.iter().filter(|call| call.target() == Some(call.from)).map(|call| (call.place, call.from)).collect();
    let mut edges = Edges::new();
    for (index, call) in context.chart.calls.iter().enumerate() {
        if let Some((_, to)) = step(context, call)
            && to != call.from
            && !own.contains(&(call.place, to))
        {
            edges.entry((call.from, to)).or_default().push(CallIndex(index as u32));
        }
    }
    edges
}

/// Groups of services that wait for each other, each sorted.
fn components(graph: &Graph) -> Vec<Vec<ServiceIndex>> {
    let mut components: Vec<Vec<ServiceIndex>> = tarjan_scc(graph).into_iter().filter(|component| component.len() > 1).collect();
    components.iter_mut().for_each(|component| component.sort());
    components.sort();
    components
}

/// The calls that a handler of requests or messages waits for.
fn awaited_calls(context: &Context<'_>) -> BTreeSet<CallIndex> {
    let chart = context.chart;
    let mut awaited = BTreeSet::new();
    let mut add = |operation: &Operation| awaited.extend(operation.awaited());
    (0..chart.endpoints.len()).for_each(|at| add(context.operation(EndpointIndex(at as u32))));
    let consumers = chart.channels.iter().flat_map(|channel| &channel.consumers);
    consumers.filter_map(|end| Some(Operation::of(chart, context.index, end.service, end.function?))).for_each(|operation| add(&operation));
    awaited
}

/// The edge of a group without which the least of it still waits in circles; of equals the one of the fewest calls.
fn weakest(context: &Context<'_>, edges: &Edges, graph: &Graph) -> Option<(ServiceIndex, ServiceIndex)> {
    let weight = |&(&(from, to), calls): &(&(ServiceIndex, ServiceIndex), &Vec<CallIndex>)| {
        let mut rest = graph.clone();
        rest.remove_edge(from, to);
        let circling: usize = components(&rest).iter().map(Vec::len).sum();
        let first = calls.first().map(|call| context.chart.call(*call).place);
        (circling, calls.len(), first.map(|place| (context.snapshot.files.path(place.file), place.range)))
    };
    edges.iter().min_by_key(weight).map(|(edge, _)| *edge)
}

/// Reports a group by the calls within it.
fn report(context: &Context<'_>, sink: &mut Sink<'_>, edges: &Edges, component: &[ServiceIndex], awaited: &BTreeSet<CallIndex>) {
    let graph: Graph = Graph::from_edges(edges.keys().copied());
    let Some((from, to)) = weakest(context, edges, &graph) else { return };
    let Some((_, back)) = astar(&graph, to, |service| service == from, |_| 1, |_| 0) else { return };
    let ring: Vec<(ServiceIndex, ServiceIndex)> =
        std::iter::once((from, to)).chain(back.windows(2).map(|pair| (pair[0], pair[1]))).collect();
    if !happens(context, edges, &ring) {
        return;
    }
    let Some(file) = edges[&(from, to)].first().map(|call| context.chart.call(*call).place.file) else { return };
    let callbacks = sink.texts(&CALLBACKS, file);
    let is_callback = |call: &CallIndex| exempt::has_word(&context.chart.call(*call).path, &callbacks);
    // What a handler waits for shows best what happens.
    let shown = |edge: &(ServiceIndex, ServiceIndex)| {
        edges[edge].iter().copied().min_by_key(|call| (is_callback(call), !awaited.contains(call), *call))
    };
    let is_begun = |call: &CallIndex| !is_callback(call) && awaited.contains(call);
    let way = whole_way(context, edges, &ring, is_begun, |call| !is_callback(call));
    let is_whole = way.is_some();
    let steps = way.unwrap_or_else(|| ring.iter().filter_map(shown).collect());
    let Some(first) = steps.iter().map(|call| context.chart.call(*call)).find(|call| call.from == from) else { return };
    let labels: Vec<String> = steps.iter().map(|call| answered_label(context, *call)).collect();
    let labels = if is_whole { labels.join(" → ") } else { enumerate(&labels) };
    let names: Vec<&str> = ring.iter().map(|(service, _)| context.id(*service).as_str()).collect();
    let who = if let [one, other] = names.as_slice() {
        format!("{one} and {other} call each other")
    } else {
        format!("{} call each other in a ring", enumerate(&names))
    };
    let mut related = Vec::new();
    for call in &steps {
        hop(context, *call, if is_callback(call) { " (a callback)" } else { "" }, &mut related);
    }
    for call in edges.keys().filter(|edge| !ring.contains(edge)).filter_map(shown).take(MAX_OTHERS) {
        hop(context, call, "", &mut related);
    }
    let mut ids: Vec<&str> = component.iter().map(|service| context.id(*service).as_str()).collect();
    ids.sort_unstable();
    sink.report(Draft {
        severity: (!is_whole).then_some(Severity::Information),
        message: format!("{who}: {labels} (closes a cycle of {})", ring.len()),
        place: first.place,
        related,
        services: std::iter::once(from).chain(component.iter().copied().filter(|service| *service != from)).collect(),
        subject: vec![ids.join(" > ")],
    });
}

/// Whether each service of a ring may be asked by the one before while it asks the next: not where one mode of its program serves, and another asks.
fn happens(context: &Context<'_>, edges: &Edges, ring: &[(ServiceIndex, ServiceIndex)]) -> bool {
    let serving = |call: &CallIndex| {
        let Place { file, range } = context.chart.endpoint(context.chart.call(*call).endpoint?).place;
        Some(FunctionRef { file, function: context.snapshot.files.source(file)?.function_around(range) })
    };
    ring.iter().enumerate().all(|(at, edge)| {
        let next = &ring[(at + 1) % ring.len()];
        let asking: BTreeSet<FunctionRef> = edges[next].iter().take(MAX_WAYS).map(|call| context.chart.call(*call).function).collect();
        let served: BTreeSet<Option<FunctionRef>> = edges[edge].iter().take(MAX_WAYS).map(serving).collect();
        served.into_iter().any(|serving| {
            serving.is_none_or(|serving| asking.iter().any(|asking| !modes::exclude_each_other(context, edge.1, serving, *asking)))
        })
    })
}

/// Calls for all steps of a ring, each made by what answers the one before, from whichever step it begins at.
fn whole_way(
    context: &Context<'_>,
    edges: &Edges,
    ring: &[(ServiceIndex, ServiceIndex)],
    is_begun: impl Fn(&CallIndex) -> bool,
    may_follow: impl Fn(&CallIndex) -> bool,
) -> Option<Vec<CallIndex>> {
    for start in 0..ring.len() {
        let mut steps = ring[start..].iter().chain(&ring[..start]).map(|edge| &edges[edge]);
        let first = steps.next()?.iter().copied().filter(&is_begun);
        let mut ways: Vec<Vec<CallIndex>> = first.map(|call| vec![call]).take(MAX_WAYS).collect();
        for calls in steps {
            let longer = |way: &Vec<CallIndex>| {
                let answered = way.last().and_then(|last| context.chart.call(*last).endpoint);
                let made: BTreeSet<CallIndex> = answered.into_iter().flat_map(|endpoint| context.operation(endpoint).awaited()).collect();
                let next: Vec<CallIndex> = calls.iter().copied().filter(|call| made.contains(call) && may_follow(call)).collect();
                next.into_iter().map(|call| way.iter().copied().chain([call]).collect()).collect::<Vec<_>>()
            };
            ways = ways.iter().flat_map(longer).take(MAX_WAYS).collect();
        }
        if !ways.is_empty() {
            return ways.into_iter().next();
        }
    }
    None
}

fn hop(context: &Context<'_>, call: CallIndex, note: &str, related: &mut Vec<(Place, String)>) {
    let row = context.chart.call(call);
    let Some((endpoint, to)) = step(context, row) else { return };
    let (from, to, label) = (context.id(row.from), context.id(to), answered_label(context, call));
    related.push((row.place, format!("{from} waits for {to}{note}: {label}")));
    related.push((context.chart.endpoint(endpoint).place, format!("{to} answers {label}")));
}

/// Method and path of the endpoint that answers a call.
fn answered_label(context: &Context<'_>, call: CallIndex) -> String {
    let call = context.chart.call(call);
    call.endpoint.map_or_else(|| call.label(), |endpoint| context.chart.endpoint(endpoint).label())
}

/// Reports services that leave their process to come back to themselves by way of a gateway.
fn calls_itself(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    for (index, call) in context.chart.calls.iter().enumerate() {
        let Some(gateway) = call.via.first().filter(|_| call.target() == Some(call.from)) else { continue };
        if step(context, call).is_none() {
            continue;
        }
        if !seen.insert(call.from) {
            continue;
        }
        let (id, gateway) = (context.id(call.from), context.id(*gateway));
        let mut related = Vec::new();
        hop(context, CallIndex(index as u32), "", &mut related);
        sink.report(Draft {
            severity: Some(Severity::Information),
            message: format!("{id} calls itself through {gateway}: {}", call.label()),
            place: call.place,
            related,
            services: vec![call.from],
            subject: vec!["itself".to_owned(), context.file(call.function), context.symbol(call.function)],
        });
    }
}
