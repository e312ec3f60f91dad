//! What the sections of a report look things up in, and ask more than once.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::catalog::Operation as Access;

use super::{Span, Text};
use crate::chart::document::Document;
use crate::chart::graph::{Edge, ServiceGraph};
use crate::chart::map::{NodeKind, ServiceMap};
use crate::chart::{Call, CallIndex, Chart, Collection, EndpointIndex, Protocol, Service, ServiceIndex, Status, Store};
use crate::rules::Context;
use crate::rules::chains::{self, Chain};
use crate::rules::unused_response::unused;
use crate::{Place, Snapshot};

/// How many things are named before the rest is counted.
const MAX_NAMED: usize = 3;

/// Calls that are waited for, of who makes them in the same places.
pub(super) struct Wait {
    pub(super) from: BTreeSet<ServiceIndex>,
    pub(super) to: BTreeSet<ServiceIndex>,
    pub(super) calls: Vec<CallIndex>,
}

/// A snapshot, and what follows from it.
pub(super) struct Facts<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) chart: &'a Chart,
    pub(super) context: Context<'a>,
    pub(super) graph: ServiceGraph,
    pub(super) map: ServiceMap,
    /// Requests that wait on two services and more in a row, each with the others that take the same way.
    pub(super) chains: Vec<(Chain, Vec<EndpointIndex>)>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let (chart, context) = (&*snapshot.chart, Context::new(snapshot));
        let chains = chains::all(&context, |chain| chain.len() >= 2);
        let map = ServiceMap::new(&Document::new(snapshot));
        Self { snapshot, chart, context, graph: ServiceGraph::new(chart), map, chains }
    }

    /// A place as part of a text.
    pub(super) fn site(&self, place: Place) -> Span {
        Span::Place { file: self.snapshot.files.path(place.file).to_string(), line: self.snapshot.files.line(place) }
    }
    /// The id of a service.
    pub(super) fn id(&self, service: ServiceIndex) -> String {
        self.chart.service(service).id.to_string()
    }
    /// The services that the workspace builds.
    pub(super) fn built(&self) -> impl Iterator<Item = (ServiceIndex, &'a Service)> {
        let services = self.chart.services.iter().enumerate().map(|(at, service)| (ServiceIndex(at as u32), service));
        services.filter(|(_, service)| !service.third_party)
    }
    /// Whether a file of code owners says of any of them who answers for it.
    pub(super) fn has_owners(&self) -> bool {
        self.built().any(|(_, service)| !service.owners.is_empty())
    }
    /// Those of whose code little or nothing is read. What only hands out files has no code.
    pub(super) fn unread(&self) -> impl Iterator<Item = (ServiceIndex, &'a Service)> {
        let serves_files = |service: &Service| matches!(service.languages.as_slice(), [language] if language == "nginx");
        self.built().filter(move |(_, service)| !service.is_read() && !serves_files(service))
    }
    /// Those that it deploys but does not build.
    pub(super) fn bought(&self) -> impl Iterator<Item = &'a Service> {
        self.chart.services.iter().filter(|service| service.third_party)
    }
    /// Calls that are sure enough to speak of, but routes that gateways pass on.
    pub(super) fn calls(&self) -> impl Iterator<Item = (CallIndex, &'a Call)> {
        let calls = self.chart.calls.iter().enumerate().map(|(at, call)| (CallIndex(at as u32), call));
        calls.filter(|(_, call)| call.status.is_settled() && !Self::is_route(call))
    }
    /// Whether a call is a route that a gateway passes on, and no request of its own.
    pub(super) fn is_route(call: &Call) -> bool {
        call.protocol == Protocol::Http && call.passes_on()
    }
    /// Who waits for whom, in which calls; without the routes of gateways.
    pub(super) fn waits(&self) -> Vec<(ServiceIndex, ServiceIndex, Vec<CallIndex>)> {
        let edges = self.graph.edges().into_iter().filter_map(|(from, to, edge)| match edge {
            Edge::Sync(calls) => {
                let calls: Vec<CallIndex> = calls.iter().copied().filter(|call| !Self::is_route(self.chart.call(*call))).collect();
                (!calls.is_empty()).then_some((from, to, calls))
            }
            Edge::Async(_) => None,
        });
        edges.collect()
    }
    /// Who waits for whom; services that are asked, or ask, by the very same lines stand together.
    pub(super) fn joint(&self, waits: impl IntoIterator<Item = (ServiceIndex, ServiceIndex, Vec<CallIndex>)>) -> Vec<Wait> {
        let waits = waits.into_iter().map(|(from, to, calls)| Wait { from: [from].into(), to: [to].into(), calls });
        let asked = self.merged(waits, |a, b| a.from == b.from);
        self.merged(asked, |a, b| a.to == b.to)
    }
    fn merged(&self, waits: impl IntoIterator<Item = Wait>, alike: impl Fn(&Wait, &Wait) -> bool) -> Vec<Wait> {
        let places = |wait: &Wait| wait.calls.iter().map(|call| self.chart.call(*call).place).collect::<BTreeSet<_>>();
        let mut merged: Vec<Wait> = Vec::new();
        for wait in waits {
            match merged.iter_mut().find(|other| alike(other, &wait) && places(other) == places(&wait)) {
                Some(other) => {
                    other.from.extend(wait.from);
                    other.to.extend(wait.to);
                    other.calls.extend(wait.calls);
                }
                None => merged.push(wait),
            }
        }
        merged
    }
    /// The different operations among calls, each with its first place.
    pub(super) fn operations(&self, calls: &[CallIndex]) -> Vec<(String, Place)> {
        let mut operations: BTreeMap<String, Place> = BTreeMap::new();
        for call in calls.iter().map(|call| self.chart.call(*call)) {
            let place = operations.entry(call.label()).or_insert(call.place);
            *place = (*place).min(call.place);
        }
        operations.into_iter().collect()
    }
    /// The first operations with their places, and how many more there are.
    pub(super) fn operations_text(&self, calls: &[CallIndex]) -> Text {
        let operations = self.operations(calls).into_iter();
        Text::default().some(operations.map(|(label, place)| Text::of_code(label).at(self.site(place))), MAX_NAMED)
    }
    /// Services by their names, as a list in a sentence.
    pub(super) fn services(&self, services: impl IntoIterator<Item = ServiceIndex>) -> Text {
        let services: BTreeSet<ServiceIndex> = services.into_iter().collect();
        Text::default().all(services.into_iter().map(|service| Text::of_service(self.id(service))))
    }
    /// Who writes or reads a table, each with the first place; guesses are left out.
    pub(super) fn users(&self, collection: &Collection, operation: Access) -> BTreeMap<ServiceIndex, Place> {
        let accesses = collection.accesses.iter().filter(|access| access.operation == operation && access.status.is_settled());
        self.first_places(accesses.map(|access| (access.service, access.place)))
    }
    /// The first place of each service; what stands beside what runs comes last.
    pub(super) fn first_places(&self, places: impl IntoIterator<Item = (ServiceIndex, Place)>) -> BTreeMap<ServiceIndex, Place> {
        let mut first: BTreeMap<ServiceIndex, Place> = BTreeMap::new();
        for (service, place) in places {
            let known = first.entry(service).or_insert(place);
            if self.rank(place) < self.rank(*known) {
                *known = place;
            }
        }
        first
    }
    /// By which places are told first: those in code that runs, in the order of files.
    pub(super) fn rank(&self, place: Place) -> (bool, Place) {
        (self.context.stands_beside(place.file), place)
    }
    /// Users with their places, as a list in a sentence; those of one place stand together.
    pub(super) fn users_text(&self, users: &BTreeMap<ServiceIndex, Place>) -> Text {
        let mut places: Vec<(Place, Vec<ServiceIndex>)> = Vec::new();
        for (service, place) in users {
            match places.iter_mut().find(|(other, _)| other == place) {
                Some((_, services)) => services.push(*service),
                None => places.push((*place, vec![*service])),
            }
        }
        Text::default().all(places.into_iter().map(|(place, services)| self.services(services).at(self.site(place))))
    }
    /// Whether a call tells another service something, and nothing of the answer is used.
    pub(super) fn is_told(&self, call: &Call) -> bool {
        call.changes() == Some(true) && unused(self.snapshot, call).is_some()
    }
    /// How sure calls are, where not all are exact: `; 2 of 5 calls are inferred`.
    pub(super) fn doubt(&self, calls: &[CallIndex]) -> String {
        // A line of shared code calls once for each service that runs it.
        let places = |calls: &mut dyn Iterator<Item = &Call>| calls.map(|call| call.place).collect::<BTreeSet<Place>>().len();
        let calls = || calls.iter().map(|call| self.chart.call(*call));
        let likely = places(&mut calls().filter(|call| call.status == Status::Likely));
        match (likely, places(&mut calls())) {
            (0, _) => String::new(),
            (1, 1) => "; the call is inferred".to_owned(),
            (2, 2) => "; both calls are inferred".to_owned(),
            (_, all) if all == likely => format!("; all {all} calls are inferred"),
            (_, all) => format!("; {likely} of {all} calls are inferred"),
        }
    }
    /// What people call a store: its name in the picture.
    pub(super) fn store_name(&self, store: &Store) -> String {
        let node = self.map.nodes.iter().find(|node| node.kind == NodeKind::Store && node.id == store.id.as_str());
        node.map_or_else(|| store.id.to_string(), |node| node.name.clone())
    }
}
