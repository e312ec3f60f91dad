//! Whom a call means whose host is decided at run time, by what stands around it.
//!
//! Tiers, in this order: calls with the same base URL, by the same variable or by the same client type, whose path only one service has; then the
//! service that the client's package or type is named for; then the one that the setting is named for which decides the host. What is found must
//! serve the call's method and path, so no such tier invents an endpoint.

use portolan_grammars::facts::{Expr, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Input;
use super::targets::{Endpoints, Found, Trail, says_anything};
use crate::chart::{Call, EndpointIndex, Evidence, ServiceIndex, ServiceKind, Status};
use crate::resolve::index::last_segment;
use crate::resolve::link::{OutboundCall, Url};
use crate::resolve::paths::{self, Segment};
use crate::resolve::value::{CallRef, Part};
use crate::workspace::ADDRESS_WORDS;
use crate::workspace::services::known::is_layout_folder;
use crate::{FileId, FunctionRef, Place};

/// What calls of one client have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Kin {
    /// The call sites that pass the base URL, in one service.
    Passed(ServiceIndex, Vec<CallRef>),
    /// The base URL's own parts, in one service and one function.
    Base(ServiceIndex, Vec<Part>, FunctionRef),
    /// The variable that decides the host, in one service.
    Variable(ServiceIndex, Symbol),
    /// The type whose methods send, in one service.
    TypeIn(ServiceIndex, FileId, Symbol),
    /// The type whose methods send, where it also makes the base URL.
    Type(FileId, Symbol),
}

/// Services that calls were found to mean, by what those calls have in common.
#[derive(Debug, Default)]
pub(super) struct Votes {
    found: FxHashMap<Kin, FxHashMap<ServiceIndex, Place>>,
}

impl Votes {
    /// Notes that a call means a service.
    pub(super) fn add(&mut self, kin: Vec<Kin>, service: ServiceIndex, place: Place) {
        for one in kin {
            self.found.entry(one).or_default().entry(service).or_insert(place);
        }
    }

    /// The only service that kin of a call mean and that serves its method and path. The path must say something, and the route the same: one
    /// that takes whatever comes is no witness, unless that service is among the few that the call may mean.
    pub(super) fn settle(
        &self,
        kin: &[Kin],
        candidates: &[ServiceIndex],
        endpoints: &Endpoints<'_>,
        method: Option<&Symbol>,
        path: &str,
    ) -> Option<Found> {
        let segments = paths::segments(path);
        if !says_anything(&segments) {
            return None;
        }
        for one in kin {
            let Some(services) = self.found.get(one) else { continue };
            let mut serving = services.iter().filter_map(|(service, place)| {
                let (endpoint, _) = endpoints.find(*service, method, path)?;
                let route = paths::segments(&endpoints.all[endpoint.index()].path);
                (paths::fits_by_literals(&segments, &route) || candidates.contains(service)).then_some((*service, endpoint, *place))
            });
            if let (Some((service, endpoint, place)), None) = (serving.next(), serving.next()) {
                let what = match one {
                    Kin::Passed(..) | Kin::Base(..) => "the same base URL is used here".to_owned(),
                    Kin::Variable(_, name) => format!("{name} decides the host here, too"),
                    Kin::TypeIn(_, _, name) | Kin::Type(_, name) => format!("{name} calls it here"),
                };
                return Some(found(service, Some(endpoint), Evidence { what, place }));
            }
        }
        None
    }
}

fn found(service: ServiceIndex, endpoint: Option<EndpointIndex>, evidence: Evidence) -> Found {
    Found::new(service, endpoint, Trail { status: Status::Likely, evidence: vec![evidence], hops: 0 })
}

/// What a call has in common with others, the strongest first.
pub(super) fn kin(input: &Input<'_>, from: ServiceIndex, outbound: &OutboundCall, url: &Url) -> Vec<Kin> {
    let mut all = Vec::new();
    if !url.passed.is_empty() {
        all.push(Kin::Passed(from, url.passed.clone()));
    }
    let base = base(url);
    let named = base.iter().any(|part| match part {
        Part::Hole(name) => !name.is_empty(),
        Part::Text(_) => false,
        _ => true,
    });
    let variable = base.iter().find_map(|part| match part {
        Part::Env { name, .. } => Some(name.clone()),
        _ => None,
    });
    if named {
        all.push(Kin::Base(from, base, url.contexts.last().copied().unwrap_or(outbound.function)));
    }
    // Two variables are two hosts, though one type reads both.
    if let Some(variable) = variable {
        all.push(Kin::Variable(from, variable));
        return all;
    }
    if let Some((file, name)) = owner(input, leaf_function(input, outbound)).or_else(|| holder(input, outbound.leaf)) {
        all.push(Kin::TypeIn(from, file, name.clone()));
        if url.passed.is_empty() {
            all.push(Kin::Type(file, name));
        }
    }
    all
}

/// The parts of a URL before its path.
pub(super) fn base(url: &Url) -> Vec<Part> {
    let mut parts = Vec::new();
    for part in &url.pattern.parts {
        if let Part::Text(text) = part {
            let start = text.find("://").map_or(0, |at| at + 3);
            if let Some(end) = text[start..].find('/') {
                if start + end > 0 {
                    parts.push(Part::Text(text[..start + end].into()));
                }
                break;
            }
        }
        parts.push(match part {
            // Where a variable is read makes no difference.
            Part::Env { name, default, guessed, .. } => {
                Part::Env { name: name.clone(), default: default.clone(), guessed: *guessed, source: None }
            }
            part => part.clone(),
        });
    }
    parts
}

pub(super) fn leaf_function(input: &Input<'_>, outbound: &OutboundCall) -> FunctionRef {
    input.files.function_at(outbound.leaf).unwrap_or(outbound.function)
}

/// The type that a function, or one around it, is a method of.
fn owner(input: &Input<'_>, function: FunctionRef) -> Option<(FileId, Symbol)> {
    let facts = input.files.source(function.file)?;
    let mut at = function.function;
    for _ in 0..32 {
        let here = facts.function(at);
        if let Some(name) = &here.impl_of {
            return Some((function.file, last_segment(name).into()));
        }
        if let Some(owner) = here.owner {
            return Some((function.file, facts.type_def(owner).name.clone())).filter(|(_, name)| !name.is_empty());
        }
        if here.parent == at {
            return None;
        }
        at = here.parent;
    }
    None
}

/// The client's type of the same file that a function is given and that holds what a call is sent by: `client.http.get(url)` in
/// `fn list(client: &OrdersClient)`. The state of a server holds what it asks many others by.
fn holder(input: &Input<'_>, leaf: CallRef) -> Option<(FileId, Symbol)> {
    let facts = input.files.source(leaf.file)?;
    let call = facts.call(leaf.call);
    let mut at = call.callee;
    let mut is_field = false;
    for _ in 0..16 {
        at = match facts.expr(at) {
            Expr::Call(inner) => facts.call(*inner).callee,
            Expr::Member { object, .. } => {
                // A field of what was given, not the method alone.
                is_field = matches!(facts.expr(*object), Expr::Member { .. }) || (is_field && matches!(facts.expr(*object), Expr::Name(_)));
                *object
            }
            Expr::Name(name) => {
                let param = facts.function(call.function).params.iter().find(|param| param.name == *name)?;
                let path = &param.ty.as_ref()?.path;
                let own = facts.types.iter().any(|def| def.name == *path);
                return (own && is_field && client_stem(path).is_some()).then(|| (leaf.file, path.clone()));
            }
            _ => return None,
        };
    }
    None
}

/// The service that a client's package or type is named for, if it serves the call's method and path.
pub(super) fn named_for(
    input: &Input<'_>,
    endpoints: &Endpoints<'_>,
    from: ServiceIndex,
    outbound: &OutboundCall,
    method: Option<&Symbol>,
    path: &str,
) -> Option<Found> {
    let leaf = leaf_function(input, outbound);
    if let Some(clients) = Clients::of(input, from, leaf)
        && let Some(endpoint) = serves(input, endpoints, clients.service, method, path)
    {
        let what = format!("sent by the package {}", clients.package);
        return Some(found(clients.service, endpoint, Evidence { what, place: place_of(input, leaf) }));
    }
    for function in [leaf, outbound.function] {
        let of_leaf = || holder(input, outbound.leaf).filter(|_| function == leaf);
        let Some((_, name)) = owner(input, function).or_else(of_leaf) else { continue };
        // One word may name anything; two are hardly the service's by chance.
        let whole = normal(&name);
        let compound = name.chars().skip(1).any(char::is_uppercase);
        let stem = client_stem(&name);
        let service = only_service(input, |names| {
            (compound && names.contains(&whole))
                || stem.as_ref().is_some_and(|stem| names.iter().any(|name| name.len() >= 6 && stem.starts_with(name.as_str())))
        });
        if let Some(service) = service
            && service != from
            && let Some(endpoint) = serves(input, endpoints, service, method, path)
        {
            return Some(found(service, endpoint, Evidence { what: format!("sent by {name}"), place: place_of(input, function) }));
        }
    }
    None
}

/// The service that a public host is called like, where the package which sends is one of clients of it: `orders.example.com` asked by
/// `orders-client`.
pub(super) fn published(input: &Input<'_>, endpoints: &Endpoints<'_>, outbound: &OutboundCall, host: &str, call: &Call) -> Option<Found> {
    let leaf = leaf_function(input, outbound);
    let Clients { package, stem, service } = Clients::of(input, call.from, leaf).filter(|clients| clients.service != call.from)?;
    let (label, rest) = host.split_once('.')?;
    if normal(label) != stem || !rest.contains('.') {
        return None;
    }
    let endpoint = serves(input, endpoints, service, call.method.as_ref(), &call.path)?;
    let what = format!("sent by the package {package} to a public host of that name");
    Some(found(service, endpoint, Evidence { what, place: place_of(input, leaf) }))
}

/// A package of clients, which other packages use: `orders-client`.
struct Clients<'a> {
    package: &'a Symbol,
    /// What it is called without saying that it is one of clients.
    stem: String,
    /// The only service that is called so.
    service: ServiceIndex,
}

impl<'a> Clients<'a> {
    /// The one that a function is in, if that is not the own package of the service that runs it.
    fn of(input: &Input<'a>, from: ServiceIndex, function: FunctionRef) -> Option<Self> {
        let at = input.workspace.package_of(input.files.path(function.file))?;
        let package = &input.workspace.packages[at].name;
        let stem = package_stem(package).filter(|_| input.workspace.deployments[from.index()].package != Some(at))?;
        let service = only_service(input, |names| names.contains(&stem))?;
        Some(Self { package, stem, service })
    }
}

/// The service that the setting or parameter is named for which decides a call's host, `hosts.stock` or `orders_url`, if it serves the call's method
/// and path.
pub(super) fn named_by_setting(
    input: &Input<'_>,
    endpoints: &Endpoints<'_>,
    call: &Call,
    (setting, decided_in): (&str, FunctionRef),
) -> Option<Found> {
    let segments = paths::segments(&call.path);
    if !segments.iter().any(|segment| matches!(segment, Segment::Literal(_))) {
        return None;
    }
    let word = normal(setting.rsplit('.').next()?);
    let mut stem = word.as_str();
    while let Some(shorter) = ADDRESS_WORDS.iter().find_map(|ending| stem.strip_suffix(ending)).filter(|shorter| !shorter.is_empty()) {
        stem = shorter;
    }
    let service = only_service(input, |names| names.contains(stem) || names.contains(&word)).filter(|service| *service != call.from)?;
    let is_told = |endpoint: &EndpointIndex| paths::fits_by_literals(&segments, &paths::segments(&endpoints.all[endpoint.index()].path));
    let method = call.method.as_ref();
    let whole = endpoints.find(service, method, &call.path).map(|(endpoint, _)| endpoint).filter(is_told);
    let endpoint = whole.or_else(|| endpoints.find_behind_prefix(service, method, &call.path))?;
    let evidence = Evidence { what: format!("{setting} is named for it"), place: place_of(input, decided_in) };
    Some(found(service, Some(endpoint), evidence))
}

fn place_of(input: &Input<'_>, function: FunctionRef) -> Place {
    super::Places { files: input.files }.function(function)
}

/// The endpoint that a service answers a call by; `Some(None)` where none of its HTTP endpoints is known, though it listens.
fn serves(
    input: &Input<'_>,
    endpoints: &Endpoints<'_>,
    service: ServiceIndex,
    method: Option<&Symbol>,
    path: &str,
) -> Option<Option<EndpointIndex>> {
    if endpoints.is_silent(service) {
        return listens(input, service).then_some(None);
    }
    endpoints
        .find(service, method, path)
        .map(|(endpoint, _)| endpoint)
        .or_else(|| endpoints.find_behind_prefix(service, method, path))
        .map(Some)
}

/// Whether a manifest says where a service listens, or its code cannot be read.
pub(super) fn listens(input: &Input<'_>, service: ServiceIndex) -> bool {
    let is_read = |language: &Symbol| matches!(language.as_str(), "rust" | "typescript" | "javascript");
    !input.workspace.deployments[service.index()].ports.is_empty()
        || !input.workspace.services[service.index()].languages.iter().any(is_read)
}

/// The only called service by one of whose names (in normal form) something holds.
fn only_service(input: &Input<'_>, holds: impl Fn(&FxHashSet<String>) -> bool) -> Option<ServiceIndex> {
    let mut one = None;
    for (at, service) in input.workspace.services.iter().enumerate() {
        if service.third_party || service.kind != ServiceKind::Backend {
            continue;
        }
        let folder = service.root.file_name().filter(|folder| !is_layout_folder(folder)).unwrap_or_default();
        let said = service.aliases.iter().chain([&service.id, &service.name]).map(Symbol::as_str);
        let mut names: FxHashSet<String> = said.chain([folder]).map(normal).collect();
        names.retain(|name| !name.is_empty());
        if holds(&names) && one.replace(ServiceIndex(at as u32)).is_some() {
            return None;
        }
    }
    one
}

fn normal(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

/// What a package of clients is of: `orders-client`, and of the contract beside which clients stand, `orders-proto`.
fn package_stem(name: &str) -> Option<String> {
    client_stem(name).or_else(|| {
        let whole = normal(name.rsplit('/').next().unwrap_or(name));
        let stem = ["proto", "protos", "protocol"].iter().find_map(|ending| whole.strip_suffix(ending))?;
        (!stem.is_empty()).then(|| stem.to_owned())
    })
}

/// What a client's package or type is a client of: `orders-client`, `OrdersApiClient` → `orders`.
fn client_stem(name: &str) -> Option<String> {
    let whole = normal(last_segment(name.rsplit('/').next().unwrap_or(name)));
    let mut stem = whole.as_str();
    for _ in 0..2 {
        let shorter = ["client", "api", "sdk", "node", "connection"].iter().find_map(|ending| stem.strip_suffix(ending));
        match shorter.filter(|shorter| !shorter.is_empty()) {
            Some(shorter) => stem = shorter,
            None => break,
        }
    }
    (stem != whole).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{client_stem, package_stem};

    #[test]
    fn packages_are_named_for_whose_contract_they_hold() {
        assert_eq!(package_stem("orders-proto").as_deref(), Some("orders"));
        assert_eq!(package_stem("orders-client").as_deref(), Some("orders"));
        assert_eq!(package_stem("proto"), None);
        assert_eq!(package_stem("orders"), None);
    }

    #[test]
    fn clients_are_named_for_what_they_call() {
        assert_eq!(client_stem("orders-client").as_deref(), Some("orders"));
        assert_eq!(client_stem("@shop/orders-sdk").as_deref(), Some("orders"));
        assert_eq!(client_stem("OrdersApiClient").as_deref(), Some("orders"));
        assert_eq!(client_stem("Client"), None);
        assert_eq!(client_stem("Orders"), None);
    }
}
