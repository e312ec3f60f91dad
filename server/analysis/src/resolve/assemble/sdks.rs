//! Calls of third parties' SDKs: who answers them in each service.
//!
//! An SDK knows its third party by itself, so there is always an answer, and it is exact; an address that the client was set up with says it
//! better, and may lead to a service of the workspace that stands in for the third party. What deliberately does not live here: SDKs of databases
//! and brokers.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::calls::{Rows, Scene, deduplicated};
use super::text;
use crate::chart::{Call, Evidence, Protocol, ServiceIndex, Status, Target};
use crate::resolve::link::{OutboundCall, Request, Url};
use crate::workspace::{HostMatch, is_local};

/// Who answers, how sure that is, and why.
type Peer = (Target, Status, Vec<Evidence>);

/// Adds a row for each call of an SDK that a service reaches.
pub(super) fn calls(scene: &Scene<'_>, rows: &mut Rows) {
    // What other calls of a library say of who answers, for those that do not.
    let mut said: FxHashMap<(ServiceIndex, &Symbol), Vec<Peer>> = FxHashMap::default();
    let mut silent: Vec<(ServiceIndex, &OutboundCall, &Symbol)> = Vec::new();
    for outbound in scene.input.links.iter().flatten().flat_map(|link| &link.calls) {
        let Request::Sdk { library, peers, addresses, .. } = &outbound.request else { continue };
        for &service in scene.services.iter().filter(|service| scene.reach.has(**service, outbound.function)) {
            let answers = answers(scene, service, peers, addresses);
            if answers.is_empty() {
                silent.push((service, outbound, library));
                continue;
            }
            for answer in answers {
                let known = said.entry((service, library)).or_default();
                if known.iter().all(|(target, ..)| *target != answer.0) {
                    known.push(answer.clone());
                }
                rows.settled.push(row(scene, service, outbound, answer));
            }
        }
    }
    for (service, outbound, library) in silent {
        if let Some([(target, status, evidence)]) = said.get(&(service, library)).map(Vec::as_slice) {
            rows.settled.push(row(scene, service, outbound, (target.clone(), *status, evidence.clone())));
        }
    }
}

/// Who answers an SDK's calls in a service: whoever its addresses lead to, else the third parties that it is for.
fn answers(scene: &Scene<'_>, service: ServiceIndex, peers: &[Symbol], addresses: &[Url]) -> Vec<Peer> {
    let mut found: Vec<Peer> = Vec::new();
    for address in addresses {
        if !address.contexts.iter().all(|context| scene.reach.has(service, *context)) {
            continue;
        }
        for mut text in text::texts(scene.input, service, &address.pattern) {
            if !text.text.contains("://") && !text.text.starts_with("${") {
                text.text = format!("http://{}", text.text);
            }
            let text::Address::Host { host, port, .. } = text::Address::parse(&text.text) else { continue };
            let status = if text.guessed { Status::Likely } else { Status::Exact };
            let target = match scene.input.workspace.service_of_host_from(service, &host, port.as_deref()) {
                HostMatch::One(service, _, why) => {
                    text.evidence.push(why);
                    (Target::Service(service), status, deduplicated(text.evidence))
                }
                HostMatch::None if !is_local(&host) && !host.contains("{}") => {
                    (Target::External(host.as_str().into()), status, deduplicated(text.evidence))
                }
                HostMatch::None | HostMatch::Several(_) => continue,
            };
            if found.iter().all(|known| known.0 != target.0) {
                found.push(target);
            }
        }
    }
    if found.is_empty() {
        found.extend(peers.iter().map(|peer| deployed(scene, service, peer)));
    }
    found
}

/// A third party, or what is deployed of it under its own name, from somebody else's image.
fn deployed(scene: &Scene<'_>, from: ServiceIndex, peer: &Symbol) -> Peer {
    let workspace = scene.input.workspace;
    match workspace.service_of_host_from(from, peer, None) {
        HostMatch::One(service, _, why) if workspace.services[service.index()].third_party => {
            (Target::Service(service), Status::Likely, vec![why])
        }
        _ => (Target::External(peer.clone()), Status::Exact, Vec::new()),
    }
}

fn row(scene: &Scene<'_>, from: ServiceIndex, outbound: &OutboundCall, (to, status, evidence): Peer) -> Call {
    let operation = match &outbound.request {
        Request::Sdk { operation, .. } => operation.clone(),
        _ => Symbol::default(),
    };
    Call { status, evidence, ..Call::new(from, to, Protocol::Sdk, operation, scene.places.call(outbound.site), outbound.function) }
}
