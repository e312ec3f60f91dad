//! What differs between two charts: services, edges, routes, tables, channels and findings that came or went, and cycles that closed or opened.
//!
//! Made from documents, so that a chart of another day can be compared. What deliberately does not live here: sentences. Invariants: lines and
//! order make no difference, guesses are left out, and everything that came or went has a place.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::stable_graph::StableDiGraph;
use serde::Serialize;

use super::document::{Document, Finding, Site, Status};
use crate::rules::pairs::{Known, pair};

/// What differs between two charts.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Diff {
    /// Services that the workspace builds or deploys.
    pub services: Changes<ServiceChange>,
    /// Services of both charts that the workspace builds in one and only deploys in the other: as it builds them now, or no longer.
    pub built: Changes<ServiceChange>,
    /// Pairs of services where one waits for the other, and services that wait for a party outside.
    pub edges: Changes<EdgeChange>,
    /// Operations that were called, or not, where there was an edge before and is one still.
    pub operations: Changes<EdgeChange>,
    /// What services answer.
    pub routes: Changes<RouteChange>,
    /// Who sends and receives.
    pub messages: Changes<MessageChange>,
    /// Who reads and writes which table.
    pub accesses: Changes<AccessChange>,
    /// Groups of services that wait for each other, directly or around a corner.
    pub cycles: Changes<Vec<String>>,
    /// Findings, by their identity. One that is accepted on one side neither came nor went.
    pub findings: Changes<Finding>,
    /// How many calls could not be followed, before and after.
    pub unresolved: [usize; 2],
}

/// What came and what went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changes<T> {
    /// Only in the second chart.
    pub added: Vec<T>,
    /// Only in the first chart.
    pub removed: Vec<T>,
}

impl<T> Default for Changes<T> {
    fn default() -> Self {
        Self { added: Vec::new(), removed: Vec::new() }
    }
}

impl<T> Changes<T> {
    /// Whether nothing came and nothing went.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceChange {
    /// Its id.
    pub service: String,
    /// Whether the workspace only deploys it.
    pub third_party: bool,
    /// Where it is known from.
    pub site: Option<Site>,
}

/// An edge, or an operation of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EdgeChange {
    /// Id of the service that waits.
    pub from: String,
    /// Id of the service that answers, or the party outside.
    pub to: String,
    /// Whether who answers is outside of the workspace.
    pub external: bool,
    /// The operations, each with its first place.
    pub operations: Vec<(String, Site)>,
}

/// Something that a service answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RouteChange {
    /// Id of the service.
    pub service: String,
    /// Method and path.
    pub route: String,
    /// Where.
    pub site: Site,
}

/// An end of a channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MessageChange {
    /// The channel.
    pub channel: String,
    /// The broker.
    pub broker: String,
    /// Id of the service.
    pub service: String,
    /// Whether it sends; else it receives.
    pub sends: bool,
    /// Where.
    pub site: Site,
}

/// A use of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AccessChange {
    /// Id of the store.
    pub store: String,
    /// What people call it.
    pub store_name: String,
    /// The table or collection.
    pub table: String,
    /// Id of the service.
    pub service: String,
    /// Whether it writes; else it reads.
    pub writes: bool,
    /// Whether nobody used the table on the other side.
    pub whole_table: bool,
    /// Where.
    pub site: Site,
}

impl Diff {
    /// What differs between `base` and `head`.
    pub fn new(base: &Document, head: &Document) -> Self {
        let (before, after) = (edges(base), edges(head));
        let operations = |these: &Edges, others: &Edges| {
            let shared = these.iter().filter_map(|(key, operations)| Some((key, operations, others.get(key)?)));
            let rest = shared.map(|(key, operations, others)| {
                let only: BTreeMap<_, _> =
                    operations.iter().filter(|(label, _)| !others.contains_key(*label)).map(|(a, b)| (a.clone(), b.clone())).collect();
                edge(key, &only)
            });
            rest.filter(|edge| !edge.operations.is_empty()).collect()
        };
        let [services_before, services_after] = [base, head].map(services);
        Self {
            built: built(&services_before, &services_after),
            services: changes(&services_before, &services_after),
            edges: Changes {
                added: after.iter().filter(|(key, _)| !before.contains_key(*key)).map(|(key, operations)| edge(key, operations)).collect(),
                removed: before
                    .iter()
                    .filter(|(key, _)| !after.contains_key(*key))
                    .map(|(key, operations)| edge(key, operations))
                    .collect(),
            },
            operations: Changes { added: operations(&after, &before), removed: operations(&before, &after) },
            routes: changes(&routes(base), &routes(head)),
            messages: changes(&messages(base), &messages(head)),
            accesses: accesses(base, head),
            cycles: cycles(&before, &after),
            findings: findings(base, head),
            unresolved: [base.unresolved.len(), head.unresolved.len()],
        }
    }

    /// Whether the charts are the same but for lines.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
            && self.built.is_empty()
            && self.edges.is_empty()
            && self.operations.is_empty()
            && self.routes.is_empty()
            && self.messages.is_empty()
            && self.accesses.is_empty()
            && self.findings.is_empty()
            && self.unresolved[0] == self.unresolved[1]
    }

    /// Whether an edge that came lies within a cycle that closed.
    pub fn closes(&self, edge: &EdgeChange) -> Option<&[String]> {
        let within = |cycle: &&Vec<String>| cycle.contains(&edge.from) && cycle.contains(&edge.to);
        self.cycles.added.iter().find(within).map(Vec::as_slice)
    }
}

/// What each side has that the other lacks, by key.
fn changes<K: Ord, T: Clone>(base: &BTreeMap<K, T>, head: &BTreeMap<K, T>) -> Changes<T> {
    let only = |these: &BTreeMap<K, T>, others: &BTreeMap<K, T>| {
        these.iter().filter(|(key, _)| !others.contains_key(key)).map(|(_, row)| row.clone()).collect()
    };
    Changes { added: only(head, base), removed: only(base, head) }
}

fn services(document: &Document) -> BTreeMap<String, ServiceChange> {
    let rows = document.services.iter().map(|service| {
        let change =
            ServiceChange { service: service.id.clone(), third_party: service.third_party, site: service.evidence.first().cloned() };
        (service.id.clone(), change)
    });
    rows.collect()
}

fn built(before: &BTreeMap<String, ServiceChange>, after: &BTreeMap<String, ServiceChange>) -> Changes<ServiceChange> {
    let both = after.iter().filter_map(|(id, now)| Some((before.get(id)?, now)));
    let (removed, added) = both.filter(|(was, is)| was.third_party != is.third_party).partition::<Vec<_>, _>(|(_, is)| is.third_party);
    let rows = |pairs: Vec<(&ServiceChange, &ServiceChange)>| pairs.into_iter().map(|(_, is)| is.clone()).collect();
    Changes { added: rows(added), removed: rows(removed) }
}

/// Who waits for whom, whether outside; and the operations with their first places.
type Edges = BTreeMap<(String, String, bool), BTreeMap<String, Site>>;

fn edges(document: &Document) -> Edges {
    let mut edges = Edges::new();
    for call in document.calls.iter().filter(|call| call.status != Status::Ambiguous) {
        let (to, external) = match (&call.to, &call.external) {
            (Some(to), _) => (to, false),
            (None, Some(party)) => (party, true),
            (None, None) => continue,
        };
        if !external && *to == call.from {
            continue;
        }
        let site = Site { file: call.file.clone(), line: call.line };
        edges.entry((call.from.clone(), to.clone(), external)).or_default().entry(call.label()).or_insert(site);
    }
    edges
}

fn edge((from, to, external): &(String, String, bool), operations: &BTreeMap<String, Site>) -> EdgeChange {
    let operations = operations.iter().map(|(label, site)| (label.clone(), site.clone())).collect();
    EdgeChange { from: from.clone(), to: to.clone(), external: *external, operations }
}

fn routes(document: &Document) -> BTreeMap<(String, &'static str, String), RouteChange> {
    let rows = document.endpoints.iter().map(|endpoint| {
        let (service, route) = (endpoint.service.clone(), endpoint.label());
        let site = Site { file: endpoint.file.clone(), line: endpoint.line };
        ((service.clone(), endpoint.protocol.as_str(), route.clone()), RouteChange { service, route, site })
    });
    rows.collect()
}

fn messages(document: &Document) -> BTreeMap<(String, String, String, bool), MessageChange> {
    let mut rows = BTreeMap::new();
    for channel in &document.channels {
        for (ends, sends) in [(&channel.producers, true), (&channel.consumers, false)] {
            for end in ends {
                let site = Site { file: end.file.clone(), line: end.line };
                let (channel, broker, service) = (channel.name.clone(), channel.broker.clone(), end.service.clone());
                let key = (channel.clone(), broker.clone(), service.clone(), sends);
                rows.entry(key).or_insert(MessageChange { channel, broker, service, sends, site });
            }
        }
    }
    rows
}

type Uses = BTreeMap<(String, String, String, bool), AccessChange>;

fn uses(document: &Document) -> Uses {
    let mut rows = Uses::new();
    for row in &document.stores {
        for collection in &row.collections {
            for (sites, writes) in [(&collection.reads, false), (&collection.writes, true)] {
                for site in sites {
                    let (store, table, service) = (row.id.clone(), collection.name.clone(), site.service.clone());
                    let site = Site { file: site.file.clone(), line: site.line };
                    let key = (store.clone(), table.clone(), service.clone(), writes);
                    let store_name = row.label();
                    rows.entry(key).or_insert(AccessChange { store, store_name, table, service, writes, whole_table: false, site });
                }
            }
        }
    }
    rows
}

fn accesses(base: &Document, head: &Document) -> Changes<AccessChange> {
    let (before, after) = (uses(base), uses(head));
    let mut changes = changes(&before, &after);
    let tables = |uses: &Uses| uses.keys().map(|(store, table, ..)| (store.clone(), table.clone())).collect::<BTreeSet<_>>();
    for (rows, others) in [(&mut changes.added, tables(&before)), (&mut changes.removed, tables(&after))] {
        for row in rows {
            row.whole_table = !others.contains(&(row.store.clone(), row.table.clone()));
        }
    }
    changes
}

/// By identity and, as several may have the same, by their files. One that has grown by a part has come; one that has shrunk has not gone.
fn findings(base: &Document, head: &Document) -> Changes<Finding> {
    fn all(document: &Document) -> Vec<Known<'_, String>> {
        let open = document.findings.iter().map(|it| Known { identity: &it.identity, file: &it.file, parts: &it.parts });
        let accepted = document.accepted.iter().map(|it| Known { identity: &it.identity, file: &it.file, parts: &it.parts });
        open.chain(accepted).collect()
    }
    let unpaired = |document: &Document, pairs: Vec<Option<usize>>| {
        let rows = document.findings.iter().zip(pairs).filter(|(_, pair)| pair.is_none());
        let mut rows: Vec<Finding> = rows.map(|(finding, _)| finding.clone()).collect();
        rows.sort_by(|one, two| one.identity.cmp(&two.identity));
        rows
    };
    let (before, after) = (all(base), all(head));
    let whole = before.iter().map(|it| Known { parts: &[], ..*it }).collect::<Vec<_>>();
    Changes { added: unpaired(head, pair(&after, &before)), removed: unpaired(base, pair(&whole, &after)) }
}

/// Cycles of one side that are no part of one of the other.
fn cycles(before: &Edges, after: &Edges) -> Changes<Vec<String>> {
    let (before, after) = (components(before), components(after));
    let only = |these: &[Vec<String>], others: &[Vec<String>]| {
        let known = |cycle: &Vec<String>| others.iter().any(|other| cycle.iter().all(|service| other.contains(service)));
        these.iter().filter(|cycle| !known(cycle)).cloned().collect()
    };
    Changes { added: only(&after, &before), removed: only(&before, &after) }
}

fn components(edges: &Edges) -> Vec<Vec<String>> {
    let mut graph = StableDiGraph::<&str, ()>::new();
    let mut nodes = BTreeMap::new();
    for (from, to, _) in edges.keys().filter(|(.., external)| !external) {
        let [from, to] = [from, to].map(|service| *nodes.entry(service.as_str()).or_insert_with(|| graph.add_node(service)));
        graph.add_edge(from, to, ());
    }
    let mut cycles: Vec<Vec<String>> = tarjan_scc(&graph)
        .into_iter()
        .filter(|component| component.len() > 1)
        .map(|component| {
            let mut services: Vec<String> = component.into_iter().map(|node| graph[node].to_owned()).collect();
            services.sort();
            services
        })
        .collect();
    cycles.sort();
    cycles
}

#[cfg(test)]
mod tests;
