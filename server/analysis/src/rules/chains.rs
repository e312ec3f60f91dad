//! Chains: requests that wait on several services in a row.
//!
//! They are walked from endpoint to endpoint, through the functions of each handler; what only the graph of services would allow is none.
//! Invariant: every hop is an `exact` or `likely` call of a handler that waits for it.

use super::{Context, exempt};
use crate::Place;
use crate::chart::{CallIndex, EndpointIndex, ServiceIndex};

/// How many endpoints lie behind each other at most; longer chains end at this length.
const MAX_DEPTH: usize = 16;
/// How many steps the search from one endpoint takes at most.
const MAX_STEPS: usize = 4_000;

/// A request that waits on services in a row.
#[derive(Debug)]
pub(crate) struct Chain {
    /// The endpoint that starts it.
    pub(crate) start: EndpointIndex,
    /// Its hops.
    pub(crate) hops: Vec<Hop>,
    /// The services that count, the first one too.
    pub(crate) services: Vec<ServiceIndex>,
}

/// A call, and the endpoint that answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hop {
    /// The call.
    pub(crate) call: CallIndex,
    /// Who answers.
    pub(crate) endpoint: EndpointIndex,
    /// Whether it is made to check the request, before the handler runs.
    pub(crate) guards: bool,
}

impl Chain {
    /// How many services it waits on.
    pub(crate) fn len(&self) -> usize {
        self.services.len().saturating_sub(1)
    }
    /// Its first call.
    pub(crate) fn place(&self, context: &Context<'_>) -> Option<Place> {
        self.hops.first().map(|hop| context.chart.call(hop.call).place)
    }
    /// How many hops that count lie behind `endpoint`, if the chain passes it.
    fn rest(&self, context: &Context<'_>, endpoint: EndpointIndex) -> Option<usize> {
        self.hops.iter().find(|hop| hop.endpoint == endpoint)?;
        let service = context.chart.endpoint(endpoint).service;
        let position = self.services.iter().position(|other| *other == service)?;
        Some(self.len() - position)
    }
}

/// All chains that count, the longest first, each with the other endpoints that start one through the same services. What only is the
/// rest of a longer one is left out.
pub(crate) fn all(context: &Context<'_>, counts: impl Fn(&Chain) -> bool) -> Vec<(Chain, Vec<EndpointIndex>)> {
    let edges = edges(context);
    let mut chains: Vec<Chain> = (0..context.chart.endpoints.len())
        .map(|index| EndpointIndex(index as u32))
        .filter(|start| !exempt::from_chains(context.chart.service(context.chart.endpoint(*start).service)))
        .filter_map(|start| longest(context, &edges, start))
        .filter(counts)
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
    reported
}

/// Which endpoints the handler of each endpoint waits for.
fn edges(context: &Context<'_>) -> Vec<Vec<Hop>> {
    let targets = |index: usize| {
        let mut targets: Vec<Hop> = Vec::new();
        for (index, step) in context.operation(EndpointIndex(index as u32)).calls() {
            let call = context.chart.call(index);
            if let Some(endpoint) = call.endpoint
                && !step.detached
                && call.status.is_settled()
                && call.target() == Some(context.chart.endpoint(endpoint).service)
                && !targets.iter().any(|other| other.endpoint == endpoint)
            {
                targets.push(Hop { call: index, endpoint, guards: step.guards });
            }
        }
        targets
    };
    (0..context.chart.endpoints.len()).map(targets).collect()
}

fn longest(context: &Context<'_>, edges: &[Vec<Hop>], start: EndpointIndex) -> Option<Chain> {
    let mut walk = Walk { context, edges, path: vec![start], hops: Vec::new(), services: Vec::new(), best: None, steps: 0, start };
    walk.enter(start);
    walk.best
}

/// A search over paths that pass no service twice.
struct Walk<'a, 'b> {
    context: &'a Context<'b>,
    edges: &'a [Vec<Hop>],
    start: EndpointIndex,
    path: Vec<EndpointIndex>,
    hops: Vec<Hop>,
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
        for hop in self.edges[endpoint.index()].clone() {
            let next = hop.endpoint;
            let service = self.context.chart.endpoint(next).service;
            let passed = self.services.contains(&service) && self.services.last() != Some(&service);
            if self.steps >= MAX_STEPS || self.path.len() >= MAX_DEPTH || passed || self.path.contains(&next) {
                continue;
            }
            self.steps += 1;
            self.path.push(next);
            self.hops.push(hop);
            self.enter(next);
            self.path.pop();
            self.hops.pop();
        }
        if counts {
            self.services.pop();
        }
    }
}
