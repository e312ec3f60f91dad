//! The predicted trace of the handler at a place.

use portolan_grammars::facts::FunctionId;

use crate::chart::index::Subject;
use crate::chart::operation::Root;
use crate::chart::trace::Trace;
use crate::{FileId, FunctionRef, Snapshot};

/// The trace of the endpoint or subscription that stands at `offset`; elsewhere, of the handler whose code it is.
pub fn trace(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<Trace> {
    let named = snapshot.index.at(file, offset).into_iter().find_map(|(subject, _)| match subject {
        Subject::Endpoint(index) => Some(Root::Endpoint(index)),
        Subject::Consumer(end) => Some(Root::Consumer(end)),
        _ => None,
    });
    let root = named.or_else(|| around(snapshot, file, offset))?;
    Some(Trace::of(snapshot, root))
}

/// The innermost handler whose code is around `offset`.
fn around(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<Root> {
    let functions = &snapshot.files.source(file)?.functions;
    let around = functions.iter().enumerate().skip(1).filter(|(_, function)| function.range.touches(offset));
    let handled = around.filter_map(|(at, facts)| {
        let function = FunctionRef { file, function: FunctionId(at as u32) };
        let endpoint = snapshot.index.endpoints_of(function).first().map(|index| Root::Endpoint(*index));
        let consumer = snapshot.index.consumers_of(function).first().map(|end| Root::Consumer(*end));
        Some((facts.range.end - facts.range.start, endpoint.or(consumer)?))
    });
    handled.min_by_key(|(length, _)| *length).map(|(_, root)| root)
}
