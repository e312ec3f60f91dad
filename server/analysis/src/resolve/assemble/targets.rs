//! From a call's URL to the service and the endpoint that answer.
//!
//! Tiers, in this order: a host that a manifest names; a port that one service owns; the stem of a variable that nobody sets; the only service
//! that serves the path. Gateways are passed through by their tables. What fits several services is ambiguous and never drawn.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashSet;

use super::Input;
use super::text::{Address, Text};
use crate::Place;
use crate::chart::{Endpoint, EndpointIndex, Evidence, Protocol, Reason, ServiceIndex, ServiceKind, Status, Target};
use crate::resolve::paths::{self, Segment};
use crate::resolve::value::CallRef;
use crate::workspace::HostMatch;

/// Gateways behind gateways that are followed.
const MAX_HOPS: u32 = 4;

/// A table by which a service passes requests on.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    pub(super) gateway: ServiceIndex,
    /// The path's prefix that matches.
    pub(super) prefix: String,
    pub(super) exact: bool,
    pub(super) target: Text,
    pub(super) rewrite: Rewrite,
    pub(super) evidence: Evidence,
    /// The call that declares it, if code does.
    pub(super) proxy: Option<CallRef>,
}

/// What becomes of a path that is passed on.
#[derive(Debug, Clone)]
pub(super) enum Rewrite {
    /// The prefix is replaced; with `None` the path stays.
    Prefix(Option<String>),
    /// Pattern and replacement pairs, of which the first that matches counts. Without one the path stays, or loses its mount's prefix:
    /// libraries and their versions differ in that, so both are tried.
    Patterns(Vec<(Symbol, Symbol)>),
}

impl Passage {
    fn matches(&self, path: &str) -> bool {
        let bare = path.split('?').next().unwrap_or(path);
        if self.exact {
            return bare.trim_end_matches('/') == self.prefix.trim_end_matches('/');
        }
        let prefix = self.prefix.trim_end_matches('/');
        bare.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.prefix.ends_with('/') || rest.starts_with('{'))
    }

    /// Whether a path matches, if what is not known of it is what it takes.
    fn may_match(&self, path: &str) -> bool {
        let mut segments = path.split(['/', '?']).filter(|segment| !segment.is_empty());
        for wanted in self.prefix.split('/').filter(|segment| !segment.is_empty()) {
            match segments.next() {
                // A hole may be several segments, if the path ends with it.
                Some(segment) if segment.starts_with('{') => return segments.next().is_none(),
                Some(segment) if segment == wanted => {}
                _ => return false,
            }
        }
        false
    }

    /// The paths that the target may see.
    fn rewritten(&self, path: &str) -> Vec<String> {
        match &self.rewrite {
            Rewrite::Prefix(None) => vec![path.to_owned()],
            Rewrite::Prefix(Some(replacement)) => {
                let rest = path.get(self.prefix.len()..).unwrap_or_default();
                vec![slashed(&format!("{replacement}{rest}"))]
            }
            Rewrite::Patterns(patterns) => {
                let stripped = slashed(path.strip_prefix(self.prefix.trim_end_matches('/')).unwrap_or(path));
                for (pattern, replacement) in patterns {
                    let literal = pattern.trim_start_matches('^').trim_end_matches('$').replace("\\/", "/");
                    let anchored = pattern.starts_with('^');
                    for candidate in [path, stripped.as_str()] {
                        if anchored && let Some(rest) = candidate.strip_prefix(literal.as_str()) {
                            return vec![slashed(&format!("{replacement}{rest}"))];
                        }
                        if !anchored && candidate.contains(&literal) {
                            return vec![slashed(&candidate.replacen(&literal, replacement, 1))];
                        }
                    }
                }
                vec![path.to_owned(), stripped]
            }
        }
    }
}

fn slashed(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// Who answers a call.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// A service.
    Service(Found),
    /// Someone outside.
    External(Symbol),
    /// Several services may.
    Ambiguous(Vec<ServiceIndex>, Reason),
    /// It cannot be told.
    Unresolved(Reason),
}

/// A service that answers.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) service: ServiceIndex,
    pub(super) endpoint: Option<EndpointIndex>,
    pub(super) via: Vec<ServiceIndex>,
    pub(super) status: Status,
    pub(super) evidence: Vec<Evidence>,
}

/// Endpoints by service, taken apart once.
pub(super) struct Endpoints<'a> {
    pub(super) all: &'a [Endpoint],
    parsed: Vec<Vec<Segment>>,
    by_service: Vec<Vec<u32>>,
}

impl<'a> Endpoints<'a> {
    /// What gateways pass on is answered by others: it is found by way of `passages`.
    pub(super) fn new(all: &'a [Endpoint], services: usize, passages: &[Passage]) -> Self {
        let proxies: FxHashSet<Place> =
            passages.iter().filter(|passage| passage.proxy.is_some()).map(|passage| passage.evidence.place).collect();
        let mut by_service = vec![Vec::new(); services];
        for (at, endpoint) in all.iter().enumerate() {
            if endpoint.protocol == Protocol::Http && !proxies.contains(&endpoint.place) {
                by_service[endpoint.service.index()].push(at as u32);
            }
        }
        Self { all, parsed: all.iter().map(|endpoint| paths::segments(&endpoint.path)).collect(), by_service }
    }

    /// The endpoint of a service that a method and path mean, and how well they fit.
    pub(super) fn find(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str) -> Option<(EndpointIndex, u32)> {
        let call = paths::segments(path);
        let mut best: Option<(EndpointIndex, u32)> = None;
        for &at in &self.by_service[service.index()] {
            let endpoint = &self.all[at as usize];
            let declared = endpoint.method.as_deref().unwrap_or("*");
            let agrees = declared == "*" || method.is_none_or(|method| declared == method.as_str());
            if !agrees {
                continue;
            }
            if let Some(score) = paths::fit(&call, &self.parsed[at as usize]) {
                let score = score * 2 + u32::from(declared != "*");
                if best.is_none_or(|(_, known)| score > known) {
                    best = Some((EndpointIndex(at), score));
                }
            }
        }
        best
    }

    /// Whether no HTTP endpoint of a service is known.
    pub(super) fn is_silent(&self, service: ServiceIndex) -> bool {
        self.by_service[service.index()].is_empty()
    }

    /// The endpoint of a service that a path means whose base URL ends in a prefix nobody knows: the only one that ends in the same literals.
    pub(super) fn find_behind_prefix(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str) -> Option<EndpointIndex> {
        let call = paths::segments(path);
        if !call.iter().any(|segment| matches!(segment, Segment::Literal(text) if !is_common(text))) {
            return None;
        }
        let mut fitting = self.by_service[service.index()].iter().copied().filter(|at| {
            let endpoint = &self.all[*at as usize];
            let declared = endpoint.method.as_deref().unwrap_or("*");
            let route = &self.parsed[*at as usize];
            (declared == "*" || method.is_none_or(|method| declared == method.as_str()))
                && route.len() > call.len()
                && paths::fit(&call, &route[route.len() - call.len()..]).is_some()
                && paths::fits_by_literals(&call, &route[route.len() - call.len()..])
        });
        match (fitting.next(), fitting.next()) {
            (Some(at), None) => Some(EndpointIndex(at)),
            _ => None,
        }
    }
}

/// What is needed to find who answers.
pub(super) struct Targets<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) endpoints: Endpoints<'a>,
    pub(super) passages: Vec<Passage>,
}

impl Targets<'_> {
    /// Who answers a request of a service.
    pub(super) fn answer(&self, from: ServiceIndex, method: Option<&Symbol>, text: &Text) -> Answer {
        let address = Address::parse(&text.text);
        let status = if text.guessed { Status::Likely } else { Status::Exact };
        match self.at(from, method, &address, status, text.evidence.clone(), 0) {
            Answer::Ambiguous(candidates, reason) => match self.of_several(&candidates, text) {
                Some(service) => self.of_service(service, method, address.path(), Status::Likely, text.evidence.clone(), 0),
                None => Answer::Ambiguous(candidates, reason),
            },
            answer => answer,
        }
    }

    fn at(
        &self,
        from: ServiceIndex,
        method: Option<&Symbol>,
        address: &Address,
        status: Status,
        mut evidence: Vec<Evidence>,
        hops: u32,
    ) -> Answer {
        if let Address::Host { host, port, path } = address
            && let Some((target, why)) = self.told(from, host, port.as_deref())
        {
            return match target {
                Target::Service(service) => {
                    evidence.push(why);
                    self.of_service(service, method, path, status, evidence, hops)
                }
                Target::External(name) => Answer::External(name),
            };
        }
        match address {
            Address::Host { host, port, path } => match self.input.workspace.service_of_host(host, port.as_deref()) {
                HostMatch::One(service, how, why) => {
                    evidence.push(why);
                    // A name that no manifest gives on its network is an inference.
                    let status = if how == "service alias" { status.max(Status::Likely) } else { status };
                    self.of_service(service, method, path, status, evidence, hops)
                }
                HostMatch::Several(services) => Answer::Ambiguous(services, Reason::SharedHost(host.as_str().into())),
                HostMatch::None => {
                    if is_local(host) {
                        let reason = match port {
                            Some(port) => Reason::Port(format!("{host}:{port}").into()),
                            None => Reason::Machine(host.as_str().into()),
                        };
                        return self.by_path(from, method, path, evidence, reason, hops);
                    }
                    Answer::External(host.as_str().into())
                }
            },
            Address::Unset(name, path) => match self.input.workspace.service_of_stem(name) {
                HostMatch::One(service, _, why) if self.may_answer(service, method, path) => {
                    evidence.push(why);
                    self.of_service(service, method, path, status.max(Status::Likely), evidence, hops)
                }
                _ => self.by_path(from, method, path, evidence, Reason::Variable(name.clone()), hops),
            },
            Address::Relative(path) => self.relative(from, method, path, status, evidence, hops),
            Address::Unknown(path) => self.by_path(from, method, path, evidence, Reason::Host, hops),
        }
    }

    /// Who answers at a host by the workspace's settings. A name of someone outside for a whole domain leaves the workspace's own hosts alone.
    pub(super) fn told(&self, from: ServiceIndex, host: &str, port: Option<&str>) -> Option<(Target, Evidence)> {
        let workspace = self.input.workspace;
        let root = &workspace.services[from.index()].root;
        if let Some(told) = workspace.settings.host(root, host, port) {
            return Some(told.clone());
        }
        let (target, why) = workspace.settings.ending(root, host)?;
        (workspace.service_of_host(host, port) == HostMatch::None).then(|| (target.clone(), why.clone()))
    }

    /// Whether the stem of a variable may mean a service: it must be one that is called, and where its routes are known, have the path.
    fn may_answer(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str) -> bool {
        if matches!(self.input.workspace.services[service.index()].kind, ServiceKind::Cli | ServiceKind::Job) {
            return false;
        }
        let silent = !self.endpoints.all.iter().any(|endpoint| endpoint.service == service && endpoint.protocol == Protocol::Http);
        let passes = self.passages.iter().any(|passage| passage.gateway == service);
        silent || passes || path.is_empty() || self.endpoints.find(service, method, path).is_some()
    }

    /// Which of several services on one host and port is meant: the one that the variable is named after, else the only one that is the
    /// workspace's own.
    fn of_several(&self, candidates: &[ServiceIndex], text: &Text) -> Option<ServiceIndex> {
        let workspace = self.input.workspace;
        if let Some(HostMatch::One(service, ..)) = text.variable.as_ref().map(|name| workspace.service_of_stem(name))
            && candidates.contains(&service)
        {
            return Some(service);
        }
        let mut own = candidates.iter().filter(|service| !workspace.services[service.index()].third_party);
        let first = own.next().copied();
        first.filter(|_| own.next().is_none() && matches!(Address::parse(&text.text), Address::Host { .. }))
    }

    /// A request that reaches a service: answered by it, or passed on.
    fn of_service(
        &self,
        service: ServiceIndex,
        method: Option<&Symbol>,
        path: &str,
        status: Status,
        evidence: Vec<Evidence>,
        hops: u32,
    ) -> Answer {
        let own = self.endpoints.find(service, method, path);
        if hops < MAX_HOPS
            && own.is_none_or(|(_, score)| score <= 6)
            && let Some(answer) = self.passed_on(service, method, path, status, &evidence, hops)
        {
            return answer;
        }
        Answer::Service(Found { service, endpoint: own.map(|(endpoint, _)| endpoint), via: Vec::new(), status, evidence })
    }

    /// Who answers behind a gateway.
    fn passed_on(
        &self,
        gateway: ServiceIndex,
        method: Option<&Symbol>,
        path: &str,
        status: Status,
        evidence: &[Evidence],
        hops: u32,
    ) -> Option<Answer> {
        let path = slashed(path);
        let passage = self
            .passages
            .iter()
            .filter(|passage| passage.gateway == gateway && passage.matches(&path))
            .max_by_key(|passage| (passage.exact, passage.prefix.trim_end_matches('/').len()))?;
        // What is decided at run time may as well belong to a longer prefix.
        let open = self.passages.iter().filter(|other| other.gateway == gateway && other.target.text != passage.target.text);
        if open.clone().any(|other| other.prefix.len() > passage.prefix.len() && other.may_match(&path)) {
            return Some(Answer::Unresolved(Reason::GatewayTarget));
        }
        let mut answers = Vec::new();
        for rewritten in passage.rewritten(&path) {
            let base = passage.target.text.trim_end_matches('/');
            let base = if base.contains("://") || base.starts_with("${") { base.to_owned() } else { format!("http://{base}") };
            let address = Address::parse(&format!("{base}{rewritten}"));
            let mut why = evidence.to_vec();
            why.push(passage.evidence.clone());
            why.extend(passage.target.evidence.iter().cloned());
            let status = if passage.target.guessed { status.max(Status::Likely) } else { status };
            answers.push(self.at(gateway, method, &address, status, why, hops + 1));
        }
        let known = |answer: &Answer| matches!(answer, Answer::Service(found) if found.endpoint.is_some());
        let at = answers.iter().position(known).unwrap_or(0);
        let mut answer = answers.swap_remove(at);
        if let Answer::Service(found) = &mut answer {
            found.via.insert(0, gateway);
        }
        Some(answer)
    }

    /// A path without a host: a front end's goes to its own server or to the gateway that has the path.
    fn relative(
        &self,
        from: ServiceIndex,
        method: Option<&Symbol>,
        path: &str,
        status: Status,
        evidence: Vec<Evidence>,
        hops: u32,
    ) -> Answer {
        if hops == 0
            && let Some((origin, why)) = self.input.workspace.settings.origin(from)
        {
            let evidence = [evidence, vec![why.clone()]].concat();
            return self.of_service(*origin, method, path, status, evidence, hops + 1);
        }
        if let Some((endpoint, _)) = self.endpoints.find(from, method, path) {
            return Answer::Service(Found { service: from, endpoint: Some(endpoint), via: Vec::new(), status, evidence });
        }
        let kind = self.input.workspace.services[from.index()].kind;
        if kind == ServiceKind::Frontend && hops == 0 {
            let mut gateways: Vec<ServiceIndex> =
                self.passages.iter().filter(|passage| passage.matches(path)).map(|passage| passage.gateway).collect();
            gateways.sort();
            gateways.dedup();
            // The front end's own server first; then the gateway that serves the front end.
            let chosen = if gateways.contains(&from) {
                Some(from)
            } else if gateways.len() == 1 {
                gateways.first().copied()
            } else {
                None
            };
            if let Some(gateway) = chosen
                && let Some(answer) = self.passed_on(gateway, method, path, status.max(Status::Likely), &evidence, hops)
            {
                return answer;
            }
            if gateways.len() > 1 {
                return Answer::Ambiguous(gateways, Reason::Gateways);
            }
        }
        Answer::Unresolved(Reason::Relative)
    }

    /// The only service that serves a path, where the host says nothing.
    fn by_path(
        &self,
        from: ServiceIndex,
        method: Option<&Symbol>,
        path: &str,
        evidence: Vec<Evidence>,
        reason: Reason,
        hops: u32,
    ) -> Answer {
        let segments = paths::segments(path);
        if !is_telling(&segments) {
            return Answer::Unresolved(reason);
        }
        let candidates: Vec<ServiceIndex> = (0..self.input.workspace.services.len() as u32)
            .map(ServiceIndex)
            .filter(|service| {
                self.endpoints.find(*service, method, path).is_some_and(|(endpoint, _)| {
                    paths::fits_by_literals(&segments, &paths::segments(&self.endpoints.all[endpoint.index()].path))
                })
            })
            .collect();
        match candidates.as_slice() {
            [] => Answer::Unresolved(reason),
            [only] => self.only(*only, method, path, evidence),
            // Behind a gateway nothing else can tell.
            _ if hops > 0 => self.other(from, &candidates, method, path, evidence).unwrap_or(Answer::Ambiguous(candidates, reason)),
            _ => Answer::Ambiguous(candidates, reason),
        }
    }

    /// A process seldom calls itself over the network: with one other candidate, that is meant.
    pub(super) fn other(
        &self,
        from: ServiceIndex,
        candidates: &[ServiceIndex],
        method: Option<&Symbol>,
        path: &str,
        evidence: Vec<Evidence>,
    ) -> Option<Answer> {
        let mut others = candidates.iter().filter(|service| **service != from);
        match (others.next(), others.next()) {
            (Some(one), None) => Some(self.only(*one, method, path, evidence)),
            _ => None,
        }
    }

    fn only(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str, mut evidence: Vec<Evidence>) -> Answer {
        let endpoint = self.endpoints.find(service, method, path).map(|(endpoint, _)| endpoint);
        if let Some(endpoint) = endpoint {
            let name = &self.input.workspace.services[service.index()].name;
            let endpoint = &self.endpoints.all[endpoint.index()];
            evidence.push(Evidence { what: format!("only {name} serves {}", endpoint.path), place: endpoint.place });
        }
        Answer::Service(Found { service, endpoint, via: Vec::new(), status: Status::Likely, evidence })
    }
}

/// Whether a host is this machine.
pub(super) fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "host.docker.internal" | "10.0.2.2")
}

/// Whether a path says enough to be told apart from those that every service and half of the world has.
fn is_telling(segments: &[Segment]) -> bool {
    let literals: Vec<&Symbol> = segments
        .iter()
        .filter_map(|segment| match segment {
            Segment::Literal(text) => Some(text),
            _ => None,
        })
        .collect();
    let telling = literals.iter().filter(|text| !is_common(text)).count();
    // A compound of words says as much as two segments.
    let compound = |text: &str| text.len() >= 10 && text.contains(['_', '-']);
    telling >= 2 || (telling == 1 && (literals.len() >= 2 || literals.iter().any(|text| compound(text))))
}

/// Whether a segment is one that every service may have.
fn is_common(text: &str) -> bool {
    let version = text.starts_with('v') && text.len() > 1 && text[1..].bytes().all(|byte| byte.is_ascii_digit());
    version
        || matches!(
            text,
            "api"
                | "health"
                | "healthz"
                | "ready"
                | "readyz"
                | "livez"
                | "live"
                | "status"
                | "metrics"
                | "ping"
                | "version"
                | "login"
                | "logout"
                | "token"
                | "users"
                | "user"
                | "auth"
                | "graphql"
                | "rest"
                | "public"
                | "internal"
                | "info"
                | "config"
                | "debug"
        )
}
