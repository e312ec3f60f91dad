//! The service map: what a picture of the chart shows. One node for each service, store, channel and party outside; one edge for all that
//! goes from one of them to another in the same way.
//!
//! Made from the chart's document, so that a saved chart can be drawn, too. What deliberately does not live here: forms of pictures. Invariants:
//! guesses are not drawn, nothing points at itself, what is deployed but not built here is drawn only where something is joined to it, and
//! equal documents make equal maps.

use std::collections::{BTreeMap, BTreeSet};

use super::ServiceKind;
use super::document::{Document, Status, Store};

/// The service map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceMap {
    /// What is drawn: services first, then what is not built here, stores, channels, and who is outside.
    pub nodes: Vec<Node>,
    /// What joins them, sorted.
    pub edges: Vec<Edge>,
}

/// Something that is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// What the chart calls it.
    pub id: String,
    /// What people call it; no other node is called so.
    pub name: String,
    /// A name of letters, digits and `_` that no other node has: `service_web`.
    pub slug: String,
    /// What it is made with: `typescript`, `postgres`, `kafka`.
    pub technology: String,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// A service of the workspace.
    Service(ServiceKind),
    /// A service that the workspace deploys but does not build.
    Bought,
    /// A database, cache or object store.
    Store,
    /// A topic, queue or subject.
    Channel,
    /// A party outside of the workspace.
    Outside,
}

impl NodeKind {
    /// Its name, in one word: `service`, `deployed`, `store`, `channel`, `outside`.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Service(_) => "service",
            NodeKind::Bought => "deployed",
            NodeKind::Store => "store",
            NodeKind::Channel => "channel",
            NodeKind::Outside => "outside",
        }
    }
}

/// Something that joins two nodes, named by their positions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Where it starts.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What happens.
    pub relation: Relation,
    /// In how many places of the code.
    pub count: usize,
    /// In a few words: `POST /orders`, `3 calls`, `reads and writes 4 tables`.
    pub label: String,
    /// By what means: `http, grpc`; empty where the node's technology says so.
    pub technology: String,
}

/// What happens between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The first waits for an answer of the second.
    Calls,
    /// A service sends to a channel.
    Sends,
    /// A channel's messages come to a service.
    Delivers,
    /// A service opens a store.
    Opens,
}

impl ServiceMap {
    /// The map of a chart.
    pub fn new(document: &Document) -> Self {
        let mut maker = Maker::default();
        maker.nodes(document);
        maker.calls(document);
        maker.channels(document);
        maker.stores(document);
        maker.finish()
    }

    /// The edges with the nodes at their ends.
    pub fn joined(&self) -> impl Iterator<Item = (&Node, &Node, &Edge)> {
        self.edges.iter().filter_map(|edge| Some((self.nodes.get(edge.from)?, self.nodes.get(edge.to)?, edge)))
    }

    /// The map without channels: who sends is joined with who receives.
    pub fn through_channels(&self) -> Self {
        let mut sent: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for send in self.edges.iter().filter(|edge| edge.relation == Relation::Sends) {
            let delivered = self.edges.iter().filter(|edge| edge.relation == Relation::Delivers && edge.from == send.to);
            for delivery in delivered.filter(|delivery| delivery.to != send.from) {
                *sent.entry((send.from, delivery.to)).or_default() += 1;
            }
        }
        let mut map = self.clone();
        map.edges.extend(sent.into_iter().map(|((from, to), count)| {
            let label = crate::words::counted(count, "channel", "channels");
            Edge { from, to, relation: Relation::Sends, count, label, technology: String::new() }
        }));
        map.edges.sort();
        map.only(|node| node.kind != NodeKind::Channel)
    }

    /// The map with the nodes that `keep` says, and the edges between them.
    pub fn only(&self, keep: impl Fn(&Node) -> bool) -> Self {
        let mut places = BTreeMap::new();
        let mut map = Self::default();
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, node)| keep(node)) {
            places.insert(at, map.nodes.len());
            map.nodes.push(node.clone());
        }
        map.edges = self
            .edges
            .iter()
            .filter_map(|edge| Some(Edge { from: *places.get(&edge.from)?, to: *places.get(&edge.to)?, ..edge.clone() }))
            .collect();
        map
    }
}

#[derive(Default)]
struct Maker<'a> {
    map: ServiceMap,
    services: BTreeMap<&'a str, usize>,
    names: BTreeSet<String>,
    slugs: BTreeSet<String>,
}

impl<'a> Maker<'a> {
    fn add(&mut self, kind: NodeKind, id: &str, name: String, technology: String) -> usize {
        self.map.nodes.push(Node { kind, id: id.to_owned(), name, slug: String::new(), technology });
        self.map.nodes.len() - 1
    }

    /// The name, or where another node has it, one that tells them apart: a store is often called as the service that it runs in.
    fn own_name(&mut self, kind: NodeKind, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let names = [name.to_owned(), format!("{name} ({})", kind.as_str())].into_iter().chain(numbered);
        let free = names.into_iter().find(|name| !self.names.contains(name)).unwrap_or_default();
        self.names.insert(free.clone());
        free
    }

    fn slug(&mut self, kind: NodeKind, name: &str) -> String {
        let mut slug = format!("{}_", kind.as_str());
        for character in name.chars() {
            let character = if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' };
            if character != '_' || !slug.ends_with('_') {
                slug.push(character);
            }
        }
        let slug = slug.trim_end_matches('_').to_owned();
        let numbered = (2..).map(|number| format!("{slug}_{number}"));
        let free = std::iter::once(slug.clone()).chain(numbered).find(|slug| !self.slugs.contains(slug)).unwrap_or_default();
        self.slugs.insert(free.clone());
        free
    }

    fn nodes(&mut self, document: &'a Document) {
        for third_party in [false, true] {
            for service in document.services.iter().filter(|service| service.third_party == third_party) {
                let kind = if third_party { NodeKind::Bought } else { NodeKind::Service(service.kind) };
                let at = self.add(kind, &service.id, service.name.clone(), service.languages.join(", "));
                self.services.insert(&service.id, at);
            }
        }
    }

    fn edge(&mut self, from: usize, to: usize, relation: Relation, count: usize, label: String, technology: String) {
        if from != to {
            self.map.edges.push(Edge { from, to, relation, count, label, technology });
        }
    }

    fn calls(&mut self, document: &'a Document) {
        let mut outside: BTreeMap<&str, usize> = BTreeMap::new();
        let mut pairs: BTreeMap<(usize, usize), Calls> = BTreeMap::new();
        for call in document.calls.iter().filter(|call| call.status != Status::Ambiguous) {
            let to = match (&call.to, &call.external) {
                (Some(service), _) => self.services.get(service.as_str()).copied(),
                (None, Some(name)) => Some(match outside.get(name.as_str()) {
                    Some(at) => *at,
                    None => {
                        let at = self.add(NodeKind::Outside, name, name.clone(), String::new());
                        outside.insert(name, at);
                        at
                    }
                }),
                (None, None) => None,
            };
            if let (Some(from), Some(to)) = (self.services.get(call.from.as_str()).copied(), to) {
                let calls = pairs.entry((from, to)).or_default();
                calls.labels.insert(call.label());
                calls.protocols.insert(call.protocol.as_str());
                calls.places.insert((&call.file, call.line));
            }
        }
        for ((from, to), calls) in pairs {
            let count = calls.places.len();
            let label = match calls.labels.first() {
                Some(only) if calls.labels.len() == 1 => only.clone(),
                _ => format!("{} operations", calls.labels.len()),
            };
            let protocols: Vec<&str> = calls.protocols.into_iter().collect();
            self.edge(from, to, Relation::Calls, count, label, protocols.join(", "));
        }
    }

    fn channels(&mut self, document: &'a Document) {
        for channel in &document.channels {
            let at = self.add(NodeKind::Channel, &channel.name, channel.name.clone(), channel.broker.clone());
            for (ends, relation) in [(&channel.producers, Relation::Sends), (&channel.consumers, Relation::Delivers)] {
                let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
                for end in ends {
                    if let Some(service) = self.services.get(end.service.as_str()) {
                        *counts.entry(*service).or_default() += 1;
                    }
                }
                for (service, count) in counts {
                    match relation {
                        Relation::Delivers => self.edge(at, service, relation, count, "delivers".to_owned(), String::new()),
                        _ => self.edge(service, at, relation, count, "sends".to_owned(), String::new()),
                    }
                }
            }
        }
    }

    fn stores(&mut self, document: &'a Document) {
        for store in &document.stores {
            let at = self.add(NodeKind::Store, &store.id, store.label(), store.engine.clone());
            for service in &store.services {
                if let Some(from) = self.services.get(service.as_str()).copied() {
                    let (count, label) = access(store, service);
                    self.edge(from, at, Relation::Opens, count, label, String::new());
                }
            }
        }
    }

    /// Takes out what is bought and joined to nothing, and brings the nodes into their order.
    fn finish(mut self) -> ServiceMap {
        let joined: BTreeSet<usize> = self.map.edges.iter().flat_map(|edge| [edge.from, edge.to]).collect();
        let mut order: Vec<usize> =
            (0..self.map.nodes.len()).filter(|at| self.map.nodes[*at].kind != NodeKind::Bought || joined.contains(at)).collect();
        // Stable: within a kind the chart's order stays. All sorts of services are one kind.
        order.sort_by_key(|at| match self.map.nodes[*at].kind {
            NodeKind::Service(_) => 0,
            NodeKind::Bought => 1,
            NodeKind::Store => 2,
            NodeKind::Channel => 3,
            NodeKind::Outside => 4,
        });
        let places: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        for edge in &mut self.map.edges {
            for end in [&mut edge.from, &mut edge.to] {
                *end = places.get(end).copied().unwrap_or(*end);
            }
        }
        self.map.edges.sort();
        let mut nodes: Vec<Node> = order.into_iter().map(|at| self.map.nodes[at].clone()).collect();
        for node in &mut nodes {
            node.name = self.own_name(node.kind, &node.name);
            node.slug = self.slug(node.kind, &node.name);
        }
        ServiceMap { nodes, edges: self.map.edges }
    }
}

/// All calls of one pair.
#[derive(Default)]
struct Calls<'a> {
    labels: BTreeSet<String>,
    protocols: BTreeSet<&'static str>,
    places: BTreeSet<(&'a str, u32)>,
}

/// In how many places a service uses a store, and in words how.
fn access(store: &Store, service: &str) -> (usize, String) {
    let (mut reads, mut writes, mut places) = (BTreeSet::new(), BTreeSet::new(), 0);
    for collection in &store.collections {
        for (sites, names) in [(&collection.reads, &mut reads), (&collection.writes, &mut writes)] {
            let count = sites.iter().filter(|site| site.service == service).count();
            places += count;
            if count > 0 {
                names.insert(&collection.name);
            }
        }
    }
    let verb = match (reads.is_empty(), writes.is_empty()) {
        (true, true) => return (1, "opens".to_owned()),
        (false, true) => "reads",
        (true, false) => "writes",
        (false, false) => "reads and writes",
    };
    let names: BTreeSet<_> = reads.union(&writes).collect();
    let label = match names.first() {
        Some(only) if names.len() == 1 => format!("{verb} {only}"),
        _ => format!("{verb} {} {}s", names.len(), super::collection_word(&store.engine).to_lowercase()),
    };
    (places, label)
}

#[cfg(test)]
mod tests;
