//! The call hierarchy between handlers: who has a handler do its work, and whom it asks, from service to service.
//!
//! What deliberately does not live here: which function calls which, which an editor's own servers know. Invariant: a node is named by what it is,
//! so that it is found again after edits.

use serde::{Deserialize, Serialize};

use super::definition::named_function;
use super::{handling_place, subjects};
use crate::chart::index::{EndRef, Subject};
use crate::chart::operation::{Operation, Root, SpanRef, roots_around};
use crate::chart::{ChannelIndex, EndpointIndex};
use crate::{FileId, FunctionRef, Place, Snapshot};

/// A handler, by what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Id of the service.
    pub service: String,
    /// Method and path; the channel's name where `system` is given.
    pub label: String,
    /// The broker, for what handles messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
}

/// An item of the hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What to ask with for more; `None` for code that is no handler's, behind which there is nothing more.
    pub node: Option<Node>,
    /// `POST /orders`; a function's name where it is no handler.
    pub name: String,
    /// Id of the service.
    pub service: String,
    /// Whether messages start it.
    pub is_consumer: bool,
    /// Where it stands.
    pub place: Place,
}

/// An item, and the places of the calls that lead to it or come from it.
pub type Link = (Item, Vec<Place>);

/// What stands at `offset` as items: handlers, and for a call or a publish who answers.
pub fn items(snapshot: &Snapshot, file: FileId, offset: u32) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for (subject, _) in snapshot.index.at(file, offset) {
        let roots: Vec<Root> = match subject {
            Subject::Endpoint(index) => vec![Root::Endpoint(index)],
            Subject::Consumer(end) => vec![Root::Consumer(end)],
            Subject::Call(call) => snapshot.chart.call(call).endpoint.map(Root::Endpoint).into_iter().collect(),
            Subject::Producer(end) => consumers(snapshot, end.channel).collect(),
            Subject::Rpc(rpc) => subjects::implementations(snapshot, rpc).map(Root::Endpoint).collect(),
            Subject::Unresolved(_) | Subject::Access(_) | Subject::Collection(_) | Subject::Variable(_) | Subject::Service(_) => Vec::new(),
        };
        for item in roots.into_iter().map(|root| item(snapshot, root)) {
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    items
}

/// Who asks a handler, or sends to it: the handlers whose work reaches the calls, and functions that are part of no handler.
pub fn incoming(snapshot: &Snapshot, node: &Node) -> Vec<Link> {
    let (chart, index) = (&snapshot.chart, &snapshot.index);
    let mut links: Vec<Link> = Vec::new();
    for root in roots(snapshot, node) {
        let calls: Vec<(FunctionRef, crate::chart::ServiceIndex, Place, SpanRef)> = match root {
            Root::Endpoint(endpoint) => index
                .callers_of(endpoint)
                .iter()
                .map(|call| (chart.call(*call).function, chart.call(*call).from, chart.call(*call).place, SpanRef::Call(*call)))
                .collect(),
            Root::Consumer(end) => {
                let producers = chart.channel(end.channel).producers.iter().enumerate();
                let all = producers.filter_map(|(at, producer)| {
                    let span = SpanRef::Publish(EndRef { channel: end.channel, end: at as u32 });
                    Some((producer.function?, producer.service, producer.place, span))
                });
                all.collect()
            }
        };
        for (function, service, place, span) in calls {
            let service_id = &chart.service(service).id;
            let mut handlers = roots_around(index, function);
            handlers.retain(|root| {
                root.service(chart) == service && Operation::of_root(chart, index, *root).steps.iter().any(|step| step.span == span)
            });
            if handlers.is_empty() {
                let named = named_function(snapshot, function);
                let name = named.and_then(|_| Some(snapshot.files.source(function.file)?.function(function.function).name.to_string()));
                let item = Item {
                    node: None,
                    name: name.unwrap_or_else(|| snapshot.files.path(function.file).file_name().unwrap_or_default().to_owned()),
                    service: service_id.to_string(),
                    is_consumer: false,
                    place: named.unwrap_or(place),
                };
                add(&mut links, item, place);
            }
            for root in handlers {
                add(&mut links, item(snapshot, root), place);
            }
        }
    }
    links
}

/// Whom a handler asks, and who receives what it sends.
pub fn outgoing(snapshot: &Snapshot, node: &Node) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for root in roots(snapshot, node) {
        for step in Operation::of_root(&snapshot.chart, &snapshot.index, root).steps {
            let answering: Vec<Root> = match step.span {
                SpanRef::Call(call) => snapshot.chart.call(call).endpoint.map(Root::Endpoint).into_iter().collect(),
                SpanRef::Publish(end) => consumers(snapshot, end.channel).collect(),
                SpanRef::Access(_) => Vec::new(),
            };
            for root in answering {
                add(&mut links, item(snapshot, root), step.place);
            }
        }
    }
    links
}

fn add(links: &mut Vec<Link>, item: Item, place: Place) {
    match links.iter_mut().find(|(known, _)| *known == item) {
        Some((_, places)) if places.contains(&place) => {}
        Some((_, places)) => places.push(place),
        None => links.push((item, vec![place])),
    }
}

fn consumers(snapshot: &Snapshot, channel: ChannelIndex) -> impl Iterator<Item = Root> {
    (0..snapshot.chart.channel(channel).consumers.len() as u32).map(move |end| Root::Consumer(EndRef { channel, end }))
}

fn item(snapshot: &Snapshot, root: Root) -> Item {
    let chart = &snapshot.chart;
    let system = match root {
        Root::Endpoint(_) => None,
        Root::Consumer(end) => Some(chart.channel(end.channel).system.to_string()),
    };
    let (service, name) = (chart.service(root.service(chart)).id.to_string(), root.label(chart));
    Item {
        is_consumer: system.is_some(),
        node: Some(Node { service: service.clone(), label: name.clone(), system }),
        name,
        service,
        place: handling_place(snapshot, root),
    }
}

/// The handlers that a node names.
fn roots(snapshot: &Snapshot, node: &Node) -> Vec<Root> {
    let chart = &snapshot.chart;
    let endpoints = (0..chart.endpoints.len() as u32).map(EndpointIndex).filter(|_| node.system.is_none());
    let channels = (0..chart.channels.len() as u32).map(ChannelIndex);
    let channels = channels.filter(|channel| node.system.as_deref() == Some(chart.channel(*channel).system.as_str()));
    let all = endpoints.map(Root::Endpoint).chain(channels.flat_map(|channel| consumers(snapshot, channel)));
    all.filter(|root| chart.service(root.service(chart)).id == node.service && root.label(chart) == node.label).collect()
}
