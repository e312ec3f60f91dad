//! Matrices as CSV, for spreadsheets: who calls whom, and who reads and writes which table.

use std::collections::{BTreeMap, BTreeSet};

use portolan_analysis::chart::document::{Collection, Document, ServiceSite, Store};
use portolan_analysis::chart::map::{NodeKind, Relation, ServiceMap};

/// Callers down, callees across; a cell says in how many places one calls the other.
pub fn calls(map: &ServiceMap) -> Result<String, csv::Error> {
    let edges: Vec<_> = map.edges.iter().filter(|edge| edge.relation == Relation::Calls).collect();
    let callees: BTreeSet<usize> = edges.iter().map(|edge| edge.to).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let name = |at: usize| map.nodes[at].name.clone();
    writer.write_record(std::iter::once("caller".to_owned()).chain(callees.iter().map(|at| name(*at))))?;
    for (from, node) in map.nodes.iter().enumerate().filter(|(_, node)| matches!(node.kind, NodeKind::Service(_))) {
        let count =
            |to: &usize| edges.iter().find(|edge| edge.from == from && edge.to == *to).map_or(String::new(), |edge| edge.count.to_string());
        writer.write_record(std::iter::once(node.name.clone()).chain(callees.iter().map(count)))?;
    }
    text(writer)
}

/// Tables down, services across; a cell says `R`, `W` or `RW`.
pub fn tables(document: &Document) -> Result<String, csv::Error> {
    let rows: Vec<(&Store, &Collection)> =
        document.stores.iter().flat_map(|store| store.collections.iter().map(move |collection| (store, collection))).collect();
    let sites = rows.iter().flat_map(|(_, collection)| collection.reads.iter().chain(&collection.writes));
    let services: BTreeSet<&str> = sites.map(|site| site.service.as_str()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["store", "table"].into_iter().chain(services.iter().copied()))?;
    for (store, collection) in rows {
        let mut cells: BTreeMap<&str, String> = BTreeMap::new();
        let mut mark = |sites: &[ServiceSite], letter: char| {
            for site in sites {
                let cell = cells.entry(services.get(site.service.as_str()).copied().unwrap_or_default()).or_default();
                if !cell.ends_with(letter) {
                    cell.push(letter);
                }
            }
        };
        mark(&collection.reads, 'R');
        mark(&collection.writes, 'W');
        let cells = services.iter().map(|service| cells.get(service).map_or("", String::as_str));
        writer.write_record([store.id.as_str(), collection.name.as_str()].into_iter().chain(cells))?;
    }
    text(writer)
}

fn text(writer: csv::Writer<Vec<u8>>) -> Result<String, csv::Error> {
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
