//! Requests over brokers: a message whose sender waits for the answer is a call, not a channel.
//!
//! What deliberately does not live here: messages that nobody answers ([`super::messages`]). Invariant: who answers is known by system and
//! destination alone, as with rpc; a request that nobody in the workspace answers is no call.

use super::reach::Reach;
use super::tracing::Coverages;
use super::{Input, Places, endpoints, messages};
use crate::chart::{Call, Endpoint, EndpointIndex, Evidence, Protocol, ServiceIndex, Status, Target};
use crate::resolve::link::MessageDecl;

/// Adds what a service answers over brokers.
pub(super) fn endpoints(
    input: &Input<'_>,
    reach: &Reach,
    service: ServiceIndex,
    coverage: &Coverages<'_>,
    places: &Places<'_>,
    all: &mut Vec<Endpoint>,
) {
    for message in declared(input).filter(|message| message.consumes && message.replies && reach.has(service, message.function)) {
        for (path, _) in messages::names(input, service, message) {
            all.push(Endpoint {
                service,
                protocol: Protocol::Message,
                method: None,
                path,
                place: places.site(message.site),
                handler: message.handler,
                handler_name: endpoints::handler_name(input, places, message.handler),
                coverage: coverage.consumer(input, service, message, message.handler),
            });
        }
    }
}

/// Adds the calls of all services that wait for an answer.
pub(super) fn calls(input: &Input<'_>, reach: &Reach, places: &Places<'_>, endpoints: &[Endpoint], rows: &mut Vec<Call>) {
    for message in declared(input).filter(|message| !message.consumes && message.replies) {
        let place = places.site(message.site);
        for from in services(input).filter(|service| reach.has(*service, message.function)) {
            for (path, status) in messages::names(input, from, message) {
                let mut answering: Vec<(ServiceIndex, Evidence)> = Vec::new();
                for to in services(input).filter(|to| *to != from) {
                    let answers = declared(input).find(|other| {
                        let same = other.consumes && other.system == message.system && reach.has(to, other.function);
                        same && messages::names(input, to, other).iter().any(|(name, _)| *name == path)
                    });
                    if let Some(other) = answers {
                        let what = format!("{} answers {path}", input.workspace.services[to.index()].name);
                        answering.push((to, Evidence { what, place: places.site(other.site) }));
                    }
                }
                // Of several one answers, and nobody knows which.
                let [(to, evidence)] = answering.as_slice() else { continue };
                let endpoint = endpoints
                    .iter()
                    .position(|endpoint| endpoint.service == *to && endpoint.protocol == Protocol::Message && endpoint.path == path);
                rows.push(Call {
                    from,
                    to: Target::Service(*to),
                    protocol: Protocol::Message,
                    method: None,
                    path,
                    place,
                    function: message.function,
                    endpoint: endpoint.map(|at| EndpointIndex(at as u32)),
                    via: Vec::new(),
                    status: if message.system == "*" { status.max(Status::Likely) } else { status },
                    evidence: vec![evidence.clone()],
                });
            }
        }
    }
}

fn declared<'a>(input: &Input<'a>) -> impl Iterator<Item = &'a MessageDecl> + use<'a> {
    input.links.iter().flatten().flat_map(|link| &link.messages)
}

fn services(input: &Input<'_>) -> impl Iterator<Item = ServiceIndex> + use<> {
    let own: Vec<ServiceIndex> = (0..input.workspace.services.len() as u32)
        .map(ServiceIndex)
        .filter(|service| !input.workspace.services[service.index()].third_party)
        .collect();
    own.into_iter()
}
