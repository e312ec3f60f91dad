//! Where what stands at a place leads, and where the same is meant.

use portolan_grammars::facts::TextRange;

use super::{schema, subjects};
use crate::chart::index::{AccessRef, Subject};
use crate::chart::operation::Root;
use crate::chart::{ChannelEnd, Endpoint, EndpointIndex, ServiceIndex};
use crate::{FileId, FunctionRef, Place, Snapshot};

/// Where what stands at `offset` leads: from a call to the handler that answers, from a publish to its consumers and back, from an access to a
/// table to its declaration, or else to those of other services; from a variable to where it is set and back, from a service to its entry, from an rpc
/// to who implements it. Sorted by path and position, each place once.
pub fn definition(snapshot: &Snapshot, file: FileId, offset: u32) -> Vec<Place> {
    let chart = &snapshot.chart;
    let mut places: Vec<Place> = Vec::new();
    for (subject, here) in subjects::at(snapshot, file, offset) {
        match subject {
            Subject::Call(call) => {
                let endpoint = chart.call(call).endpoint.map(|endpoint| chart.endpoint(endpoint));
                places.extend(endpoint.map(|endpoint| answering_place(snapshot, endpoint)));
            }
            Subject::Producer(end) => places.extend(chart.channel(end.channel).consumers.iter().map(|end| receiving_place(snapshot, end))),
            Subject::Consumer(end) => places.extend(chart.channel(end.channel).producers.iter().map(|end| end.place)),
            Subject::Access(access) => {
                let declarations = schema::declarations(snapshot, access.collection);
                if declarations.is_empty() {
                    let service = access.of(chart).service;
                    let accesses = &access.collection.of(chart).1.accesses;
                    places.extend(accesses.iter().filter(|other| other.service != service).map(|other| other.place));
                }
                places.extend(declarations);
            }
            Subject::Collection(collection) => places.extend(collection.of(chart).1.accesses.iter().map(|access| access.place)),
            Subject::Variable(variable) => {
                let variable = chart.variable(variable);
                if variable.values.iter().any(|(_, place)| *place == here) {
                    places.extend(&variable.reads);
                } else {
                    places.extend(variable.values.iter().map(|(_, place)| *place));
                }
            }
            Subject::Service(service) => places.extend(entries(snapshot, service)),
            Subject::Rpc(rpc) => {
                let endpoints = subjects::implementations(snapshot, rpc);
                places.extend(endpoints.map(|endpoint| answering_place(snapshot, chart.endpoint(endpoint))));
            }
            Subject::Endpoint(_) | Subject::Unresolved(_) => {}
        }
    }
    in_order(snapshot, places)
}

/// Where the same is meant as at `offset`, in whatever service: the calls of an endpoint, the ends of a channel, the accesses to a table. With
/// `declarations`, also where it is declared. Sorted by path and position, each place once.
pub fn references(snapshot: &Snapshot, file: FileId, offset: u32, declarations: bool) -> Vec<Place> {
    let chart = &snapshot.chart;
    let mut places: Vec<Place> = Vec::new();
    for (subject, _) in subjects::at(snapshot, file, offset) {
        match subject {
            Subject::Endpoint(index) => places.extend(uses(snapshot, index, declarations)),
            Subject::Call(call) => match chart.call(call).endpoint {
                Some(index) => places.extend(uses(snapshot, index, declarations)),
                None => places.push(chart.call(call).place),
            },
            Subject::Producer(end) | Subject::Consumer(end) => {
                let channel = chart.channel(end.channel);
                places.extend(channel.producers.iter().map(|end| end.place));
                places.extend(channel.consumers.iter().map(|end| end.place));
            }
            Subject::Access(AccessRef { collection, .. }) | Subject::Collection(collection) => {
                places.extend(collection.of(chart).1.accesses.iter().map(|access| access.place));
                if declarations {
                    places.extend(schema::declarations(snapshot, collection));
                }
            }
            Subject::Variable(variable) => {
                let variable = chart.variable(variable);
                places.extend(&variable.reads);
                places.extend(variable.values.iter().map(|(_, place)| *place).filter(|_| declarations));
            }
            Subject::Service(service) => places.extend(subjects::calls_of(snapshot, service).map(|call| chart.call(call).place)),
            Subject::Rpc(rpc) => {
                places.extend(subjects::rpc_calls(snapshot, rpc).map(|call| chart.call(call).place));
                let endpoints = subjects::implementations(snapshot, rpc).filter(|_| declarations);
                places.extend(endpoints.map(|endpoint| answering_place(snapshot, chart.endpoint(endpoint))));
            }
            Subject::Unresolved(_) => {}
        }
    }
    in_order(snapshot, places)
}

/// The calls of an endpoint.
fn uses(snapshot: &Snapshot, index: EndpointIndex, declarations: bool) -> impl Iterator<Item = Place> {
    let chart = &snapshot.chart;
    let calls = snapshot.index.callers_of(index).iter().map(|call| chart.call(*call).place);
    let declaration = declarations.then(|| answering_place(snapshot, chart.endpoint(index)));
    calls.chain(declaration)
}

/// The files that a service's process starts from; where they are not known, what builds it is no better than where it is named.
fn entries(snapshot: &Snapshot, service: ServiceIndex) -> impl Iterator<Item = Place> {
    let deployment = snapshot.workspace.deployments.get(service.index());
    let entries = deployment.into_iter().flat_map(|deployment| &deployment.entries);
    entries.map(|file| Place { file: *file, range: TextRange::default() })
}

/// Places by path and position, each once.
pub(super) fn in_order(snapshot: &Snapshot, mut places: Vec<Place>) -> Vec<Place> {
    places.sort_by(|a, b| (snapshot.files.path(a.file), a.range).cmp(&(snapshot.files.path(b.file), b.range)));
    places.dedup();
    places
}

/// Where the code stands that a trace starts in.
pub fn handling_place(snapshot: &Snapshot, root: Root) -> Place {
    match root {
        Root::Endpoint(index) => answering_place(snapshot, snapshot.chart.endpoint(index)),
        Root::Consumer(end) => receiving_place(snapshot, end.consumer(&snapshot.chart)),
    }
}

/// The handler's name where the handler stands; else the endpoint's declaration.
pub(crate) fn answering_place(snapshot: &Snapshot, endpoint: &Endpoint) -> Place {
    let function = endpoint.handler.and_then(|handler| named_function(snapshot, handler));
    function.or(endpoint.handler_name.as_ref().map(|(_, place)| *place)).unwrap_or(endpoint.place)
}

/// The handler's name where the handler stands; else the subscription.
pub(super) fn receiving_place(snapshot: &Snapshot, end: &ChannelEnd) -> Place {
    end.function.and_then(|function| named_function(snapshot, function)).unwrap_or(end.place)
}

/// Where the name of a function stands, if it has one.
pub(super) fn named_function(snapshot: &Snapshot, function: FunctionRef) -> Option<Place> {
    let facts = snapshot.files.function(function)?;
    (!facts.name.is_empty()).then_some(Place { file: function.file, range: facts.name_range })
}
