//! `sync-chain`: a request that waits on several services in a row.
//!
//! Chains are walked from endpoint to endpoint, through the functions of each handler; what only the graph of services would allow is not
//! reported. Invariant: every hop is an `exact` or `likely` call of a handler that waits for it.

use super::{Context, Draft, Severity, Sink, exempt};
use crate::chart::{CallIndex, EndpointIndex, ServiceIndex};

/// Fewer hops than this are no chain.
const MIN_HOPS: usize = 3;
/// From this many hops on it is a warning.
const WARNING_HOPS: usize = 5;
/// How many endpoints lie behind each other at most; longer chains are reported at this length.
const MAX_DEPTH: usize = 16;
/// How many steps the search from one endpoint takes at most.
const MAX_STEPS: usize = 4_000;
/// How many other endpoints that start the same chain are named.
const MAX_OTHERS: usize = 5;

rule! {
    /// ## What it does
    /// Finds endpoints whose answer waits for three or more other services, one behind the other. A warning from five on.
    ///
    /// A hop counts if the handler, at most six function calls deep, makes a call that it waits for, and the endpoint that answers is known.
    /// Gateways and back ends of front ends only pass requests on and do not count; calls in spawned tasks, timers and dropped promises end a
    /// chain. A chain is reported once, at its first hop, and not again for the endpoints in its middle.
    ///
    /// ## Why it matters
    /// Availabilities multiply and delays add up: four services that are each there 99.9 % of the time answer together 99.6 % of the time, and
    /// the slowest of them sets the pace. Every timeout in the chain must be longer than all that follow.
    ///
    /// ## Example
    /// ```ts
    /// // orders
    /// app.post("/checkout", async (req, res) => {
    ///   await axios.post(`${process.env.SHIPPING_URL}/ship`, req.body); // shipping asks quote, and quote asks tax
    ///   res.sendStatus(201);
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Let the caller fetch what the far services know and pass it along, keep a copy of the data where it is read, or publish an event at the
    /// hop whose answer nobody needs.
    ///
    /// ## Options
    /// None.
    "sync-chain", Coupling, Information, "A request waits on several services in a row", check, path
}

/// A chain: the endpoint it starts at, its hops, and the services that count, the first one too.
struct Chain {
    start: EndpointIndex,
    hops: Vec<(CallIndex, EndpointIndex)>,
    services: Vec<ServiceIndex>,
}

impl Chain {
    fn len(&self) -> usize {
        self.services.len().saturating_sub(1)
    }
    /// How many hops that count lie behind `endpoint`, if the chain passes it.
    fn rest(&self, context: &Context<'_>, endpoint: EndpointIndex) -> Option<usize> {
        self.hops.iter().find(|(_, to)| *to == endpoint)?;
        let service = context.chart.endpoint(endpoint).service;
        let position = self.services.iter().position(|other| *other == service)?;
        Some(self.len() - position)
    }
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let edges = edges(context);
    let mut chains: Vec<Chain> = (0..context.chart.endpoints.len())
        .map(|index| EndpointIndex(index as u32))
        .filter(|start| !exempt::from_chains(context.chart.service(context.chart.endpoint(*start).service)))
        .filter_map(|start| longest(context, &edges, start))
        .filter(|chain| chain.len() >= MIN_HOPS)
        .collect();
    // Stable: of equal chains the first endpoint's stays first.
    chains.sort_by_key(|chain| std::cmp::Reverse(chain.len()));
    let mut reported: Vec<(Chain, Vec<EndpointIndex>)> = Vec::new();
    for chain in chains {
        if let Some((_, others)) = reported.iter_mut().find(|(other, _)| other.services == chain.services) {
            others.push(chain.start);
        } else if !reported.iter().any(|(other, _)| other.rest(context, chain.start).is_some_and(|rest| rest >= chain.len())) {
            reported.push((chain, Vec::new()));
        }
    }
    for (chain, others) in &reported {
        report(context, sink, chain, others);
    }
}

/// Which endpoints the handler of each endpoint waits for.
fn edges(context: &Context<'_>) -> Vec<Vec<(CallIndex, EndpointIndex)>> {
    let targets = |index: usize| {
        let mut targets: Vec<(CallIndex, EndpointIndex)> = Vec::new();
        for (index, step) in context.operation(EndpointIndex(index as u32)).calls() {
            let call = context.chart.call(index);
            if let Some(endpoint) = call.endpoint
                && !step.detached
                && call.status.is_settled()
                && call.target() == Some(context.chart.endpoint(endpoint).service)
                && !targets.iter().any(|(_, other)| *other == endpoint)
            {
                targets.push((index, endpoint));
            }
        }
        targets
    };
    (0..context.chart.endpoints.len()).map(targets).collect()
}

fn longest(context: &Context<'_>, edges: &[Vec<(CallIndex, EndpointIndex)>], start: EndpointIndex) -> Option<Chain> {
    let mut walk = Walk { context, edges, path: vec![start], hops: Vec::new(), services: Vec::new(), best: None, steps: 0, start };
    walk.enter(start);
    walk.best
}

/// A search over paths that pass no service twice.
struct Walk<'a, 'b> {
    context: &'a Context<'b>,
    edges: &'a [Vec<(CallIndex, EndpointIndex)>],
    start: EndpointIndex,
    path: Vec<EndpointIndex>,
    hops: Vec<(CallIndex, EndpointIndex)>,
    services: Vec<ServiceIndex>,
    best: Option<Chain>,
    steps: usize,
}

impl Walk<'_, '_> {
    /// Recurses at most [`MAX_DEPTH`] deep.
    fn enter(&mut self, endpoint: EndpointIndex) {
        let service = self.context.chart.endpoint(endpoint).service;
        let counts = !exempt::from_chains(self.context.chart.service(service)) && self.services.last() != Some(&service);
        if counts {
            self.services.push(service);
        }
        if self.best.as_ref().is_none_or(|best| best.services.len() < self.services.len()) {
            self.best = Some(Chain { start: self.start, hops: self.hops.clone(), services: self.services.clone() });
        }
        for (call, next) in self.edges[endpoint.index()].clone() {
            let service = self.context.chart.endpoint(next).service;
            let passed = self.services.contains(&service) && self.services.last() != Some(&service);
            if self.steps >= MAX_STEPS || self.path.len() >= MAX_DEPTH || passed || self.path.contains(&next) {
                continue;
            }
            self.steps += 1;
            self.path.push(next);
            self.hops.push((call, next));
            self.enter(next);
            self.path.pop();
            self.hops.pop();
        }
        if counts {
            self.services.pop();
        }
    }
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, chain: &Chain, others: &[EndpointIndex]) {
    let Some(&(first, _)) = chain.hops.first() else { return };
    let start = context.chart.endpoint(chain.start);
    let names: Vec<&str> = chain.services.iter().map(|service| context.id(*service).as_str()).collect();
    let message = format!("{} waits on {} services in a row: {}", start.label(), chain.len(), names.join(" → "));
    let mut related = Vec::new();
    for (call, endpoint) in &chain.hops {
        let (call, endpoint) = (context.chart.call(*call), context.chart.endpoint(*endpoint));
        let (from, to) = (context.id(call.from), context.id(endpoint.service));
        let label = if checks_rights(&endpoint.path) { " (checks rights)" } else { "" };
        let via: Vec<&str> = call.via.iter().map(|service| context.id(*service).as_str()).collect();
        let via = if via.is_empty() { String::new() } else { format!(" through {}", via.join(", ")) };
        related.push((call.place, format!("{from} waits for {to}{via}{label}: {}", endpoint.label())));
        related.push((endpoint.place, format!("{to} answers {}", endpoint.label())));
    }
    for other in others.iter().take(MAX_OTHERS) {
        let other = context.chart.endpoint(*other);
        related.push((other.place, format!("{} starts the same chain", other.label())));
    }
    sink.report(Draft {
        severity: (chain.len() >= WARNING_HOPS).then_some(Severity::Warning),
        message,
        place: context.chart.call(first).place,
        related,
        services: chain.services.clone(),
        subject: vec![names.join(" > "), start.label(), context.symbol(context.chart.call(first).function)],
    });
}

/// Whether an endpoint's path says that it tells who may do what.
fn checks_rights(path: &str) -> bool {
    path.split(|character: char| !character.is_ascii_alphanumeric()).any(|word| {
        matches!(
            word.to_ascii_lowercase().as_str(),
            "auth" | "authenticate" | "authorize" | "authorise" | "introspect" | "verify" | "token" | "session" | "permissions" | "whoami"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{ServiceKind, Status};
    use crate::testing::{Scene, findings};

    /// Services `names` in a row: each handler calls the next one's. A name that starts with `gateway` is one.
    fn row(names: &[&str]) -> Scene {
        let mut scene = Scene::default();
        let mut before = None;
        for name in names.iter().rev() {
            let file = scene.file(&format!("{name}/app.ts"), "app.post(\"/x\", handle)\nhandle() { axios.post(url) }\n");
            let kind = if name.starts_with("gateway") { ServiceKind::Gateway } else { ServiceKind::Backend };
            let service = scene.service(name, kind);
            let handler = scene.function(file, "handle");
            let place = scene.place(file, "app.post");
            let endpoint = scene.endpoint(service, &format!("POST /{name}"), place, handler);
            if let Some(target) = before.replace(endpoint) {
                let place = scene.place(file, "axios.post");
                scene.call(service, place, handler, target);
            }
        }
        scene
    }

    #[test]
    fn three_hops_are_reported_once_at_the_first() {
        let found = findings(&row(&["checkout", "shipping", "quote", "tax"]).snapshot());
        assert_eq!(
            found,
            ["sync-chain checkout/app.ts:2 information: POST /checkout waits on 3 services in a row: checkout → shipping → quote → tax"]
        );
    }

    #[test]
    fn five_hops_are_a_warning_and_their_tails_are_silent() {
        let found = findings(&row(&["a", "b", "c", "d", "e", "f"]).snapshot());
        assert_eq!(found, ["sync-chain a/app.ts:2 warning: POST /a waits on 5 services in a row: a → b → c → d → e → f"]);
    }

    #[test]
    fn gateways_do_not_count() {
        assert!(findings(&row(&["a", "gateway", "b", "c"]).snapshot()).is_empty());
        assert!(findings(&row(&["gateway", "a", "b", "c"]).snapshot()).is_empty());
        let found = findings(&row(&["gateway", "a", "b", "c", "d"]).snapshot());
        assert_eq!(found, ["sync-chain a/app.ts:2 information: POST /a waits on 3 services in a row: a → b → c → d"]);
    }

    #[test]
    fn ambiguous_and_detached_calls_end_a_chain() {
        let mut scene = row(&["a", "b", "c", "d"]);
        scene.chart.calls[1].status = Status::Ambiguous;
        assert!(findings(&scene.snapshot()).is_empty());
        let mut scene = row(&["a", "b", "c", "d"]);
        let (function, place) = (scene.chart.calls[1].function, scene.chart.calls[1].place);
        let task = scene.closure(function, "axios.post(url)");
        scene.edge(function, task, place, true);
        scene.chart.calls[1].function = task;
        assert!(findings(&scene.snapshot()).is_empty());
    }

    #[test]
    fn rings_end() {
        let mut scene = row(&["a", "b", "c"]);
        let first = EndpointIndex(2);
        let (service, place, function) = (ServiceIndex(0), scene.chart.endpoints[0].place, scene.chart.calls[0].function);
        let handler = crate::FunctionRef { file: place.file, function: function.function };
        scene.call(service, place, handler, first);
        assert!(findings(&scene.snapshot()).is_empty());
    }
}
