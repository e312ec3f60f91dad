//! Answers to an editor's questions, in editor terms but without its protocol: byte offsets in, plain data out.
//!
//! Here live the questions; [`crate::chart::index`] knows what stands where. What deliberately does not: protocols, URLs, columns. Invariant: an
//! answer depends on the snapshot alone, and asking costs a look-up, however large the workspace.

mod fixes;
mod hover;
mod markdown;
mod trace;

pub use fixes::{Change, Fix, change, fixes};
pub use trace::trace;

use crate::chart::index::Subject;
use crate::chart::trace::Root;
use crate::chart::{ChannelEnd, Endpoint};
use crate::{FileId, Place, Snapshot};

/// How many things that stand at one place are told of.
const MAX_SUBJECTS: usize = 4;

/// What to show when the cursor rests somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// Markdown. Links to places are written as `[text](portolan:PATH#LINE)`, which the server turns into its editor's links; in `PATH`
    /// blanks, parentheses, `#` and `%` are percent-encoded, `LINE` counts from 1.
    pub markdown: String,
    /// What it is about.
    pub place: Place,
}

/// What stands at `offset`: a call, a handler, a table, a channel.
pub fn hover(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<Hover> {
    let subjects = snapshot.index.at(file, offset);
    let place = subjects.first()?.1;
    // A line of a shared library stands there once for each service that runs it, and mostly says the same for all.
    let mut pages: Vec<String> = Vec::new();
    for (subject, _) in subjects {
        let page = hover::page(snapshot, subject);
        if !pages.contains(&page) {
            pages.push(page);
        }
    }
    let more = pages.len().saturating_sub(MAX_SUBJECTS);
    pages.truncate(MAX_SUBJECTS);
    if more > 0 {
        pages.push(format!("and {more} more"));
    }
    Some(Hover { markdown: pages.join("\n\n---\n\n"), place })
}

/// Where what stands at `offset` leads: from a call to the handler that answers, from a publish to its consumers and back, from an access to a
/// table to those of other services. Sorted by path and position, each place once.
pub fn definition(snapshot: &Snapshot, file: FileId, offset: u32) -> Vec<Place> {
    let chart = &snapshot.chart;
    let mut places: Vec<Place> = Vec::new();
    for (subject, _) in snapshot.index.at(file, offset) {
        match subject {
            Subject::Call(call) => {
                let endpoint = chart.call(call).endpoint.map(|endpoint| chart.endpoint(endpoint));
                places.extend(endpoint.map(|endpoint| answering_place(snapshot, endpoint)));
            }
            Subject::Producer(end) => places.extend(chart.channel(end.channel).consumers.iter().map(|end| receiving_place(snapshot, end))),
            Subject::Consumer(end) => places.extend(chart.channel(end.channel).producers.iter().map(|end| end.place)),
            Subject::Access(access) => {
                let service = access.of(chart).service;
                let accesses = &access.collection.of(chart).1.accesses;
                places.extend(accesses.iter().filter(|other| other.service != service).map(|other| other.place));
            }
            Subject::Endpoint(_) | Subject::Unresolved(_) => {}
        }
    }
    places.sort_by(|a, b| (snapshot.files.path(a.file), a.range).cmp(&(snapshot.files.path(b.file), b.range)));
    places.dedup();
    places
}

/// The handler's name where the handler stands; else the endpoint's declaration.
pub(crate) fn answering_place(snapshot: &Snapshot, endpoint: &Endpoint) -> Place {
    let function = endpoint.handler.and_then(|handler| named_function(snapshot, handler));
    function.or(endpoint.handler_name.as_ref().map(|(_, place)| *place)).unwrap_or(endpoint.place)
}

/// Where the code stands that a trace starts in.
pub fn handling_place(snapshot: &Snapshot, root: Root) -> Place {
    match root {
        Root::Endpoint(index) => answering_place(snapshot, snapshot.chart.endpoint(index)),
        Root::Consumer(end) => receiving_place(snapshot, end.consumer(&snapshot.chart)),
    }
}

/// The handler's name where the handler stands; else the subscription.
fn receiving_place(snapshot: &Snapshot, end: &ChannelEnd) -> Place {
    end.function.and_then(|function| named_function(snapshot, function)).unwrap_or(end.place)
}

fn named_function(snapshot: &Snapshot, function: crate::FunctionRef) -> Option<Place> {
    let facts = snapshot.files.source(function.file)?.functions.get(function.function.index())?;
    (!facts.name.is_empty()).then_some(Place { file: function.file, range: facts.name_range })
}

#[cfg(test)]
mod tests;
