//! Requests over brokers: a message whose sender waits for the answer is a call, not a channel.
//!
//! What deliberately does not live here: messages that nobody answers ([`super::messages`]). Invariant: who answers is known by system and
//! destination, as with rpc; of several that answer to one name, the sender's address or queue tells, or nobody is called. A port of this
//! machine, which another system of the workspace may publish, too, means only who answers.

use std::sync::Arc;

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::calls::{Rows, Scene, deduplicated, told};
use super::reach::Reach;
use super::targets::Answer;
use super::tracing::Coverages;
use super::{Input, Places, endpoints, messages, text};
use crate::chart::{Call, Endpoint, EndpointIndex, Evidence, Protocol, Reason, ServiceIndex, Status, Target, Unresolved};
use crate::resolve::link::{MessageDecl, Url, shown_name};

/// Adds what a service answers over brokers.
pub(super) fn endpoints(
    input: &Input<'_>,
    reach: &Reach,
    service: ServiceIndex,
    coverage: &Coverages<'_>,
    asked: &messages::Asked,
    all: &mut Vec<Endpoint>,
) {
    let places = Places { files: input.files };
    for message in declared(input).filter(|message| message.consumes && reach.has(service, message.function)) {
        let names = messages::names(input, service, message).into_iter().map(|(name, _)| name);
        // Where the broker leaves it to whoever receives a message to answer it, who is asked is who subscribes.
        let answered = |name: Symbol| match message.replies {
            true => vec![name],
            false => asked.of(&message.system, &name, message.wildcards),
        };
        for path in names.flat_map(answered) {
            all.push(Endpoint {
                service,
                protocol: Protocol::Message,
                method: None,
                path,
                place: places.site(message.site),
                handler: message.handler,
                handler_name: endpoints::handler_name(input, &places, message.handler),
                guards: Arc::default(),
                coverage: coverage.consumer(input, service, message, message.handler),
            });
        }
    }
}

/// Adds the calls of all services that wait for an answer.
pub(super) fn calls(scene: &Scene<'_>, rows: &mut Rows) {
    let asked: Vec<&MessageDecl> = declared(scene.input).filter(|message| !message.consumes && message.replies).collect();
    if asked.is_empty() {
        return;
    }
    let answering = Answering::find(scene);
    for message in asked {
        for &from in scene.services.iter().filter(|service| scene.reach.has(**service, message.function)) {
            for (path, status) in messages::names(scene.input, from, message) {
                answering.add(Asked { from, message, path, status }, rows);
            }
        }
    }
}

/// A request of a service.
struct Asked<'a> {
    from: ServiceIndex,
    message: &'a MessageDecl,
    path: Symbol,
    status: Status,
}

impl Asked<'_> {
    fn call(&self, scene: &Scene<'_>, to: ServiceIndex, endpoint: Option<EndpointIndex>) -> Call {
        let place = scene.places.site(self.message.site);
        Call {
            endpoint,
            status: self.status,
            ..Call::new(self.from, Target::Service(to), Protocol::Message, self.path.clone(), place, self.message.function)
        }
    }
}

/// Who answers which requests.
struct Answering<'s, 'a> {
    scene: &'s Scene<'a>,
    systems: messages::Systems,
    by_path: FxHashMap<&'s Symbol, Vec<EndpointIndex>>,
}

impl<'s, 'a> Answering<'s, 'a> {
    fn find(scene: &'s Scene<'a>) -> Self {
        let mut by_path: FxHashMap<&Symbol, Vec<EndpointIndex>> = FxHashMap::default();
        for (at, endpoint) in scene.targets.endpoints.all.iter().enumerate().filter(|(_, endpoint)| endpoint.protocol == Protocol::Message)
        {
            by_path.entry(&endpoint.path).or_default().push(EndpointIndex(at as u32));
        }
        Self { scene, systems: messages::Systems::find(scene.input, scene.reach), by_path }
    }

    fn endpoint(&self, at: EndpointIndex) -> &'s Endpoint {
        &self.scene.targets.endpoints.all[at.index()]
    }

    fn add(&self, asked: Asked<'_>, rows: &mut Rows) {
        let answers = self.by_path.get(&asked.path).map_or(&[][..], Vec::as_slice);
        let endpoint_of = |to: ServiceIndex| answers.iter().copied().find(|at| self.endpoint(*at).service == to);
        if let Some(found) = addressed(self.scene, asked.from, asked.message)
            && (answers.is_empty() || !found.by_port || endpoint_of(found.service).is_some())
        {
            if found.service != asked.from {
                rows.settled.push(Call {
                    status: asked.status.max(found.status),
                    evidence: deduplicated(found.evidence),
                    ..asked.call(self.scene, found.service, endpoint_of(found.service))
                });
            }
            return;
        }
        let mut to: Vec<ServiceIndex> = answers.iter().map(|at| self.endpoint(*at).service).collect();
        to.sort();
        to.dedup();
        // What a service asks of itself is nobody else's matter.
        if !to.is_empty() && to.iter().all(|to| *to == asked.from) {
            return;
        }
        self.narrow(&asked, &mut to);
        if let [to] = *to.as_slice() {
            rows.settled.push(self.only(&asked, to, endpoint_of(to)));
        } else if let Some((to, why)) = told(self.scene.input, &[asked.message.function]) {
            let endpoint = if let Target::Service(service) = to { endpoint_of(*service) } else { None };
            let evidence = vec![why.clone()];
            rows.settled.push(Call { to: to.clone(), status: Status::Exact, evidence, ..asked.call(self.scene, asked.from, endpoint) });
        } else {
            let (place, reason) = (self.scene.places.site(asked.message.site), Reason::Answers(asked.path.clone()));
            rows.unresolved
                .push(Unresolved { candidates: to, ..Unresolved::new(asked.from, place, asked.message.function, asked.path, reason) });
        }
    }

    /// Leaves those that may receive a request; where queues are known, those that listen to them.
    fn narrow(&self, asked: &Asked<'_>, to: &mut Vec<ServiceIndex>) {
        to.retain(|to| *to != asked.from && self.systems.may_receive(*to, &asked.message.system));
        let queues = messages::texts(self.scene.input, asked.from, &asked.message.carrier.queues);
        if to.len() > 1 && !queues.is_empty() {
            to.retain(|to| self.systems.listens(*to, &queues));
        }
    }

    /// Whether an endpoint is declared to answer, and does not only receive.
    fn says_that_it_answers(&self, endpoint: &Endpoint) -> bool {
        let mut answering = declared(self.scene.input).filter(|message| message.consumes && message.replies);
        answering.any(|message| self.scene.places.site(message.site) == endpoint.place)
    }

    /// A call to the only service that answers it.
    fn only(&self, asked: &Asked<'_>, to: ServiceIndex, endpoint: Option<EndpointIndex>) -> Call {
        let what = format!("{} answers {}", self.scene.name(to), shown_name(&asked.path));
        let is_presumed = asked.message.system == "*" || endpoint.is_some_and(|at| !self.says_that_it_answers(self.endpoint(at)));
        let status = if is_presumed { asked.status.max(Status::Likely) } else { asked.status };
        let evidence = endpoint.map(|at| Evidence { what, place: self.endpoint(at).place }).into_iter().collect();
        Call { status, evidence, ..asked.call(self.scene, to, endpoint) }
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
fn addressed(scene: &Scene<'_>, from: ServiceIndex, message: &MessageDecl) -> Option<Addressed> {
    let targets = &scene.targets;
    let mut found: Option<Addressed> = None;
    let runs = |address: &&Url| address.contexts.iter().all(|context| scene.reach.has(from, *context));
    for address in message.carrier.addresses.iter().filter(runs) {
        for text in text::texts(scene.input, from, &address.pattern) {
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
