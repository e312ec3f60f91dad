//! Lenses: a line above each handler that says who calls it and what it does.
//!
//! Invariant: what stands at one place is told of in one set of lenses, however many routes or services it is part of.

use std::collections::BTreeMap;

use super::definition::in_order;
use super::words;
use crate::chart::ServiceIndex;
use crate::chart::index::Subject;
use crate::chart::operation::{Operation, Root};
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
}

/// The lenses of a file, by place.
pub fn lenses(snapshot: &Snapshot, file: FileId) -> Vec<Lens> {
    let mut handlers: BTreeMap<Place, Vec<Root>> = BTreeMap::new();
    for (subject, place) in snapshot.index.within(file, 0, u32::MAX) {
        let root = match subject {
            Subject::Endpoint(index) => Root::Endpoint(index),
            Subject::Consumer(end) => Root::Consumer(end),
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
    handlers.into_iter().flat_map(|(place, roots)| of_handlers(snapshot, place, &roots)).collect()
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
    let operations: Vec<Operation> = roots.iter().map(|root| Operation::of_root(chart, index, *root)).collect();
    let mut doings = words::doings(snapshot, &operations);
    let dark = roots.iter().find_map(|root| words::dark(snapshot, root.service(chart), root.coverage(chart)));
    doings.extend(dark.map(str::to_owned));
    if !doings.is_empty() {
        lenses.push(Lens { place, title: doings.join(" · "), leads: Leads::Trace });
    }
    lenses
}
