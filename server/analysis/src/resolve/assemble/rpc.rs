//! Calls of rpc methods: who answers them in each service.
//!
//! An address says it best; then what settings say, then whose code implements the contract, then a variable that is named for it.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashSet;

use super::calls::{Rows, Scene, deduplicated};
use super::targets::Answer;
use super::text::Text;
use super::{owners, text};
use crate::chart::{Call, Endpoint, EndpointIndex, Evidence, Protocol, Reason, ServiceIndex, ServiceKind, Status, Target, Unresolved};
use crate::resolve::link::{OutboundCall, Request, Url};
use crate::resolve::rpc::snake_case;
use crate::workspace::HostMatch;

/// Who answers.
struct Peer {
    service: ServiceIndex,
    status: Status,
    evidence: Vec<Evidence>,
    /// The gateways that an address leads through.
    via: Vec<ServiceIndex>,
}

impl Peer {
    fn new(service: ServiceIndex, status: Status, why: Evidence) -> Self {
        Self { service, status, evidence: vec![why], via: Vec::new() }
    }
}

/// Adds the calls of all services.
pub(super) fn calls(scene: &Scene<'_>, rows: &mut Rows) {
    for (from, outbound) in scene.outbound() {
        let Request::Rpc { service: contract, method, addresses, elsewhere, .. } = &outbound.request else { continue };
        let place = scene.places.call(outbound.site);
        let path: Symbol = format!("{contract}/{method}").into();
        if *elsewhere {
            add_by_address(scene, from, outbound, addresses, &path, rows);
            continue;
        }
        let peers = peers(scene, from, contract, addresses, &path);
        if peers.is_empty() {
            rows.unresolved.push(Unresolved {
                sender: owners::leaf_function(scene.input, outbound),
                ..Unresolved::new(from, place, outbound.function, path.clone(), Reason::Rpc(contract.clone()))
            });
        }
        for Peer { service, status, evidence, via } in peers {
            let is_asked = |endpoint: &Endpoint| endpoint.service == service && implements(endpoint, &path);
            let endpoint = scene.targets.endpoints.all.iter().position(is_asked);
            rows.settled.push(Call {
                endpoint: endpoint.map(|at| EndpointIndex(at as u32)),
                via,
                status,
                limit: outbound.limit,
                evidence: deduplicated(evidence),
                ..Call::new(from, Target::Service(service), Protocol::Grpc, path.clone(), place, outbound.function)
            });
        }
    }
}

/// Adds a call of a service that nobody here implements: to whom an address leads, be it outside, or why it leads nowhere.
fn add_by_address(scene: &Scene<'_>, from: ServiceIndex, outbound: &OutboundCall, addresses: &[Url], path: &Symbol, rows: &mut Rows) {
    let place = scene.places.call(outbound.site);
    let mut reason = Reason::Host;
    let mut settled = Vec::new();
    for text in texts(scene, from, addresses) {
        let status = if text.guessed { Status::Likely } else { Status::Exact };
        let (to, status, evidence, via) = match scene.targets.answer_rpc(from, &text, path) {
            Answer::Service(found) => (Target::Service(found.service), found.status.max(status), found.evidence, found.via),
            Answer::External(host) => (Target::External(host), status, text.evidence, Vec::new()),
            Answer::Ambiguous(_, why) | Answer::Unresolved(why) => {
                reason = why;
                continue;
            }
        };
        let evidence = deduplicated(evidence);
        let call = Call::new(from, to, Protocol::Grpc, path.clone(), place, outbound.function);
        settled.push(Call { via, status, limit: outbound.limit, evidence, ..call });
    }
    if settled.is_empty() {
        let sender = owners::leaf_function(scene.input, outbound);
        rows.unresolved.push(Unresolved { sender, ..Unresolved::new(from, place, outbound.function, path.clone(), reason) });
    }
    rows.settled.extend(settled);
}

fn peers(scene: &Scene<'_>, from: ServiceIndex, contract: &Symbol, addresses: &[Url], path: &Symbol) -> Vec<Peer> {
    let found = addressed(scene, from, addresses, path);
    if !found.is_empty() {
        return found;
    }
    let workspace = scene.input.workspace;
    if let Some((service, why)) = workspace.settings.implementing(contract) {
        return vec![Peer::new(*service, Status::Exact, why.clone())];
    }
    let found = implementing(scene, from, path);
    if !found.is_empty() {
        return found;
    }
    let name = contract.rsplit('.').next().unwrap_or(contract);
    // A name says nothing of a tool, nor of one that does not implement what others do.
    let all = &scene.targets.endpoints.all;
    let is_implemented = all.iter().any(|endpoint| implements(endpoint, path));
    let may_answer = |service: ServiceIndex| {
        let serves = || all.iter().any(|endpoint| endpoint.service == service && implements(endpoint, path));
        let kind = workspace.services[service.index()].kind;
        if is_implemented { serves() } else { !matches!(kind, ServiceKind::Cli | ServiceKind::Job) }
    };
    match workspace.service_of_stem(&format!("{}_ADDR", snake_case(name))) {
        HostMatch::One(service, _, why) if may_answer(service) => vec![Peer::new(service, Status::Likely, why)],
        HostMatch::One(..) | HostMatch::None | HostMatch::Several(_) => Vec::new(),
    }
}

/// Whom the client's addresses lead to.
fn addressed(scene: &Scene<'_>, from: ServiceIndex, addresses: &[Url], path: &Symbol) -> Vec<Peer> {
    let answered = texts(scene, from, addresses).filter_map(|text| match scene.targets.answer_rpc(from, &text, path) {
        Answer::Service(found) => Some(Peer { service: found.service, status: found.status, evidence: found.evidence, via: found.via }),
        _ => None,
    });
    answered.collect()
}

/// What the addresses of a client say in a service.
fn texts<'a>(scene: &'a Scene<'_>, from: ServiceIndex, addresses: &'a [Url]) -> impl Iterator<Item = Text> + use<'a> {
    let runs = move |address: &&Url| address.contexts.iter().all(|context| scene.reach.has(from, *context));
    addresses.iter().filter(runs).flat_map(move |address| text::texts(scene.input, from, &address.pattern))
}

/// The services whose code implements a method, if something tells them apart. The caller's own does not count where others' does.
fn implementing(scene: &Scene<'_>, from: ServiceIndex, path: &Symbol) -> Vec<Peer> {
    let mut found: Vec<&Endpoint> = scene.targets.endpoints.all.iter().filter(|endpoint| implements(endpoint, path)).collect();
    found.sort_by_key(|endpoint| endpoint.service);
    found.dedup_by_key(|endpoint| endpoint.service);
    // A tool that holds a server to try things out is not whom others ask, nor what runs once beside a service.
    let kind = |endpoint: &Endpoint| scene.input.workspace.services[endpoint.service.index()].kind;
    let is_tool = |endpoint: &&Endpoint| matches!(kind(endpoint), ServiceKind::Cli | ServiceKind::Job);
    if !found.iter().all(is_tool) {
        found.retain(|endpoint| !is_tool(endpoint));
    }
    // Of several that serve it by one function, as processes of one program do, nothing tells which is asked.
    let mut functions = FxHashSet::default();
    if !found.iter().filter_map(|endpoint| endpoint.handler).all(|function| functions.insert(function)) {
        return Vec::new();
    }
    let status = if found.len() == 1 { Status::Exact } else { Status::Likely };
    if found.iter().any(|endpoint| endpoint.service != from) {
        found.retain(|endpoint| endpoint.service != from);
    }
    // Nor does it where of one only a registration is known.
    if found.len() > 1 && found.iter().any(|endpoint| endpoint.handler.is_none()) {
        return Vec::new();
    }
    let why = |endpoint: &Endpoint| Evidence { what: format!("{} implements {path}", scene.name(endpoint.service)), place: endpoint.place };
    found.iter().map(|endpoint| Peer::new(endpoint.service, status, why(endpoint))).collect()
}

fn implements(endpoint: &Endpoint, path: &Symbol) -> bool {
    endpoint.protocol == Protocol::Grpc && endpoint.path == *path
}
