//! What an editor's position is about: what stands there in the chart, and tables where schema files make them.

use super::schema;
use crate::chart::index::{RpcRef, Subject};
use crate::chart::{CallIndex, EndpointIndex, Protocol, ServiceIndex, Target, VariableIndex};
use crate::{FileId, Place, Snapshot};

/// All that stands at `offset`, with its place.
pub(super) fn at(snapshot: &Snapshot, file: FileId, offset: u32) -> Vec<(Subject, Place)> {
    let known = snapshot.index.at(file, offset);
    if !known.is_empty() {
        return known;
    }
    schema::made_at(snapshot, file, offset).map(|(collection, place)| (Subject::Collection(collection), place)).into_iter().collect()
}

/// The variables at a place, of all services that run that code or are set up there.
pub(super) fn variables_at(snapshot: &Snapshot, place: Place) -> impl Iterator<Item = VariableIndex> {
    let here = snapshot.index.within(place.file, place.range.start, place.range.start).into_iter();
    here.filter_map(move |(subject, at)| match subject {
        Subject::Variable(variable) if at == place => Some(variable),
        _ => None,
    })
}

/// The calls that a variable decides.
pub(super) fn decided_by(snapshot: &Snapshot, variable: VariableIndex) -> impl Iterator<Item = CallIndex> {
    let chart = &snapshot.chart;
    let variable = chart.variable(variable);
    let calls = chart.calls.iter().enumerate().filter(|(_, call)| {
        let decides = |place: Place| variable.reads.contains(&place) || variable.values.iter().any(|(_, set)| *set == place);
        call.from == variable.service && call.evidence.iter().any(|evidence| decides(evidence.place))
    });
    calls.map(|(at, _)| CallIndex(at as u32))
}

/// Who implements an rpc.
pub(super) fn implementations(snapshot: &Snapshot, rpc: RpcRef) -> impl Iterator<Item = EndpointIndex> {
    let path = rpc.of(&snapshot.files).map(|(path, _)| path);
    let endpoints = snapshot.chart.endpoints.iter().enumerate();
    endpoints
        .filter(move |(_, endpoint)| endpoint.protocol == Protocol::Grpc && Some(&endpoint.path) == path.as_ref())
        .map(|(at, _)| EndpointIndex(at as u32))
}

/// Who calls an rpc.
pub(super) fn rpc_calls(snapshot: &Snapshot, rpc: RpcRef) -> impl Iterator<Item = CallIndex> {
    let path = rpc.of(&snapshot.files).map(|(path, _)| path);
    let calls = snapshot.chart.calls.iter().enumerate();
    calls.filter(move |(_, call)| call.protocol == Protocol::Grpc && Some(&call.path) == path.as_ref()).map(|(at, _)| CallIndex(at as u32))
}

/// The calls of a service, by others.
pub(super) fn calls_of(snapshot: &Snapshot, service: ServiceIndex) -> impl Iterator<Item = CallIndex> {
    let calls = snapshot.chart.calls.iter().enumerate();
    calls.filter(move |(_, call)| call.to == Target::Service(service) && call.from != service).map(|(at, _)| CallIndex(at as u32))
}
