//! A call that a service waits for without using its answer becomes a message: the caller sends it, and the other service consumes it.
//!
//! How a message is sent and consumed is taken from places that do it already, so that the code keeps its own ways and no library is known here.
//! What the parts are: [`request`] is what is said today, [`names`](super::names) what the event is called, [`publisher`] and [`consumer`] the two ends.
//! Invariant: nothing is offered whose loss could be noticed by the caller's caller, beyond that the work is done later.

use super::imports::without_unused;
use super::names::Event;
use super::{Context, Edit, Level, Plan, Refactor, Refusal};
use crate::Place;
use crate::chart::operation::SpanRef;
use crate::chart::{Call, EndpointIndex};
use crate::rules::exempt::has_word;
use crate::rules::{Finding, call_in_transaction, sync_chain, sync_cycle, unused_response};

mod consumer;
mod frame;
mod logic;
mod publisher;
mod renaming;
mod request;

use request::Asked;

/// What to check.
const CHECK: &str = "The other end works later, and whoever asks does not hear whether it did: check that nothing needs its work at once, and that it may be done twice";

pub(super) const REFACTOR: Refactor =
    Refactor { rules: &[unused_response::RULE.name, sync_chain::RULE.name, sync_cycle::RULE.name, call_in_transaction::RULE.name], plan };

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let (call, endpoint) = calls(context, finding).find_map(|call| meant(context, call))?;
    let chart = &context.snapshot.chart;
    let service = &chart.service(chart.endpoint(endpoint).service).id;
    let label = chart.endpoint(endpoint).label();
    let (title, edit) = match edit(context, call, endpoint) {
        Ok(Made { edit, channel, sketch }) => {
            let sketch = if sketch { " (sketch)" } else { "" };
            (format!("Publish `{channel}` for {service} to consume, instead of waiting for {label}{sketch}"), Ok(edit))
        }
        Err(refusal) => (format!("Publish an event for {service} to consume, instead of waiting for {label}"), Err(refusal)),
    };
    Some(Plan { title, level: Level::Assisted(CHECK), edit })
}

/// The calls that a finding is about.
fn calls<'a>(context: &Context<'a>, finding: &Finding) -> impl Iterator<Item = &'a Call> {
    let places: Vec<Place> = std::iter::once(finding.place).chain(finding.related.iter().map(|(place, _)| *place)).collect();
    let chart = &context.snapshot.chart;
    places.into_iter().flat_map(move |place| chart.calls.iter().filter(move |call| call.place == place))
}

/// A call whose answer nobody uses, and who answers it.
fn meant<'a>(context: &Context<'a>, call: &'a Call) -> Option<(&'a Call, EndpointIndex)> {
    let snapshot = context.snapshot;
    let endpoint = call.endpoint?;
    let waited = call.status.is_settled() && call.changes() == Some(true) && call.target().is_some_and(|to| to != call.from);
    if !waited || unused_response::unused(snapshot, call).is_none() {
        return None;
    }
    let names = [call.label(), snapshot.chart.endpoint(endpoint).label(), snapshot.files.function(call.function)?.name.to_string()];
    let required = unused_response::required(snapshot, call.place.file);
    (!names.iter().any(|name| has_word(name, &required))).then_some((call, endpoint))
}

/// What was made of a call.
struct Made {
    edit: Edit,
    channel: String,
    sketch: bool,
}

fn edit(context: &Context<'_>, call: &Call, endpoint: EndpointIndex) -> Result<Made, Refusal> {
    let snapshot = context.snapshot;
    let chart = &snapshot.chart;
    let source = context.source(call.place.file)?;
    let outbound = snapshot.outbound(call).next().ok_or_else(|| Refusal::new("how the call is sent is not known"))?;
    let shared = chart.calls.iter().filter(|other| other.place == call.place && other.endpoint != call.endpoint).count();
    if shared > 0 {
        return Err(Refusal::new("the call goes to several services"));
    }
    stored_before(context, call)?;
    let handler = chart.endpoint(endpoint).handler.ok_or_else(|| Refusal::new("what handles the request is not known"))?;
    if snapshot.files.function(handler).is_none() {
        return Err(Refusal::new("what handles the request is not known"));
    }
    let request = Asked { context, source: &source, call, outbound, endpoint }.request()?;
    let event = Event::of(snapshot, call, endpoint);
    let publication = publisher::find(context, &source, call, &request, &event)?;
    let publisher::Publication { text, channel, system, mut edit } = publication;
    let end = if source.slice(request.range).ends_with(';') { ";" } else { "" };
    edit.replace(source.file, request.range, format!("{text}{end}"));
    without_unused(&source, request.range, &text, &mut edit);
    let service = chart.endpoint(endpoint).service;
    let wanted = consumer::Wanted { context, service, endpoint, system: &system, event: &event, channel: &channel };
    let sketch = consumer::add(&wanted, &mut edit)?;
    Ok(Made { edit, channel, sketch })
}

/// Refuses a call behind a write of the same function: a message could be lost between the two, or be sent for a row that is never there.
fn stored_before(context: &Context<'_>, call: &Call) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    let chart = &snapshot.chart;
    if chart.is_in_transaction(&snapshot.files, call.place) {
        return Err(Refusal::new("a transaction is open: the message could be sent for what is then rolled back; it needs an outbox"));
    }
    let spans = snapshot.index.spans_in(call.function);
    let written = spans.filter_map(|span| match span {
        SpanRef::Access(access) => {
            let row = access.of(chart);
            let before =
                row.service == call.from && row.operation == portolan_grammars::catalog::Operation::Write && row.place < call.place;
            before.then(|| access.collection.of(chart).1.name.clone())
        }
        _ => None,
    });
    match written.into_iter().next() {
        Some(table) => {
            Err(Refusal::new(format!("`{table}` is written before it: the message could be lost between the two; it needs an outbox")))
        }
        None => Ok(()),
    }
}
