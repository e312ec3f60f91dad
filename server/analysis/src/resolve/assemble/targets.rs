//! From a call's URL to the service and the endpoint that answer.
//!
//! Tiers, in this order: a host that a manifest names; a port that one service owns; of a variable that nobody sets for the caller, what it is for
//! all others, then the stem of its name; the only service that serves the path. Gateways are passed through by their tables, see [`super::passages`]. What fits several services is ambiguous and never drawn.

use camino::Utf8Path;
use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashSet;

use super::passages::Passage;
use super::ports::Ports;
use super::text::{Address, Text};
use super::{Input, owners};
use crate::Place;
use crate::chart::{Endpoint, EndpointIndex, Evidence, Protocol, Reason, Service, ServiceIndex, ServiceKind, Status, Target};
use crate::resolve::paths::{self, Segment};
use crate::workspace::platform_hosts::of_variable;
use crate::workspace::services::is_for_all;
use crate::workspace::services::known::normal;
use crate::workspace::{HostMatch, NameKind, Workspace};

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
    /// Whether only a development server leads there.
    pub(super) development: bool,
    pub(super) status: Status,
    pub(super) evidence: Vec<Evidence>,
    /// The variable whose value nobody knows, where it was only the path that told.
    pub(super) presumed: Option<Symbol>,
}

impl Found {
    /// A service that was reached.
    pub(super) fn new(service: ServiceIndex, endpoint: Option<EndpointIndex>, trail: Trail) -> Self {
        let Trail { status, evidence, .. } = trail;
        Self { service, endpoint, via: Vec::new(), development: false, status, evidence, presumed: None }
    }
}

/// What is asked of a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) method: Option<&'a Symbol>,
    pub(super) path: &'a str,
    /// The hosts by which it may be asked; none where that is not known.
    pub(super) hosts: &'a [Symbol],
    /// Whether the tables of development servers are meant.
    pub(super) development: bool,
}

/// How a request got where it is.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    pub(super) status: Status,
    pub(super) evidence: Vec<Evidence>,
    /// Gateways passed.
    pub(super) hops: u32,
}

/// Whether an answer says who.
pub(super) fn is_settled(answer: &Answer) -> bool {
    matches!(answer, Answer::Service(_) | Answer::External(_))
}

/// Endpoints by service, taken apart once.
pub(super) struct Endpoints<'a> {
    pub(super) all: &'a [Endpoint],
    parsed: Vec<Vec<Segment>>,
    by_service: Vec<Vec<u32>>,
    /// Services with an HTTP endpoint, be it one whose requests they pass on.
    answering: FxHashSet<ServiceIndex>,
}

impl<'a> Endpoints<'a> {
    /// What gateways pass on is answered by others: it is found by way of `passages`.
    pub(super) fn new(all: &'a [Endpoint], services: usize, passages: &[Passage]) -> Self {
        let proxies: FxHashSet<Place> =
            passages.iter().filter(|passage| passage.proxy.is_some()).map(|passage| passage.evidence.place).collect();
        let mut by_service = vec![Vec::new(); services];
        let mut answering = FxHashSet::default();
        for (at, endpoint) in all.iter().enumerate().filter(|(_, endpoint)| endpoint.protocol == Protocol::Http) {
            answering.insert(endpoint.service);
            if !proxies.contains(&endpoint.place) {
                by_service[endpoint.service.index()].push(at as u32);
            }
        }
        Self { all, parsed: all.iter().map(|endpoint| paths::segments(&endpoint.path)).collect(), by_service, answering }
    }

    /// The endpoint of a service that a method and path mean, and how well they fit.
    pub(super) fn find(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str) -> Option<(EndpointIndex, u32)> {
        self.find_segments(service, method, &paths::segments(path))
    }

    fn find_segments(&self, service: ServiceIndex, method: Option<&Symbol>, call: &[Segment]) -> Option<(EndpointIndex, u32)> {
        let mut best: Option<(EndpointIndex, u32)> = None;
        // A path of which nothing is known means none of several routes that it fits as well.
        let mut ties = false;
        let blind = !call.is_empty() && !says_anything(call);
        for &at in &self.by_service[service.index()] {
            let endpoint = &self.all[at as usize];
            let declared = endpoint.method.as_deref().unwrap_or("*");
            let agrees = declared == "*" || method.is_none_or(|method| declared == method.as_str());
            if !agrees {
                continue;
            }
            if let Some(score) = paths::fit(call, &self.parsed[at as usize]) {
                let score = score * 2 + u32::from(declared != "*");
                ties |= best.is_some_and(|(_, known)| score == known);
                if best.is_none_or(|(_, known)| score > known) {
                    best = Some((EndpointIndex(at), score));
                    ties = false;
                }
            }
        }
        best.filter(|_| !(blind && ties))
    }

    /// The endpoint of a service that is declared with just this method and path.
    pub(super) fn declared(&self, service: ServiceIndex, method: &Symbol, path: &[Segment]) -> Option<&'a Endpoint> {
        let (found, _) = self.find_segments(service, Some(method), path)?;
        let endpoint = &self.all[found.index()];
        (endpoint.method.as_ref() == Some(method) && paths::fits_by_literals(path, &self.parsed[found.index()])).then_some(endpoint)
    }

    /// Whether no HTTP endpoint of a service is known that it answers itself.
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
    /// Ports that code listens on.
    pub(super) ports: Ports,
    pub(super) passages: Vec<Passage>,
    /// The services that the passages lead to, in their order.
    pub(super) passage_targets: Vec<Option<ServiceIndex>>,
}

impl Targets<'_> {
    /// Who answers a request of a service.
    pub(super) fn answer(&self, from: ServiceIndex, method: Option<&Symbol>, text: &Text) -> Answer {
        self.answer_after(from, method, text, 0)
    }

    /// The same for a request that has passed some gateways.
    pub(super) fn answer_after(&self, from: ServiceIndex, method: Option<&Symbol>, text: &Text, hops: u32) -> Answer {
        let address = self.address(from, text);
        let status = if text.guessed { Status::Likely } else { Status::Exact };
        let trail = Trail { status, evidence: text.evidence.clone(), hops };
        if let Some(answer) = self.invoked(from, method, &address, &trail) {
            return answer;
        }
        if text.is_own {
            return self.of_service(from, Ask { method, path: address.path(), hosts: &[], development: false }, trail);
        }
        if let Some((path, why)) = self.behind_empty(from, &text.text) {
            let trail = Trail { evidence: [trail.evidence.as_slice(), &[why]].concat(), ..trail.clone() };
            let answer = self.relative(from, Ask { method, path, hosts: &[], development: false }, trail);
            if is_settled(&answer) {
                return answer;
            }
        }
        match self.at(from, method, &address, trail) {
            Answer::Ambiguous(candidates, reason) => match self.of_several(from, &candidates, method, text, &address) {
                Some(service) => {
                    let trail = Trail { status: Status::Likely, evidence: text.evidence.clone(), hops };
                    self.of_service(service, Ask { method, path: address.path(), hosts: &[], development: false }, trail)
                }
                None => Answer::Ambiguous(candidates, reason),
            },
            Answer::Unresolved(reason @ Reason::Port(_)) => match self.of_silent_port(from, method, text, &address) {
                Some((service, why)) => {
                    let evidence = [text.evidence.as_slice(), &[why]].concat();
                    let trail = Trail { status: Status::Likely, evidence, hops };
                    self.of_service(service, Ask { method, path: address.path(), hosts: &[], development: false }, trail)
                }
                None => Answer::Unresolved(reason),
            },
            answer => answer,
        }
    }

    /// Who is meant by a port of this machine that nobody is known to listen on: the one that the variable is named after, if it has the path.
    fn of_silent_port(
        &self,
        from: ServiceIndex,
        method: Option<&Symbol>,
        text: &Text,
        address: &Address,
    ) -> Option<(ServiceIndex, Evidence)> {
        let Address::Host { port: Some(port), .. } = address else { return None };
        let HostMatch::One(service, _, why) = self.input.workspace.service_of_stem(text.variable.as_ref()?) else { return None };
        let has_path = says_anything(&paths::segments(address.path())) && self.endpoints.find(service, method, address.path()).is_some();
        (service != from && has_path && self.ports.of(port).is_empty()).then_some((service, why))
    }

    /// The address that a text is. No server asks a relative URL: what is relative only because a variable that nobody sets is nothing by default
    /// has a host that is not known.
    fn address(&self, from: ServiceIndex, text: &Text) -> Address {
        let workspace = self.input.workspace;
        let is_empty = |name: &Symbol| {
            let values = workspace.deployments[from.index()].environment.get(name).map_or(&[][..], Vec::as_slice);
            values.iter().any(|value| value.rank <= 1)
        };
        match (Address::parse(&text.text), &text.variable) {
            (Address::Relative(path), Some(name))
                if workspace.services[from.index()].kind != ServiceKind::Frontend && !text.is_own && !is_empty(name) =>
            {
                Address::Unset(name.clone(), path)
            }
            (address, _) => address,
        }
    }

    /// The service whose address all who are given a variable are given: an inference for those to whom no manifest gives it. What only tells a
    /// service its own address says nothing of others, nor does what only others of the same program are given.
    fn agreed(&self, from: ServiceIndex, name: &Symbol) -> Option<(ServiceIndex, Evidence)> {
        let workspace = self.input.workspace;
        if self.is_for_others(from, name) {
            return None;
        }
        let mut target = None;
        let mut why = None;
        let mut givers = 0;
        for (at, deployment) in workspace.deployments.iter().enumerate() {
            let values = deployment.environment.get(name).map_or(&[][..], Vec::as_slice);
            let giver = ServiceIndex(at as u32);
            let mut gives = false;
            for value in values.iter().filter(|value| value.rank <= 1 && !value.value.is_empty()) {
                let Address::Host { host, port, .. } = Address::parse(&value.value) else { return None };
                let HostMatch::One(service, ..) = workspace.service_of_host_from(giver, &host, port.as_deref()) else { return None };
                if *target.get_or_insert(service) != service {
                    return None;
                }
                if service.index() != at {
                    let what = format!("env {name} = {} of {}", value.value, workspace.services[at].name);
                    why.get_or_insert(Evidence { what, place: value.place });
                    gives = true;
                }
            }
            givers += u32::from(gives);
        }
        // One alone may mean something of its own by it.
        target.zip(why).filter(|_| givers > 1)
    }

    /// Whether manifests give a variable to others that run the program of a service, and give the service only other variables.
    fn is_for_others(&self, from: ServiceIndex, name: &Symbol) -> bool {
        let deployments = &self.input.workspace.deployments;
        let own = &deployments[from.index()];
        let is_given = |value: &crate::workspace::EnvValue| value.rank == 0;
        let beside = deployments.iter().enumerate().filter(|(at, other)| *at != from.index() && other.package == own.package);
        own.package.is_some()
            && own.environment.values().flatten().any(is_given)
            && beside.filter_map(|(_, other)| other.environment.get(name)).flatten().any(is_given)
    }

    /// Who answers what goes through a Dapr sidecar, whose paths name the application: `/v1.0/invoke/orders/method/list`.
    fn invoked(&self, from: ServiceIndex, method: Option<&Symbol>, address: &Address, trail: &Trail) -> Option<Answer> {
        let (app, path) = dapr_invocation(address.path())?;
        Some(match self.input.workspace.service_of_host_from(from, app, None) {
            HostMatch::One(service, _, why) => {
                let mut trail = trail.clone();
                trail.evidence.push(why);
                self.of_service(service, Ask { method, path, hosts: &[], development: false }, trail)
            }
            HostMatch::Several(services) => Answer::Ambiguous(services, Reason::SharedHost(app.into())),
            HostMatch::None => Answer::External(app.into()),
        })
    }

    /// The path behind a base URL that what deploys a front end leaves empty on purpose: it is relative then. An example that is to be filled
    /// in says nothing.
    fn behind_empty<'t>(&self, from: ServiceIndex, text: &'t str) -> Option<(&'t str, Evidence)> {
        let (name, path) = text.strip_prefix("${")?.split_once('}')?;
        let workspace = self.input.workspace;
        if !path.starts_with('/') || workspace.services[from.index()].kind != ServiceKind::Frontend {
            return None;
        }
        let set = workspace.deployments[from.index()].environment.get(name)?.iter().find(|value| value.rank <= 1)?;
        set.value.is_empty().then(|| (path, Evidence { what: format!("env {name} is empty"), place: set.place }))
    }

    /// Who answers at an address that `from` asks.
    pub(super) fn at(&self, from: ServiceIndex, method: Option<&Symbol>, address: &Address, mut trail: Trail) -> Answer {
        let any = Ask { method, path: address.path(), hosts: &[], development: false };
        if let Address::Host { host, port, .. } = address
            && let Some((target, why)) = self.told(from, host, port.as_deref())
        {
            return match target {
                Target::Service(service) => {
                    trail.evidence.push(why);
                    self.of_service(service, Ask { hosts: &[host.as_str().into()], ..any }, trail)
                }
                Target::External(name) => Answer::External(name),
            };
        }
        match address {
            Address::Host { host, port, path } => match self.input.workspace.service_of_host_from(from, host, port.as_deref()) {
                HostMatch::One(published, NameKind::PublishedPort, _)
                    if let Some((service, why)) = self.in_place_of(published, from, method, path, port.as_deref()) =>
                {
                    trail.evidence.push(why);
                    trail.status = trail.status.max(Status::Likely);
                    self.of_service(service, any, trail)
                }
                HostMatch::One(service, kind, why)
                    if kind != NameKind::PublishedPort
                        || self.is_beside(from, service, &why)
                        || !self.input.workspace.services[service.index()].third_party && self.may_answer(service, method, path) =>
                {
                    trail.evidence.push(why);
                    // A name that no manifest gives on its network is an inference.
                    if kind == NameKind::Alias {
                        trail.status = trail.status.max(Status::Likely);
                    }
                    let asked = [host.as_str().into()];
                    // By its own name in the network, who asks says in a header which of its public hosts is meant.
                    if kind != NameKind::PublicHost && self.answers_others_only(service, &asked) {
                        trail.status = trail.status.max(Status::Likely);
                        return self.of_service(service, any, trail);
                    }
                    self.of_service(service, Ask { hosts: &asked, ..any }, trail)
                }
                HostMatch::Several(services) => Answer::Ambiguous(services, Reason::SharedHost(host.as_str().into())),
                HostMatch::None | HostMatch::One(..) => {
                    if self.input.workspace.is_machine(host) {
                        if let Some((service, why)) = port.as_deref().and_then(|port| self.listening(from, method, path, port)) {
                            trail.evidence.push(why);
                            trail.status = trail.status.max(Status::Likely);
                            return self.of_service(service, any, trail);
                        }
                        let reason = match port {
                            Some(port) => Reason::Port(format!("{host}:{port}").into()),
                            None => Reason::Machine(host.as_str().into()),
                        };
                        return self.by_path(from, method, path, trail.evidence, reason, trail.hops);
                    }
                    if let Some((service, why)) = self.published(method, path, host) {
                        trail.evidence.push(why);
                        trail.status = trail.status.max(Status::Likely);
                        return self.of_service(service, any, trail);
                    }
                    Answer::External(host.as_str().into())
                }
            },
            Address::Unset(name, path) => {
                if let Some(platform) = of_variable(name) {
                    return Answer::External(platform.into());
                }
                let named = || match self.input.workspace.service_of_stem(name) {
                    HostMatch::One(service, _, why) => Some((service, why)),
                    _ => None,
                };
                let answers = |(service, _): &(ServiceIndex, Evidence)| self.may_answer(*service, method, path);
                let agreed = self.agreed(from, name).filter(|found| found.0 != from && answers(found));
                match agreed.or_else(|| named().filter(answers)) {
                    Some((service, why)) => {
                        trail.evidence.push(why);
                        trail.status = trail.status.max(Status::Likely);
                        self.of_service(service, any, trail)
                    }
                    None => match self.by_path(from, method, path, trail.evidence.clone(), Reason::Variable(name.clone()), trail.hops) {
                        Answer::Service(found) => Answer::Service(Found { presumed: Some(name.clone()), ..found }),
                        Answer::Ambiguous(candidates, reason) => {
                            let called = self.called_so(name, &candidates).filter(|service| *service != from);
                            match called.map(|service| self.serving(service, method, path, trail.evidence, false)) {
                                Some(Answer::Service(found)) => Answer::Service(Found { presumed: Some(name.clone()), ..found }),
                                _ => Answer::Ambiguous(candidates, reason),
                            }
                        }
                        answer => answer,
                    },
                }
            }
            Address::Relative(_) => self.relative(from, any, trail),
            Address::Unknown(path) => self.by_path(from, method, path, trail.evidence, Reason::Host, trail.hops),
        }
    }

    /// The service that listens by itself on a port of this machine which a manifest publishes for another, and serves the path. The two do not
    /// run at once: who works on the code starts it in place of an image from elsewhere, or of what does not answer that.
    fn in_place_of(
        &self,
        published: ServiceIndex,
        from: ServiceIndex,
        method: Option<&Symbol>,
        path: &str,
        port: Option<&str>,
    ) -> Option<(ServiceIndex, Evidence)> {
        let (workspace, port) = (self.input.workspace, port?);
        if !workspace.services[published.index()].third_party && self.may_answer(published, method, path) {
            return None;
        }
        let by_environment = match workspace.service_of_own_port(port) {
            HostMatch::One(service, _, why) => Some((service, why)),
            _ => None,
        };
        let serves =
            |(own, _): &(ServiceIndex, Evidence)| ![from, published].contains(own) && self.endpoints.find(*own, method, path).is_some();
        by_environment.or_else(|| self.listening(from, method, path, port)).filter(serves)
    }

    /// Whether the manifest that publishes a service's port deploys the folder of who asks, too, or folders beside it. Collections of examples
    /// publish one port many times.
    fn is_beside(&self, from: ServiceIndex, service: ServiceIndex, published: &Evidence) -> bool {
        let services = &self.input.workspace.services;
        let manifest = published.place.file;
        let deployed = |service: &&Service| !service.third_party && service.evidence.iter().any(|evidence| evidence.place.file == manifest);
        let root = Utf8Path::new("");
        let mut folder = self.input.files.path(manifest).parent().unwrap_or(root);
        // What deploys nothing but others' images does so for code around it.
        if services[service.index()].third_party && !services.iter().any(|service| deployed(&service)) {
            folder = folder.parent().unwrap_or(root);
        }
        let system = services.iter().filter(deployed).fold(folder, |system, service| common(system, &service.root));
        let asks = &services[from.index()].root;
        // What has nothing but the workspace in common with who asks is for a part of its own.
        if system == root && !is_for_all(self.input.files.path(manifest).as_str()) {
            let around = |service: &Service| service.root.parent().is_some_and(|around| around != root && asks.starts_with(around));
            return self.input.workspace.run_together(from, service)
                || services.iter().any(|service| deployed(&service) && around(service));
        }
        asks.starts_with(system)
    }

    /// The service that a public host stands for, where it is called like the service's package and has the path: `api.shop.com` for `@shop/api`.
    fn published(&self, method: Option<&Symbol>, path: &str, host: &str) -> Option<(ServiceIndex, Evidence)> {
        let workspace = self.input.workspace;
        let mut labels = host.split('.');
        let (label, domain, _) = (labels.next()?, labels.next()?, labels.next()?);
        let called = format!("@{domain}/{label}");
        let at = workspace
            .deployments
            .iter()
            .position(|deployment| deployment.package.is_some_and(|package| workspace.packages[package].name == called.as_str()))?;
        let service = ServiceIndex(u32::try_from(at).ok()?);
        self.endpoints.find(service, method, path)?;
        let place = workspace.services[at].evidence.first()?.place;
        Some((service, Evidence { what: format!("public host {host} of package {called}"), place }))
    }

    /// The service that listens on a port of this machine; of several the only one that serves the path, if that tells anything.
    fn listening(&self, from: ServiceIndex, method: Option<&Symbol>, path: &str, port: &str) -> Option<(ServiceIndex, Evidence)> {
        let listening = self.ports.of(port);
        let mut others = listening.iter().filter(|(service, _)| *service != from);
        if let (Some(one), None) = (others.next(), others.next()) {
            let serves = self.endpoints.find(one.0, method, path).is_some();
            // Other software may have the port where the code runs.
            let means_it = listening.len() == 1 && (method.is_none() || self.may_answer(one.0, None, path));
            return (serves || means_it).then(|| one.clone());
        }
        let tells = says_anything(&paths::segments(path));
        let mut serving = listening.iter().filter(|(service, _)| *service != from && self.endpoints.find(*service, method, path).is_some());
        match (serving.next(), serving.next()) {
            (Some(one), None) if tells => Some(one.clone()),
            _ => None,
        }
    }

    /// Whether a text is the address of a port of this machine, which several systems may use by turns.
    pub(super) fn is_port_of_machine(&self, text: &Text) -> bool {
        matches!(Address::parse(&text.text), Address::Host { host, .. } if self.input.workspace.is_machine(&host))
    }

    /// Who answers at a host by the workspace's settings. A name of someone outside for a whole domain leaves the workspace's own hosts alone.
    pub(super) fn told(&self, from: ServiceIndex, host: &str, port: Option<&str>) -> Option<(Target, Evidence)> {
        let workspace = self.input.workspace;
        let root = &workspace.services[from.index()].root;
        if let Some(told) = workspace.settings.host(root, host, port) {
            return Some(told.clone());
        }
        let (target, why) = workspace.settings.ending(root, host)?;
        (workspace.service_of_host_from(from, host, port) == HostMatch::None).then(|| (target.clone(), why.clone()))
    }

    /// Whether a service that is only inferred may be meant, by a variable's name or a port: it must be one that is called, and where its routes are
    /// known, have the path; where none is known, it must listen at all.
    fn may_answer(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str) -> bool {
        if matches!(self.input.workspace.services[service.index()].kind, ServiceKind::Cli | ServiceKind::Job) {
            return false;
        }
        let passes = self.passages.iter().any(|passage| passage.gateway == service);
        let may_listen = || owners::listens(self.input, service) || self.ports.are_known_of(service);
        let has_path = || path.is_empty() || self.endpoints.find(service, method, path).is_some();
        passes || if self.endpoints.answering.contains(&service) { has_path() } else { may_listen() }
    }

    /// Which of several services on one host and port is meant: the one that the variable is named after, else the only one that is the
    /// workspace's own, else the one that their package is called like, or whose code declares what all of them serve.
    fn of_several(
        &self,
        from: ServiceIndex,
        candidates: &[ServiceIndex],
        method: Option<&Symbol>,
        text: &Text,
        address: &Address,
    ) -> Option<ServiceIndex> {
        let workspace = self.input.workspace;
        if let Some(HostMatch::One(service, ..)) = text.variable.as_ref().map(|name| workspace.service_of_stem(name))
            && candidates.contains(&service)
        {
            return Some(service);
        }
        let mut own = candidates.iter().filter(|service| !workspace.services[service.index()].third_party);
        let first = own.next().copied();
        if !matches!(Address::parse(&text.text), Address::Host { .. }) {
            return None;
        }
        // Of services of one package, who asks means its own, and is not one that stands by itself.
        if candidates.iter().all(|one| self.is_same_package(*one, from)) {
            return candidates.contains(&from).then_some(from);
        }
        let only = first.filter(|_| own.next().is_none()).or_else(|| self.namesake(candidates));
        only.or_else(|| self.declaring(candidates, method, &paths::segments(address.path())))
    }

    /// A request that reaches a service: answered by it, or passed on.
    pub(super) fn of_service(&self, service: ServiceIndex, ask: Ask<'_>, trail: Trail) -> Answer {
        let own = self.endpoints.find(service, ask.method, ask.path);
        if own.is_none_or(|(_, score)| score <= 6)
            && let Some(answer) = self.passed_on(service, ask, &trail)
        {
            return answer;
        }
        Answer::Service(Found::new(service, own.map(|(endpoint, _)| endpoint), trail))
    }

    /// The only service that serves a path, where the host says nothing.
    pub(super) fn by_path(
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
                let found = self.endpoints.find_segments(*service, method, &segments);
                found.is_some_and(|(endpoint, _)| paths::fits_by_literals(&segments, &self.endpoints.parsed[endpoint.index()]))
            })
            .collect();
        match candidates.as_slice() {
            [] => Answer::Unresolved(reason),
            // A backend seldom calls itself: what else has such a path is not the workspace's. A page does.
            [only] if *only == from && self.input.workspace.services[from.index()].kind != ServiceKind::Frontend => {
                Answer::Unresolved(reason)
            }
            [only] => {
                // Who takes whatever comes below a path may well be who passes it on.
                let also: Vec<ServiceIndex> = if hops == 0 { self.takes_all(from, *only, method, &segments).collect() } else { Vec::new() };
                if also.is_empty() {
                    return self.only(*only, method, path, evidence);
                }
                Answer::Ambiguous([candidates.as_slice(), &also].concat(), reason)
            }
            // A process of one package with all of them asks one of its kind: a page its own server, else no path tells which.
            several if hops == 0 && several.iter().all(|one| self.is_same_package(*one, from)) => {
                if several.contains(&from) && self.input.workspace.services[from.index()].kind == ServiceKind::Frontend {
                    return self.serving(from, method, path, evidence, false);
                }
                Answer::Ambiguous(candidates, reason)
            }
            // Behind a gateway nothing else can tell.
            _ if hops > 0 => self.other(from, &candidates, method, path, evidence).unwrap_or(Answer::Ambiguous(candidates, reason)),
            _ => match self.namesake(&candidates).or_else(|| self.declaring(&candidates, method, &segments)) {
                Some(one) => self.serving(one, method, path, evidence, false),
                None => Answer::Ambiguous(candidates, reason),
            },
        }
    }

    /// Of services that serve a path, the one whose name has the words of the variable that nobody sets.
    fn called_so(&self, variable: &str, candidates: &[ServiceIndex]) -> Option<ServiceIndex> {
        let services = &self.input.workspace.services;
        let mut called = candidates.iter().filter(|service| Workspace::has_words_of_stem(&services[service.index()].name, variable));
        let first = called.next()?;
        called.next().is_none().then_some(*first)
    }

    /// Whether two services run one package.
    fn is_same_package(&self, one: ServiceIndex, other: ServiceIndex) -> bool {
        let package = |service: ServiceIndex| self.input.workspace.deployments[service.index()].package;
        package(one).is_some() && package(one) == package(other)
    }

    /// Of several services that run one package, the one that is called like it.
    fn namesake(&self, candidates: &[ServiceIndex]) -> Option<ServiceIndex> {
        let workspace = self.input.workspace;
        let package = |service: &ServiceIndex| workspace.deployments[service.index()].package;
        let of = package(candidates.first()?)?;
        let mut called =
            candidates.iter().filter(|service| normal(&workspace.services[service.index()].name) == normal(&workspace.packages[of].name));
        let first = called.next().filter(|_| candidates.iter().all(|service| package(service) == Some(of)))?;
        called.next().is_none().then_some(*first)
    }

    /// Of those of several services that serve a path, all by one and the same route, the one whose own code declares it: the others are made of
    /// its code, such as a process that is all services in one.
    fn declaring(&self, candidates: &[ServiceIndex], method: Option<&Symbol>, segments: &[Segment]) -> Option<ServiceIndex> {
        let workspace = self.input.workspace;
        if !says_anything(segments) {
            return None;
        }
        let place = |service: &ServiceIndex| {
            let (endpoint, _) = self.endpoints.find_segments(*service, method, segments)?;
            Some(self.endpoints.all[endpoint.index()].place)
        };
        let mut places = candidates.iter().filter_map(place);
        let declared = places.next()?;
        let package = workspace.package_of(self.input.files.path(declared.file))?;
        let is_own = |service: &&ServiceIndex| place(service).is_some() && workspace.deployments[service.index()].package == Some(package);
        let mut own = candidates.iter().filter(is_own);
        let first = own.next().filter(|_| places.all(|place| place == declared))?;
        own.next().is_none().then_some(*first)
    }

    /// Services beside one that serve all below the first words of a path.
    fn takes_all<'t>(
        &'t self,
        from: ServiceIndex,
        beside: ServiceIndex,
        method: Option<&'t Symbol>,
        segments: &'t [Segment],
    ) -> impl Iterator<Item = ServiceIndex> + 't {
        (0..self.input.workspace.services.len() as u32).map(ServiceIndex).filter(move |service| {
            let found = self.endpoints.find_segments(*service, method, segments).filter(|_| *service != from && *service != beside);
            found.is_some_and(|(endpoint, _)| {
                let route = &self.endpoints.parsed[endpoint.index()];
                let is_literal = |segment: &Segment| matches!(segment, Segment::Literal(_));
                matches!(route.last(), Some(Segment::Rest(_)))
                    && route.iter().zip(segments).any(|(own, asked)| is_literal(own) && own == asked)
            })
        })
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

    fn only(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str, evidence: Vec<Evidence>) -> Answer {
        self.serving(service, method, path, evidence, true)
    }

    /// The answer that a service is thought to be, as it serves the path; `alone` where nobody else does.
    fn serving(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str, mut evidence: Vec<Evidence>, alone: bool) -> Answer {
        let endpoint = self.endpoints.find(service, method, path).map(|(endpoint, _)| endpoint);
        if let Some(endpoint) = endpoint {
            let name = &self.input.workspace.services[service.index()].name;
            let endpoint = &self.endpoints.all[endpoint.index()];
            evidence.push(Evidence {
                what: format!("{}{name} serves {}", if alone { "only " } else { "" }, endpoint.path),
                place: endpoint.place,
            });
        }
        Answer::Service(Found::new(service, endpoint, Trail { status: Status::Likely, evidence, hops: 0 }))
    }
}

/// The application and its path that a path of a Dapr sidecar names.
pub(super) fn dapr_invocation(path: &str) -> Option<(&str, &str)> {
    let (app, path) = path.strip_prefix("/v1.0/invoke/")?.split_once("/method")?;
    (!app.contains(['{', '$', '/']) && path.starts_with('/')).then_some((app, path))
}

/// The folder that two paths have in common.
fn common<'p>(one: &'p Utf8Path, other: &Utf8Path) -> &'p Utf8Path {
    one.ancestors().find(|folder| other.starts_with(folder)).unwrap_or(Utf8Path::new(""))
}

/// Whether any segment of a path is known.
pub(super) fn says_anything(segments: &[Segment]) -> bool {
    segments.iter().any(|segment| matches!(segment, Segment::Literal(_)))
}

/// Whether a path says enough to be told apart from those that every service and half of the world has.
pub(crate) fn is_telling(segments: &[Segment]) -> bool {
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
