//! Lenses: a line above each handler that says who calls it and what it does, above each model who uses it, above each service of a manifest
//! how it stands among the others.
//!
//! Invariant: what stands at one place is told of in one set of lenses, however many routes or services it is part of.

use std::collections::BTreeMap;

use portolan_grammars::catalog::Operation;

use super::definition::in_order;
use super::words;
use crate::chart::ServiceIndex;
use crate::chart::index::{CollectionRef, Subject};
use crate::chart::operation::{self, Root};
use crate::{FileId, Place, Snapshot};

/// A line above some code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// What it is about.
    pub place: Place,
    /// What it says.
    pub title: String,
    /// What a click on it shows.
    pub leads: Leads,
}

/// What a lens leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    /// Places in other code.
    Places(Vec<Place>),
    /// The predicted trace of the handler there.
    Trace,
    /// A service on the map.
    Map(ServiceIndex),
}

/// The lenses of a file, by place.
pub fn lenses(snapshot: &Snapshot, file: FileId) -> Vec<Lens> {
    let mut handlers: BTreeMap<Place, Vec<Root>> = BTreeMap::new();
    let mut lenses: Vec<Lens> = Vec::new();
    let is_manifest = snapshot.files.source(file).is_none();
    for (subject, place) in snapshot.index.within(file, 0, u32::MAX) {
        let root = match subject {
            Subject::Endpoint(index) => Root::Endpoint(index),
            Subject::Consumer(end) => Root::Consumer(end),
            Subject::Collection(collection) => {
                lenses.push(of_collection(snapshot, place, collection));
                continue;
            }
            Subject::Service(service) if is_manifest => {
                lenses.extend(of_service(snapshot, place, service));
                continue;
            }
            _ => continue,
        };
        let handling = super::handling_place(snapshot, root);
        // The handler may stand in another file than its route: there it is told of, and not here.
        if handling.file == file && (handling == place || handling.range.contains(place.range)) {
            let here = handlers.entry(handling).or_default();
            if !here.contains(&root) {
                here.push(root);
            }
        }
    }
    lenses.extend(handlers.into_iter().flat_map(|(place, roots)| of_handlers(snapshot, place, &roots)));
    lenses.sort_by_key(|lens| lens.place);
    lenses.dedup();
    lenses
}

/// Who reads and writes what is declared at a place.
fn of_collection(snapshot: &Snapshot, place: Place, collection: CollectionRef) -> Lens {
    let accesses = &collection.of(&snapshot.chart).1.accesses;
    let by = |operation: Operation| {
        let services = accesses.iter().filter(|access| access.operation == operation).map(|access| access.service);
        words::names(services.map(|service| snapshot.chart.service(service).id.as_str()))
    };
    let parts = [("written by", by(Operation::Write)), ("read by", by(Operation::Read))];
    let parts: Vec<String> =
        parts.into_iter().filter(|(_, names)| !names.is_empty()).map(|(verb, names)| format!("{verb} {names}")).collect();
    let places = in_order(snapshot, accesses.iter().map(|access| access.place).collect());
    Lens { place, title: parts.join(" · "), leads: Leads::Places(places) }
}

/// Whom a service waits for and who waits for it; nothing where it stands alone.
fn of_service(snapshot: &Snapshot, place: Place, service: ServiceIndex) -> Option<Lens> {
    let chart = &snapshot.chart;
    let settled = || chart.calls.iter().filter(|call| call.status.is_settled());
    let callers = settled().filter(|call| call.target() == Some(service) && call.from != service).map(|call| call.from);
    let asked = settled().filter(|call| call.from == service).filter_map(|call| call.target()).filter(|to| *to != service);
    let id = |service: ServiceIndex| chart.service(service).id.as_str();
    let parts = [("called by", words::names(callers.map(id))), ("asks", words::names(asked.map(id)))];
    let parts: Vec<String> =
        parts.into_iter().filter(|(_, names)| !names.is_empty()).map(|(verb, names)| format!("{verb} {names}")).collect();
    (!parts.is_empty()).then(|| Lens { place, title: parts.join(" · "), leads: Leads::Map(service) })
}

fn of_handlers(snapshot: &Snapshot, place: Place, roots: &[Root]) -> Vec<Lens> {
    let (chart, index) = (&*snapshot.chart, &*snapshot.index);
    let mut callers: Vec<(ServiceIndex, Place)> = Vec::new();
    let mut senders = callers.clone();
    for root in roots {
        match *root {
            Root::Endpoint(endpoint) => {
                callers.extend(index.callers_of(endpoint).iter().map(|call| (chart.call(*call).from, chart.call(*call).place)));
            }
            Root::Consumer(end) => {
                senders.extend(chart.channel(end.channel).producers.iter().map(|end| (end.service, end.place)));
            }
        }
    }
    let mut lenses = Vec::new();
    let mut uses = |mut rows: Vec<(ServiceIndex, Place)>, one: &str, several: &str| {
        rows.sort_unstable();
        rows.dedup();
        let services: Vec<ServiceIndex> = rows.iter().map(|(service, _)| *service).collect();
        let title = match services.as_slice() {
            [] => format!("no known {several}"),
            some => words::places_in_services(snapshot, some, one, several),
        };
        let places = in_order(snapshot, rows.into_iter().map(|(_, place)| place).collect());
        lenses.push(Lens { place, title, leads: Leads::Places(places) });
    };
    if roots.iter().any(|root| matches!(root, Root::Endpoint(_))) {
        uses(callers, "caller", "callers");
    }
    if roots.iter().any(|root| matches!(root, Root::Consumer(_))) {
        uses(senders, "sender", "senders");
    }
    let operations: Vec<operation::Operation> = roots.iter().map(|root| operation::Operation::of_root(chart, index, *root)).collect();
    let mut doings = words::doings(snapshot, &operations);
    let dark = roots.iter().find_map(|root| words::dark(snapshot, root.service(chart), root.coverage(chart)));
    doings.extend(dark.map(str::to_owned));
    if !doings.is_empty() {
        lenses.push(Lens { place, title: doings.join(" · "), leads: Leads::Trace });
    }
    lenses
}
