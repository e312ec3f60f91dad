//! Requests over brokers: a message whose sender waits for the answer is a call, not a channel.
//!
//! What deliberately does not live here: messages that nobody answers ([`super::messages`]). Invariant: who answers is known by system and
//! destination, as with rpc; of several that answer to one name, the sender's address or queue tells, or nobody is called. A port of this
//! machine, which another system of the workspace may publish, too, means only who answers.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::reach::Reach;
use super::targets::{Answer, Targets};
use super::tracing::Coverages;
use super::{Input, Places, deduplicated, endpoints, messages, text};
use crate::chart::{Call, Endpoint, EndpointIndex, Evidence, Protocol, Reason, ServiceIndex, Status, Target, Unresolved};
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
pub(super) fn calls(targets: &Targets<'_>, reach: &Reach, places: &Places<'_>, rows: &mut Vec<Call>, unresolved: &mut Vec<Unresolved>) {
    let input = targets.input;
    let asked: Vec<&MessageDecl> = declared(input).filter(|message| !message.consumes && message.replies).collect();
    if asked.is_empty() {
        return;
    }
    let systems = messages::Systems::find(input, reach);
    let mut answering: FxHashMap<&Symbol, Vec<EndpointIndex>> = FxHashMap::default();
    for (at, endpoint) in targets.endpoints.all.iter().enumerate().filter(|(_, endpoint)| endpoint.protocol == Protocol::Message) {
        answering.entry(&endpoint.path).or_default().push(EndpointIndex(at as u32));
    }
    for message in asked {
        let place = places.site(message.site);
        for from in input.own_services().filter(|service| reach.has(*service, message.function)) {
            for (path, status) in messages::names(input, from, message) {
                let mut call = Call {
                    status,
                    ..Call::new(from, Target::External(Symbol::default()), Protocol::Message, path.clone(), place, message.function)
                };
                let answers = answering.get(&path).map_or(&[][..], Vec::as_slice);
                let endpoint_of =
                    |to: ServiceIndex| answers.iter().copied().find(|endpoint| targets.endpoints.all[endpoint.index()].service == to);
                if let Some(found) = addressed(targets, reach, from, message)
                    && (answers.is_empty() || !found.by_port || endpoint_of(found.service).is_some())
                {
                    if found.service == from {
                        continue;
                    }
                    call.to = Target::Service(found.service);
                    call.endpoint = endpoint_of(found.service);
                    call.status = status.max(found.status);
                    call.evidence = deduplicated(found.evidence);
                    rows.push(call);
                    continue;
                }
                let mut to: Vec<ServiceIndex> = answers.iter().map(|endpoint| targets.endpoints.all[endpoint.index()].service).collect();
                to.sort();
                to.dedup();
                let elsewhere = to.iter().any(|to| *to != from);
                to.retain(|to| *to != from && systems.may_receive(*to, &message.system));
                let queues = messages::texts(input, from, &message.carrier.queues);
                if to.len() > 1 && !queues.is_empty() {
                    to.retain(|to| systems.listens(*to, &queues));
                }
                match to.as_slice() {
                    [to] => {
                        let what = format!("{} answers {path}", input.workspace.services[to.index()].name);
                        call.to = Target::Service(*to);
                        call.endpoint = endpoint_of(*to);
                        if message.system == "*" {
                            call.status = status.max(Status::Likely);
                        }
                        let place = call.endpoint.map(|endpoint| targets.endpoints.all[endpoint.index()].place);
                        call.evidence.extend(place.map(|place| Evidence { what, place }));
                        rows.push(call);
                    }
                    // What a service asks of itself is nobody else's matter.
                    [] if !answers.is_empty() && !elsewhere => {}
                    several => {
                        if let Some((to, why)) = super::told(input, &[message.function]) {
                            call.endpoint = call_target(to).and_then(endpoint_of);
                            call.to = to.clone();
                            call.status = Status::Exact;
                            call.evidence.push(why.clone());
                            rows.push(call);
                            continue;
                        }
                        unresolved.push(Unresolved {
                            from,
                            place,
                            function: message.function,
                            method: None,
                            path: path.clone(),
                            reason: Reason::Answers(path.clone()),
                            candidates: several.to_vec(),
                            evidence: Vec::new(),
                            decided_by: Symbol::default(),
                            decided_in: message.function,
                            sender: message.function,
                        });
                    }
                }
            }
        }
    }
}

fn call_target(to: &Target) -> Option<ServiceIndex> {
    match to {
        Target::Service(service) => Some(*service),
        Target::External(_) => None,
    }
}

/// A service that an address means.
struct Addressed {
    service: ServiceIndex,
    status: Status,
    evidence: Vec<Evidence>,
    /// Whether every address that says so is a port of this machine.
    by_port: bool,
}

/// The service that a message goes to by its address alone.
fn addressed(targets: &Targets<'_>, reach: &Reach, from: ServiceIndex, message: &MessageDecl) -> Option<Addressed> {
    let mut found: Option<Addressed> = None;
    for address in message.carrier.addresses.iter().filter(|address| address.contexts.iter().all(|context| reach.has(from, *context))) {
        for text in text::texts(targets.input, from, &address.pattern) {
            let Answer::Service(answer) = targets.answer(from, None, &text) else { continue };
            match &mut found {
                None => {
                    let by_port = targets.is_port_of_machine(&text);
                    found = Some(Addressed { service: answer.service, status: answer.status, evidence: answer.evidence, by_port });
                }
                Some(known) if known.service == answer.service => known.by_port &= targets.is_port_of_machine(&text),
                Some(_) => return None,
            }
        }
    }
    found
}

fn declared<'a>(input: &Input<'a>) -> impl Iterator<Item = &'a MessageDecl> + use<'a> {
    input.links.iter().flatten().flat_map(|link| &link.messages)
}
