//! Operations that calls name: root fields of GraphQL, procedures of routers. Who answers them in each service.
//!
//! What deliberately does not live here: rpc services that contracts declare. Invariant: an address says who answers, where it is known; else an
//! operation that exactly one other service declares is its, unless its interface is public. What a service asks of itself is no call to another.

use std::sync::Arc;

use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::{Rows, Scene, deduplicated};
use super::reach::Reach;
use super::targets::{Answer, Found};
use super::{Input, Places, endpoints, text};
use crate::chart::{Call, Coverage, Endpoint, EndpointIndex, Evidence, Protocol, Reason, ServiceIndex, Status, Target, Unresolved};
use crate::resolve::link::{OperationCall, Url};

/// Adds what a service answers.
pub(super) fn endpoints(input: &Input<'_>, reach: &Reach, service: ServiceIndex, places: &Places<'_>, all: &mut Vec<Endpoint>) {
    for handler in input.links.iter().flatten().flat_map(|link| &link.operation_handlers) {
        if !reach.runs(service, handler.function) {
            continue;
        }
        let declared = handler.declared.and_then(|call| places.declaration(call));
        all.push(Endpoint {
            service,
            protocol: handler.protocol,
            method: None,
            path: handler.name.clone(),
            place: declared.unwrap_or_else(|| places.function(handler.handler.unwrap_or(handler.function))),
            handler: handler.handler,
            handler_name: endpoints::handler_name(input, places, handler.handler),
            guards: Arc::default(),
            coverage: Coverage::Unknown,
        });
    }
}

/// Someone that an address leads to.
#[derive(Clone)]
enum Peer {
    Service(Found),
    External(Symbol, Vec<Evidence>),
}

impl Peer {
    fn target(&self) -> Target {
        match self {
            Peer::Service(found) => Target::Service(found.service),
            Peer::External(host, _) => Target::External(host.clone()),
        }
    }

    /// Why this may be a service's public address: all words of the service's name are in it, `orders.shop.com` for `shop-orders`. One word may
    /// name anything.
    fn is_called_like(&self, scene: &Scene<'_>, service: ServiceIndex) -> Option<Vec<Evidence>> {
        let Peer::External(host, evidence) = self else { return None };
        let words: Vec<&str> = host.split(|character: char| !character.is_alphanumeric()).collect();
        let name = scene.name(service);
        let own: Vec<&str> = name.split(['-', '_', '.']).filter(|word| !word.is_empty()).collect();
        (own.len() > 1 && own.iter().all(|word| words.contains(word))).then(|| evidence.clone())
    }
}

/// Whom operations may go to.
#[derive(Clone, Default)]
struct Known {
    peers: Vec<Peer>,
    /// Whether there is a client whose address leads nowhere that is known.
    open: bool,
}

/// Adds the calls of all services.
pub(super) fn calls(scene: &Scene<'_>, rows: &mut Rows) {
    let links = || scene.input.links.iter().flatten();
    if links().all(|link| link.operations.is_empty()) {
        return;
    }
    let serving = Serving::find(scene);
    for &from in &scene.services {
        let defaults = defaults(scene, from);
        for operation in links().flat_map(|link| &link.operations).filter(|operation| scene.reach.has(from, operation.function)) {
            let mut known = Known { peers: peers(scene, from, &operation.addresses), open: false };
            if known.peers.is_empty() {
                known = defaults.get(&operation.protocol).cloned().unwrap_or_default();
            }
            for name in &operation.names {
                serving.add(&Asked { from, operation, name, known: &known }, rows);
            }
        }
    }
}

/// Whom a service's clients lead to, for the operations that name no client.
fn defaults(scene: &Scene<'_>, from: ServiceIndex) -> FxHashMap<Protocol, Known> {
    let mut defaults: FxHashMap<Protocol, Known> = FxHashMap::default();
    let clients = scene.input.links.iter().flatten().flat_map(|link| &link.operation_clients);
    for client in clients.filter(|client| scene.reach.has(from, client.function)) {
        let known = defaults.entry(client.protocol).or_default();
        let found = peers(scene, from, &client.addresses);
        known.open |= found.is_empty() && !client.addresses.is_empty();
        for peer in found {
            if known.peers.iter().all(|other| other.target() != peer.target()) {
                known.peers.push(peer);
            }
        }
    }
    defaults
}

/// An operation that a service asks for.
struct Asked<'a> {
    from: ServiceIndex,
    operation: &'a OperationCall,
    name: &'a Symbol,
    known: &'a Known,
}

impl Asked<'_> {
    fn call(&self, scene: &Scene<'_>, to: Target, endpoint: Option<EndpointIndex>) -> Call {
        let (protocol, place) = (self.operation.protocol, scene.places.call(self.operation.site));
        Call { endpoint, ..Call::new(self.from, to, protocol, self.name.clone(), place, self.operation.function) }
    }
}

/// Which services answer operations.
struct Serving<'s, 'a> {
    scene: &'s Scene<'a>,
    by_name: FxHashMap<(Protocol, &'s Symbol), Vec<EndpointIndex>>,
    servers: FxHashSet<(Protocol, ServiceIndex)>,
}

impl<'s, 'a> Serving<'s, 'a> {
    fn find(scene: &'s Scene<'a>) -> Self {
        let mut serving = Self { scene, by_name: FxHashMap::default(), servers: FxHashSet::default() };
        let all = scene.targets.endpoints.all.iter().enumerate();
        for (at, endpoint) in all.filter(|(_, endpoint)| is_operation(endpoint.protocol)) {
            serving.by_name.entry((endpoint.protocol, &endpoint.path)).or_default().push(EndpointIndex(at as u32));
            serving.servers.insert((endpoint.protocol, endpoint.service));
        }
        serving
    }

    fn endpoint(&self, at: EndpointIndex) -> &'s Endpoint {
        &self.scene.targets.endpoints.all[at.index()]
    }

    fn add(&self, asked: &Asked<'_>, rows: &mut Rows) {
        let protocol = asked.operation.protocol;
        let declaring = self.declaring(asked);
        let endpoint_of = |service: ServiceIndex| declaring.iter().copied().find(|at| self.endpoint(*at).service == service);
        let mut owners: Vec<ServiceIndex> = declaring.iter().map(|at| self.endpoint(*at).service).collect();
        owners.sort();
        owners.dedup();
        // A trait that nobody else here is known to serve is of an interface that others have as well.
        let public = is_public(self.scene.input, protocol, asked.name);
        let nobody_else = owners.iter().all(|owner| public && *owner == asked.from);
        if protocol == Protocol::Jsonrpc && nobody_else && asked.known.peers.is_empty() {
            return;
        }
        let has_none = |service| self.has_none(protocol, &owners, service);
        match asked.known.peers.as_slice() {
            [Peer::Service(found)] if !asked.known.open && !has_none(found.service) => rows.settled.push(Call {
                via: found.via.clone(),
                status: found.status,
                evidence: deduplicated(found.evidence.clone()),
                ..asked.call(self.scene, Target::Service(found.service), endpoint_of(found.service))
            }),
            [Peer::External(host, evidence)] if !asked.known.open => rows
                .settled
                .push(Call { evidence: deduplicated(evidence.clone()), ..asked.call(self.scene, Target::External(host.clone()), None) }),
            // Several clients, or none whose address is known: whoever alone declares the operation.
            _ => self.add_by_name(asked, public, owners, endpoint_of, rows),
        }
    }

    /// The endpoints that an operation may mean: those of the declaration that the client's type leads to, where somebody serves it.
    fn declaring(&self, asked: &Asked<'_>) -> Vec<EndpointIndex> {
        let all = self.by_name.get(&(asked.operation.protocol, asked.name)).map_or(&[][..], Vec::as_slice);
        let place = asked.operation.declared.and_then(|call| self.scene.places.declaration(call));
        let meant: Vec<EndpointIndex> = all.iter().copied().filter(|at| place == Some(self.endpoint(*at).place)).collect();
        if meant.is_empty() { all.to_vec() } else { meant }
    }

    /// Whether an address by which only operations of others would be asked of a service that has none is not what it seems.
    fn has_none(&self, protocol: Protocol, owners: &[ServiceIndex], service: ServiceIndex) -> bool {
        !owners.is_empty() && !self.servers.contains(&(protocol, service))
    }

    /// Adds a call to whoever alone of those that it may mean declares the operation.
    fn add_by_name(
        &self,
        asked: &Asked<'_>,
        public: bool,
        owners: Vec<ServiceIndex>,
        endpoint_of: impl Fn(ServiceIndex) -> Option<EndpointIndex>,
        rows: &mut Rows,
    ) {
        let mut among = self.among(asked, public, &owners);
        let through = if among.is_empty() { self.passed_on(asked, &owners, rows) } else { None };
        if through.is_some() {
            among.clone_from(&owners);
        }
        if let [owner] = *among.as_slice() {
            let mut call = asked.call(self.scene, Target::Service(owner), endpoint_of(owner));
            call.status = Status::Likely;
            if let Some(found) = through {
                call.via = [found.via.as_slice(), &[found.service]].concat();
                call.evidence = deduplicated(found.evidence.clone());
            }
            let what = format!("only {} answers {}", self.scene.name(owner), asked.name);
            call.evidence.extend(call.endpoint.map(|at| Evidence { what, place: self.endpoint(at).place }));
            rows.settled.push(call);
            return;
        }
        // Of several clients one may lead to the public address of the service that alone declares it.
        if let ([], [owner]) = (among.as_slice(), owners.as_slice())
            && let Some(why) = asked.known.peers.iter().find_map(|peer| peer.is_called_like(self.scene, *owner))
        {
            rows.settled.push(Call {
                status: Status::Likely,
                evidence: deduplicated(why),
                ..asked.call(self.scene, Target::Service(*owner), endpoint_of(*owner))
            });
            return;
        }
        let place = self.scene.places.call(asked.operation.site);
        rows.unresolved.push(Unresolved {
            candidates: if among.is_empty() { owners } else { among },
            ..Unresolved::new(asked.from, place, asked.operation.function, asked.name.clone(), Reason::Answers(asked.name.clone()))
        });
    }

    /// The services that declare an operation and may be meant.
    fn among(&self, asked: &Asked<'_>, public: bool, owners: &[ServiceIndex]) -> Vec<ServiceIndex> {
        let Known { peers, open } = asked.known;
        let is_peer = |owner: &ServiceIndex| peers.iter().any(|peer| peer.target() == Target::Service(*owner));
        let among: Vec<ServiceIndex> = owners.iter().copied().filter(is_peer).collect();
        if !among.is_empty() {
            return among;
        }
        // The procedures of an application's own server are meant, where nothing says otherwise.
        if asked.operation.protocol == Protocol::Trpc && owners.contains(&asked.from) {
            return vec![asked.from];
        }
        if (peers.is_empty() || *open) && !public { owners.to_vec() } else { Vec::new() }
    }

    /// The service that passes an operation on, as it has none itself, to the only one that declares it.
    fn passed_on<'k>(&self, asked: &Asked<'k>, owners: &[ServiceIndex], rows: &Rows) -> Option<&'k Found> {
        let ([owner], [Peer::Service(found)]) = (owners, asked.known.peers.as_slice()) else { return None };
        let asks = |call: &Call| call.from == found.service && call.to == Target::Service(*owner);
        let passes_on = self.has_none(asked.operation.protocol, owners, found.service) && rows.settled.iter().any(asks);
        passes_on.then_some(found)
    }
}

/// Whoever the addresses lead to; nobody where they are not known.
fn peers(scene: &Scene<'_>, from: ServiceIndex, addresses: &[Url]) -> Vec<Peer> {
    let mut found: Vec<Peer> = Vec::new();
    let method = Symbol::new_static("POST");
    for address in addresses.iter().filter(|address| address.contexts.iter().all(|context| scene.reach.has(from, *context))) {
        for text in text::texts(scene.input, from, &address.pattern) {
            let peer = match scene.targets.answer(from, Some(&method), &text) {
                Answer::Service(found) => Peer::Service(found),
                Answer::External(host) => Peer::External(host, text.evidence),
                Answer::Ambiguous(..) | Answer::Unresolved(_) => continue,
            };
            if found.iter().all(|known| known.target() != peer.target()) {
                found.push(peer);
            }
        }
    }
    found
}

/// Whether parties outside answer an operation as well, by a specification that all follow.
fn is_public(input: &Input<'_>, protocol: Protocol, name: &Symbol) -> bool {
    let wire = name.rsplit_once('/').map_or(name.as_str(), |(_, wire)| wire);
    let Some((space, _)) = wire.split_once('_').filter(|_| protocol == Protocol::Jsonrpc) else { return false };
    input.catalog.libraries.iter().flat_map(|library| &library.rpc_trait).any(|entry| entry.public.iter().any(|public| public == space))
}

fn is_operation(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Graphql | Protocol::Trpc | Protocol::Jsonrpc)
}
