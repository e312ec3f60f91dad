//! Operations that calls name: root fields of GraphQL, procedures of routers. Who answers them in each service.
//!
//! What deliberately does not live here: rpc services that contracts declare. Invariant: an address says who answers, where it is known; else an
//! operation that exactly one other service declares is its, unless its interface is public. What a service asks of itself is no call to another.

use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use super::reach::Reach;
use super::targets::{Answer, Found, Targets};
use super::{Input, Places, deduplicated, endpoints, text};
use crate::chart::{Call, Coverage, Endpoint, EndpointIndex, Evidence, Protocol, Reason, ServiceIndex, Status, Target, Unresolved};
use crate::resolve::link::{OperationCall, Url};

/// Adds what a service answers.
pub(super) fn endpoints(input: &Input<'_>, reach: &Reach, service: ServiceIndex, places: &Places<'_>, all: &mut Vec<Endpoint>) {
    for handler in input.links.iter().flatten().flat_map(|link| &link.operation_handlers) {
        if !reach.runs(service, handler.function) {
            continue;
        }
        all.push(Endpoint {
            service,
            protocol: handler.protocol,
            method: None,
            path: handler.name.clone(),
            place: places.function(handler.handler.unwrap_or(handler.function)),
            handler: handler.handler,
            handler_name: endpoints::handler_name(input, places, handler.handler),
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
    fn is_called_like(&self, targets: &Targets<'_>, service: ServiceIndex) -> Option<Vec<Evidence>> {
        let Peer::External(host, evidence) = self else { return None };
        let words: Vec<&str> = host.split(|character: char| !character.is_alphanumeric()).collect();
        let name = &targets.input.workspace.services[service.index()].name;
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
pub(super) fn calls(
    targets: &Targets<'_>,
    reach: &Reach,
    places: &Places<'_>,
    services: &[ServiceIndex],
    rows: &mut Vec<Call>,
    unresolved: &mut Vec<Unresolved>,
) {
    let links = || targets.input.links.iter().flatten();
    if links().all(|link| link.operations.is_empty()) {
        return;
    }
    let mut serving: FxHashMap<(Protocol, &Symbol), Vec<EndpointIndex>> = FxHashMap::default();
    let mut servers: FxHashSet<(Protocol, ServiceIndex)> = FxHashSet::default();
    for (at, endpoint) in targets.endpoints.all.iter().enumerate().filter(|(_, endpoint)| is_operation(endpoint.protocol)) {
        serving.entry((endpoint.protocol, &endpoint.path)).or_default().push(EndpointIndex(at as u32));
        servers.insert((endpoint.protocol, endpoint.service));
    }
    for &from in services {
        let mut defaults: FxHashMap<Protocol, Known> = FxHashMap::default();
        for client in links().flat_map(|link| &link.operation_clients).filter(|client| reach.has(from, client.function)) {
            let known = defaults.entry(client.protocol).or_default();
            let found = peers(targets, reach, from, &client.addresses);
            known.open |= found.is_empty() && !client.addresses.is_empty();
            for peer in found {
                if known.peers.iter().all(|other| other.target() != peer.target()) {
                    known.peers.push(peer);
                }
            }
        }
        for operation in links().flat_map(|link| &link.operations).filter(|operation| reach.has(from, operation.function)) {
            let mut own = Known { peers: peers(targets, reach, from, &operation.addresses), open: false };
            if own.peers.is_empty() {
                own = defaults.get(&operation.protocol).cloned().unwrap_or_default();
            }
            for name in &operation.names {
                let declaring = serving.get(&(operation.protocol, name)).map_or(&[][..], Vec::as_slice);
                call(targets, places, from, operation, name, &own, declaring, &servers, rows, unresolved);
            }
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn call(
    targets: &Targets<'_>,
    places: &Places<'_>,
    from: ServiceIndex,
    operation: &OperationCall,
    name: &Symbol,
    known: &Known,
    declaring: &[EndpointIndex],
    servers: &FxHashSet<(Protocol, ServiceIndex)>,
    rows: &mut Vec<Call>,
    unresolved: &mut Vec<Unresolved>,
) {
    let place = places.call(operation.site);
    let endpoint = |at: EndpointIndex| &targets.endpoints.all[at.index()];
    let mut row = Call::new(from, Target::External(Symbol::default()), operation.protocol, name.clone(), place, operation.function);
    let mut owners: Vec<ServiceIndex> = declaring.iter().map(|at| endpoint(*at).service).collect();
    owners.sort();
    owners.dedup();
    // A trait that nobody else here is known to serve is of an interface that others have as well.
    let public = is_public(targets.input, operation.protocol, name);
    let nobody_else = owners.iter().all(|owner| public && *owner == from);
    if operation.protocol == Protocol::Jsonrpc && nobody_else && known.peers.is_empty() {
        return;
    }
    // An address by which only operations of others would be asked of a service that has none is not what it seems.
    let has_none = |service| !owners.is_empty() && !servers.contains(&(operation.protocol, service));
    match known.peers.as_slice() {
        [Peer::Service(found)] if !known.open && !has_none(found.service) => {
            row.to = Target::Service(found.service);
            row.endpoint = declaring.iter().copied().find(|at| endpoint(*at).service == found.service);
            row.via = found.via.clone();
            row.status = found.status;
            row.evidence = deduplicated(found.evidence.clone());
        }
        [Peer::External(host, evidence)] if !known.open => {
            row.to = Target::External(host.clone());
            row.evidence = deduplicated(evidence.clone());
        }
        // Several clients, or none whose address is known: whoever alone declares the operation.
        several => {
            let among = |owner: &ServiceIndex| several.iter().any(|peer| peer.target() == Target::Service(*owner));
            let mut among: Vec<ServiceIndex> = owners.iter().copied().filter(among).collect();
            // The procedures of an application's own server are meant, where nothing says otherwise.
            if among.is_empty() && operation.protocol == Protocol::Trpc && owners.contains(&from) {
                among = vec![from];
            }
            if among.is_empty() && (several.is_empty() || known.open) && !public {
                among = owners.clone();
            }
            // A service that has no operations itself passes them on to whom it asks.
            let mut through = None;
            if let ([owner], [Peer::Service(found)]) = (owners.as_slice(), several)
                && among.is_empty()
                && has_none(found.service)
                && rows.iter().any(|row| row.from == found.service && row.to == Target::Service(*owner))
            {
                among = owners.clone();
                through = Some(found);
            }
            // Of several clients one may lead to the public address of the service that alone declares it.
            let called_alike = match owners.as_slice() {
                [owner] if among.is_empty() => {
                    several.iter().find_map(|peer| peer.is_called_like(targets, *owner)).map(|why| (*owner, why))
                }
                _ => None,
            };
            match (among.as_slice(), called_alike) {
                ([], Some((owner, why))) => {
                    row.to = Target::Service(owner);
                    row.endpoint = declaring.first().copied();
                    row.status = Status::Likely;
                    row.evidence = deduplicated(why);
                }
                ([owner], _) => {
                    row.to = Target::Service(*owner);
                    row.endpoint = declaring.iter().copied().find(|at| endpoint(*at).service == *owner);
                    row.status = Status::Likely;
                    if let Some(found) = through {
                        row.via = [found.via.as_slice(), &[found.service]].concat();
                        row.evidence = deduplicated(found.evidence.clone());
                    }
                    let what = format!("only {} answers {name}", targets.input.workspace.services[owner.index()].name);
                    row.evidence.extend(row.endpoint.map(|at| Evidence { what, place: endpoint(at).place }));
                }
                _ => {
                    unresolved.push(Unresolved {
                        from,
                        place,
                        function: operation.function,
                        method: None,
                        path: name.clone(),
                        reason: Reason::Answers(name.clone()),
                        candidates: if among.is_empty() { owners } else { among },
                        evidence: Vec::new(),
                        decided_by: Symbol::default(),
                        decided_in: operation.function,
                        sender: operation.function,
                    });
                    return;
                }
            }
        }
    }
    rows.push(row);
}

/// Whoever the addresses lead to; nobody where they are not known.
fn peers(targets: &Targets<'_>, reach: &Reach, from: ServiceIndex, addresses: &[Url]) -> Vec<Peer> {
    let mut found: Vec<Peer> = Vec::new();
    let method = Symbol::new_static("POST");
    for address in addresses.iter().filter(|address| address.contexts.iter().all(|context| reach.has(from, *context))) {
        for text in text::texts(targets.input, from, &address.pattern) {
            let peer = match targets.answer(from, Some(&method), &text) {
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
