//! The graph of services: who waits for whom, and who sends to whom.
//!
//! Here live the edges between services and what follows from them alone. What deliberately does not: endpoints and functions, which
//! [`super::operation`] walks. Invariants: third-party services and ambiguous edges are left out; between two services there is at most one
//! edge of each kind and direction, and none from a service to itself.

use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeFiltered, EdgeRef, IntoEdgeReferences};

use super::{CallIndex, ChannelIndex, Chart, ServiceIndex};

/// An edge between two services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edge {
    /// The first waits for the second, in these calls.
    Sync(Vec<CallIndex>),
    /// The first sends to the second, over these channels.
    Async(Vec<ChannelIndex>),
}

/// The graph of services.
#[derive(Debug)]
pub struct ServiceGraph {
    graph: StableDiGraph<ServiceIndex, Edge>,
    nodes: Vec<Option<NodeIndex>>,
}

impl ServiceGraph {
    /// Builds the graph of a chart.
    pub fn new(chart: &Chart) -> Self {
        let mut graph = StableDiGraph::new();
        let nodes: Vec<Option<NodeIndex>> = chart
            .services
            .iter()
            .enumerate()
            .map(|(index, service)| (!service.third_party).then(|| graph.add_node(ServiceIndex(index as u32))))
            .collect();
        let mut calls: BTreeMap<(ServiceIndex, ServiceIndex), Vec<CallIndex>> = BTreeMap::new();
        for (index, call) in chart.calls.iter().enumerate() {
            if let Some(to) = call.target().filter(|_| call.status.is_settled()) {
                calls.entry((call.from, to)).or_default().push(CallIndex(index as u32));
            }
        }
        let mut channels: BTreeMap<(ServiceIndex, ServiceIndex), Vec<ChannelIndex>> = BTreeMap::new();
        for (index, channel) in chart.channels.iter().enumerate() {
            let index = ChannelIndex(index as u32);
            for producer in channel.producers.iter().filter(|end| end.status.is_settled()) {
                for consumer in channel.consumers.iter().filter(|end| end.status.is_settled()) {
                    let list = channels.entry((producer.service, consumer.service)).or_default();
                    if list.last() != Some(&index) {
                        list.push(index);
                    }
                }
            }
        }
        let sync = calls.into_iter().map(|(pair, calls)| (pair, Edge::Sync(calls)));
        let async_ = channels.into_iter().map(|(pair, channels)| (pair, Edge::Async(channels)));
        for ((from, to), edge) in sync.chain(async_) {
            let node = |service: ServiceIndex| nodes.get(service.index()).copied().flatten();
            if let (Some(source), Some(target)) = (node(from), node(to))
                && from != to
            {
                graph.add_edge(source, target, edge);
            }
        }
        Self { graph, nodes }
    }

    /// All edges, by their ends.
    pub fn edges(&self) -> Vec<(ServiceIndex, ServiceIndex, &Edge)> {
        let mut edges: Vec<_> =
            self.graph.edge_references().map(|edge| (self.graph[edge.source()], self.graph[edge.target()], edge.weight())).collect();
        edges.sort_by_key(|(from, to, edge)| (*from, *to, matches!(edge, Edge::Async(_))));
        edges
    }
    /// The calls by which `from` waits for `to`.
    pub fn calls(&self, from: ServiceIndex, to: ServiceIndex) -> &[CallIndex] {
        let (Some(source), Some(target)) = (self.node(from), self.node(to)) else { return &[] };
        let mut edges = self.graph.edges_connecting(source, target);
        edges
            .find_map(|edge| match edge.weight() {
                Edge::Sync(calls) => Some(calls.as_slice()),
                Edge::Async(_) => None,
            })
            .unwrap_or(&[])
    }
    /// The services that `service` waits for.
    pub fn callees(&self, service: ServiceIndex) -> Vec<ServiceIndex> {
        self.neighbours(service, Direction::Outgoing, |edge| matches!(edge, Edge::Sync(_)))
    }
    /// The services that wait for `service`.
    pub fn callers(&self, service: ServiceIndex) -> Vec<ServiceIndex> {
        self.neighbours(service, Direction::Incoming, |edge| matches!(edge, Edge::Sync(_)))
    }
    /// The services that `service` sends to.
    pub fn receivers(&self, service: ServiceIndex) -> Vec<ServiceIndex> {
        self.neighbours(service, Direction::Outgoing, |edge| matches!(edge, Edge::Async(_)))
    }
    /// Groups of two and more services that wait for each other, directly or around a corner.
    pub fn cycles(&self) -> Vec<Vec<ServiceIndex>> {
        let waits = EdgeFiltered::from_fn(&self.graph, |edge| matches!(edge.weight(), Edge::Sync(_)));
        let mut cycles: Vec<Vec<ServiceIndex>> = tarjan_scc(&waits)
            .into_iter()
            .filter(|component| component.len() > 1)
            .map(|component| {
                let mut services: Vec<ServiceIndex> = component.into_iter().map(|node| self.graph[node]).collect();
                services.sort();
                services
            })
            .collect();
        cycles.sort();
        cycles
    }

    fn node(&self, service: ServiceIndex) -> Option<NodeIndex> {
        self.nodes.get(service.index()).copied().flatten()
    }

    fn neighbours(&self, service: ServiceIndex, direction: Direction, wanted: impl Fn(&Edge) -> bool) -> Vec<ServiceIndex> {
        let Some(node) = self.node(service) else { return Vec::new() };
        let edges = self.graph.edges_directed(node, direction).filter(|edge| wanted(edge.weight()));
        let other = |edge: petgraph::stable_graph::EdgeReference<'_, Edge>| match direction {
            Direction::Outgoing => edge.target(),
            Direction::Incoming => edge.source(),
        };
        let mut services: Vec<ServiceIndex> = edges.map(|edge| self.graph[other(edge)]).collect();
        services.sort();
        services.dedup();
        services
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{ServiceKind, Status};
    use crate::testing::{Scene, end, module};

    #[test]
    fn edges_join_calls_and_leave_out_bought_and_guessed_ones() {
        let mut scene = Scene::default();
        let file = scene.file("src/app.ts", "here");
        let place = scene.place(file, "here");
        let function = module(file);
        let [a, b, c, db] = ["a", "b", "c", "db"].map(|name| scene.service(name, ServiceKind::Backend));
        scene.chart.services[db.index()].third_party = true;
        let [at_a, at_b, at_db] = [a, b, db].map(|service| scene.endpoint(service, "GET /x", place, function));
        let calls = [
            scene.call(a, place, function, at_b),
            scene.call(a, place, function, at_b),
            scene.call(b, place, function, at_a),
            scene.call(a, place, function, at_db),
            scene.call(c, place, function, at_a),
        ];
        scene.chart.calls[calls[4].index()].status = Status::Ambiguous;
        scene.channel("orders", vec![end(a, place, function)], vec![end(c, place, function), end(a, place, function)]);
        let graph = ServiceGraph::new(&scene.chart);
        assert_eq!(graph.calls(a, b), [calls[0], calls[1]]);
        assert_eq!(graph.callees(a), [b]);
        assert_eq!(graph.callers(a), [b]);
        assert_eq!(graph.receivers(a), [c]);
        assert_eq!(graph.cycles(), [vec![a, b]]);
        assert_eq!(graph.edges().len(), 3);
    }
}
