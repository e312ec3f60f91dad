//! The tables by which services pass requests on, and the way of a request through them.
//!
//! What deliberately does not live here: hosts, see [`super::targets`]. Invariant: a development server's table is asked only where no other
//! gateway answers, and what leads through it says so.

use std::collections::BTreeSet;

use portolan_grammars::catalog::ProxyTableForm;
use portolan_grammars::facts::{FunctionId, Symbol};

use super::calls::{Rows, deduplicated};
use super::endpoints::Routes;
use super::reach::Reach;
use super::targets::{Answer, Ask, Found, Targets, Trail, is_settled};
use super::text::{self, Address, Text};
use super::{Input, Places};
use crate::chart::{Call, Evidence, Protocol, Reason, Service, ServiceIndex, ServiceKind, Status, Target};
use crate::resolve::link::TableRule;
use crate::resolve::value::CallRef;
use crate::rewrite::{Fit, PathMatch, Pattern, Step, named_replacement, named_route, rewritten, slashed};
use crate::workspace::HostMatch;
use crate::{FileId, FunctionRef};

/// Gateways behind gateways that are followed.
const MAX_HOPS: u32 = 5;

/// A table by which a service passes requests on.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    pub(super) gateway: ServiceIndex,
    /// Public hosts that it is for, see [`crate::workspace::GatewayRoute::hosts`].
    pub(super) hosts: Vec<Symbol>,
    /// The paths that it takes.
    pub(super) matched: PathMatch,
    /// Of those that take a path, the highest counts.
    pub(super) rank: u32,
    pub(super) target: Text,
    pub(super) rewrite: Rewrite,
    /// Whether only a development server has it.
    pub(super) development: bool,
    pub(super) evidence: Evidence,
    /// The call that declares it, if code does.
    pub(super) proxy: Option<CallRef>,
}

/// What becomes of a path that is passed on.
#[derive(Debug, Clone)]
pub(super) enum Rewrite {
    /// Steps in order.
    Steps(Vec<Step>),
    /// Pattern and replacement pairs, of which the first that matches counts. Without one the path stays, or loses its mount's prefix:
    /// libraries and their versions differ in that, so both are tried.
    Patterns(Vec<(Pattern, Symbol)>),
}

impl Passage {
    /// How well a host that is asked fits; `None` if not at all. Whoever is asked without a host may be any.
    fn host(&self, asked: &[Symbol]) -> Option<u8> {
        if self.hosts.is_empty() || asked.is_empty() {
            return Some(0);
        }
        let fits = |own: &Symbol| match own.strip_prefix('*') {
            Some("") => Some(0),
            Some(ending) => asked.iter().any(|host| host.ends_with(ending)).then_some(1),
            None => asked.contains(own).then_some(2),
        };
        self.hosts.iter().filter_map(fits).max()
    }

    /// The paths that the target may see.
    fn rewritten(&self, path: &str) -> Vec<String> {
        match &self.rewrite {
            Rewrite::Steps(steps) => vec![rewritten(path, &self.matched, steps)],
            Rewrite::Patterns(patterns) => {
                let stripped = slashed(path.strip_prefix(self.matched.prefix().trim_end_matches('/')).unwrap_or(path));
                for (pattern, replacement) in patterns {
                    let step = [Step::Pattern { pattern: pattern.clone(), to: replacement.clone(), whole: false }];
                    for candidate in [path, stripped.as_str()] {
                        if pattern.is_in(candidate) {
                            return vec![rewritten(candidate, &self.matched, &step)];
                        }
                    }
                }
                vec![path.to_owned(), stripped]
            }
        }
    }

    /// The target's URL.
    pub(super) fn base(&self) -> String {
        let base = self.target.text.trim_end_matches('/');
        if base.contains("://") || base.starts_with("${") { base.to_owned() } else { format!("http://{base}") }
    }
}

/// The tables of all gateways: those of manifests, and those that code declares.
pub(super) fn find(input: &Input<'_>, reach: &Reach, routes: &Routes<'_>) -> Vec<Passage> {
    let places = Places { files: input.files };
    let of_manifests = input.workspace.gateways.iter().map(|route| Passage {
        gateway: route.gateway,
        hosts: route.hosts.clone(),
        matched: route.matched.clone(),
        rank: route.rank,
        target: Text { text: route.target.to_string(), ..Text::default() },
        rewrite: Rewrite::Steps(route.steps.clone()),
        development: route.development,
        evidence: route.evidence.clone(),
        proxy: None,
    });
    let mut all: Vec<Passage> = of_manifests.collect();
    for proxy in &routes.proxies {
        let compiled = |(pattern, to): &(Symbol, Symbol)| Some((Pattern::new(pattern, false)?, to.clone()));
        let patterns: Vec<(Pattern, Symbol)> = proxy.rewrites.iter().filter_map(compiled).collect();
        for service in input.own_services() {
            let ours = if proxy.development { serves(input, service, proxy.site.file) } else { reach.has(service, proxy.function) };
            if !ours {
                continue;
            }
            for prefix in routes.proxied(proxy, &|function| proxy.development || reach.has(service, function)) {
                for prefix in text::texts(input, service, &prefix) {
                    let ours = proxy.targets.iter().filter(|target| target.contexts.iter().all(|context| reach.has(service, *context)));
                    for target in ours.flat_map(|target| text::texts(input, service, &target.pattern)) {
                        let prefix = prefix.text.split('*').next().unwrap_or_default();
                        let matched = PathMatch::Prefix(if prefix.starts_with('/') { prefix.into() } else { format!("/{prefix}").into() });
                        all.push(Passage {
                            gateway: service,
                            hosts: Vec::new(),
                            rank: prefix.trim_end_matches('/').len() as u32,
                            matched,
                            target,
                            rewrite: Rewrite::Patterns(patterns.clone()),
                            development: proxy.development,
                            evidence: Evidence { what: named(proxy.development, prefix), place: places.call(proxy.site) },
                            proxy: Some(proxy.site).filter(|_| !proxy.development),
                        });
                    }
                }
            }
        }
    }
    for (at, link) in input.links.iter().enumerate() {
        let Some(link) = link.as_ref().filter(|link| !link.table_rules.is_empty()) else { continue };
        let file = FileId(at as u32);
        for service in input.own_services().filter(|service| serves(input, *service, file)) {
            for rule in &link.table_rules {
                table_rule(input, service, rule, &mut all);
            }
        }
    }
    all
}

fn named(development: bool, prefix: &str) -> String {
    if development { format!("development proxy of {prefix}") } else { format!("proxy of {prefix}") }
}

/// Whether the server that a configuration file sets up is a service's: the innermost around it, else the one of its package that serves
/// pages.
fn serves(input: &Input<'_>, service: ServiceIndex, file: FileId) -> bool {
    let workspace = input.workspace;
    let path = input.files.path(file);
    let depth = |at: &Service| if !at.third_party && path.starts_with(&at.root) { at.root.as_str().len() } else { 0 };
    let own = depth(&workspace.services[service.index()]);
    if own > 0 {
        return workspace.services.iter().all(|other| depth(other) <= own);
    }
    let alone = workspace.services.iter().all(|other| depth(other) == 0);
    let package = workspace.package_of(path);
    alone
        && package.is_some()
        && workspace.deployments[service.index()].package == package
        && workspace.services[service.index()].kind == ServiceKind::Frontend
}

/// The passages of a table's rule, as a service sees it.
fn table_rule(input: &Input<'_>, service: ServiceIndex, rule: &TableRule, all: &mut Vec<Passage>) {
    let places = Places { files: input.files };
    let Some(place) = places.source(rule.source) else { return };
    for path in text::texts(input, service, &rule.path) {
        let path = path.text;
        let matched = match rule.form {
            ProxyTableForm::Routes => named_route(&path).map(PathMatch::Pattern),
            _ if path.starts_with('^') => Pattern::new(&path, false).map(PathMatch::Pattern),
            _ => Some(PathMatch::Prefix(slashed(path.split('*').next().unwrap_or_default()).into())),
        };
        let Some(matched) = matched else { continue };
        // Of routes the first counts, of prefixes the longest.
        let rank = if rule.form == ProxyTableForm::Routes { u32::MAX - rule.order } else { matched.prefix().len() as u32 };
        for mut target in rule.targets.iter().flat_map(|target| text::texts(input, service, target)) {
            let rewrite = match (&rule.rewrites, rule.form) {
                (_, ProxyTableForm::Routes) => {
                    let Some((base, destination)) = base_and_path(&target.text) else { continue };
                    let step = Step::Whole(named_replacement(destination));
                    target.text = base.to_owned();
                    Rewrite::Steps(vec![step])
                }
                (Some(pairs), _) => {
                    let step = |(pattern, to): &(Symbol, Symbol)| {
                        Some(Step::Pattern { pattern: Pattern::new(pattern, false)?, to: to.clone(), whole: false })
                    };
                    pairs.iter().map(step).collect::<Option<Vec<Step>>>().map_or(Rewrite::Patterns(Vec::new()), Rewrite::Steps)
                }
                (None, _) => Rewrite::Patterns(Vec::new()),
            };
            all.push(Passage {
                gateway: service,
                hosts: Vec::new(),
                matched: matched.clone(),
                rank,
                target,
                rewrite,
                development: rule.development,
                evidence: Evidence { what: named(rule.development, &path), place },
                proxy: None,
            });
        }
    }
}

/// A URL's scheme and host, and its path; `None` for a path alone.
fn base_and_path(url: &str) -> Option<(&str, &str)> {
    let host = match (url.find("://"), url.starts_with("${")) {
        (Some(at), false) => at + 3,
        (_, true) => url.find('}')? + 1,
        (None, false) => return None,
    };
    let at = url[host..].find('/').map_or(url.len(), |at| host + at);
    Some(url.split_at(at))
}

/// How well a host fits a rule, and the rule's rank.
type Weight = (u8, u32);

/// A gateway that a front end's requests enter by, and the hosts that they ask for there; none for any.
struct Door {
    gateway: ServiceIndex,
    hosts: Vec<Symbol>,
}

/// Adds the hop of each gateway itself: from it to whom it passes on.
pub(super) fn hops(targets: &Targets<'_>, rows: &mut Rows) {
    for passage in targets.passages.iter().filter(|passage| !passage.development) {
        let text = Text { text: passage.base(), ..passage.target.clone() };
        if !matches!(Address::parse(&text.text), Address::Host { .. } | Address::Unset(..)) {
            continue;
        }
        let Answer::Service(found) = targets.answer_after(passage.gateway, None, &text, MAX_HOPS) else { continue };
        if found.service == passage.gateway {
            continue;
        }
        let place = passage.evidence.place;
        let function = FunctionRef { file: place.file, function: FunctionId::MODULE };
        let to = Target::Service(found.service);
        rows.settled.push(Call {
            status: found.status,
            evidence: deduplicated([vec![passage.evidence.clone()], found.evidence].concat()),
            ..Call::new(passage.gateway, to, Protocol::Http, passage.matched.shown(), place, function)
        });
    }
}

impl Targets<'_> {
    /// Who answers an rpc (`package.Service/Method`) at an address: a gateway passes it on by its path.
    pub(super) fn answer_rpc(&self, from: ServiceIndex, text: &Text, path: &str) -> Answer {
        let answer = self.answer(from, None, text);
        match &answer {
            Answer::Service(found) if self.passages.iter().any(|passage| passage.gateway == found.service) => {
                let scheme = if text.text.contains("://") || text.text.starts_with("${") { "" } else { "http://" };
                let whole = Text { text: format!("{scheme}{}/{path}", text.text.trim_end_matches('/')), ..text.clone() };
                self.answer(from, None, &whole)
            }
            _ => answer,
        }
    }

    /// Who answers behind a gateway; `None` where it does not pass the path on.
    pub(super) fn passed_on(&self, gateway: ServiceIndex, ask: Ask<'_>, trail: &Trail) -> Option<Answer> {
        if trail.hops >= MAX_HOPS {
            return None;
        }
        let path = slashed(ask.path);
        let ask = Ask { path: &path, ..ask };
        let own = self.passages.iter().filter(|passage| passage.gateway == gateway && passage.development == ask.development);
        let fitting = own.filter_map(|passage| Some((passage, passage.host(ask.hosts)?)));
        let mut best: Vec<(&Passage, Weight)> = Vec::new();
        let mut others: Vec<(&Passage, Weight)> = Vec::new();
        for (passage, host) in fitting {
            let weight = (host, passage.rank);
            match passage.matched.fit(ask.path) {
                Fit::Yes => match best.first().map(|(_, known)| weight.cmp(known)) {
                    None | Some(std::cmp::Ordering::Greater) => best = vec![(passage, weight)],
                    Some(std::cmp::Ordering::Equal) => best.push((passage, weight)),
                    Some(std::cmp::Ordering::Less) => {}
                },
                Fit::Maybe => others.push((passage, weight)),
                Fit::No => {}
            }
        }
        let (first, weight) = *best.first()?;
        // What is decided at run time may as well belong to a stronger rule.
        if others.iter().any(|(other, strength)| *strength > weight && other.target.text != first.target.text) {
            return Some(Answer::Unresolved(Reason::GatewayTarget));
        }
        let answers: Vec<Answer> = best.iter().map(|(passage, _)| self.through(passage, ask, trail)).collect();
        Some(agreed(answers, Reason::GatewayTarget))
    }

    /// Whether all rules of a gateway are for other hosts than is asked.
    pub(super) fn answers_others_only(&self, gateway: ServiceIndex, asked: &[Symbol]) -> bool {
        let mut own = self.passages.iter().filter(|passage| passage.gateway == gateway).peekable();
        own.peek().is_some() && own.all(|passage| passage.host(asked).is_none())
    }

    /// Who answers what one rule of a gateway passes on.
    fn through(&self, passage: &Passage, ask: Ask<'_>, trail: &Trail) -> Answer {
        let base = passage.base();
        let mut answers: Vec<Answer> = Vec::new();
        for path in passage.rewritten(ask.path) {
            let mut next = trail.clone();
            next.evidence.push(passage.evidence.clone());
            next.evidence.extend(passage.target.evidence.iter().cloned());
            next.hops += 1;
            if passage.target.guessed || passage.development {
                next.status = next.status.max(Status::Likely);
            }
            answers.push(self.at(passage.gateway, ask.method, &Address::parse(&format!("{base}{path}")), next));
        }
        let known = |answer: &Answer| matches!(answer, Answer::Service(found) if found.endpoint.is_some());
        let at = answers.iter().position(known).unwrap_or(0);
        let mut answer = answers.swap_remove(at);
        if let Answer::Service(found) = &mut answer {
            if passage.development {
                found.development = true;
            } else {
                found.via.insert(0, passage.gateway);
            }
        }
        answer
    }

    /// A path without a host: a front end's goes to its own server, or to the gateway that it is served by.
    pub(super) fn relative(&self, from: ServiceIndex, ask: Ask<'_>, trail: Trail) -> Answer {
        if trail.hops == 0
            && let Some((origin, why)) = self.input.workspace.settings.origin(from)
        {
            let evidence = [trail.evidence, vec![why.clone()]].concat();
            return self.of_service(*origin, ask, Trail { evidence, hops: 1, ..trail });
        }
        let kind = self.input.workspace.services[from.index()].kind;
        // No server asks a relative URL; pages that it hands out do, and write down where it begins. What begins with something unknown, or is left
        // when what stands before it is nothing, is an address without its host.
        let is_written = kind == ServiceKind::Frontend || !trail.evidence.is_empty() && !ask.path.trim_start_matches('/').starts_with('{');
        if let Some((endpoint, _)) = self.endpoints.find(from, ask.method, ask.path).filter(|_| is_written) {
            return Answer::Service(Found::new(from, Some(endpoint), trail));
        }
        // A gateway that is configured runs no code: what asks are the pages that it hands out.
        let hands_out_pages = kind == ServiceKind::Gateway && self.input.workspace.deployments[from.index()].package.is_none();
        if !(kind == ServiceKind::Frontend || hands_out_pages) || trail.hops > 0 {
            return Answer::Unresolved(Reason::Relative);
        }
        // What comes back to the front end itself is a page, or nothing.
        // So it does where rules for hosts that nobody knows differ, and one of them is the front end's own.
        let elsewhere = |answer: &Answer| match answer {
            Answer::Service(found) => found.service != from,
            Answer::Ambiguous(services, Reason::GatewayTarget) => !services.contains(&from),
            _ => true,
        };
        let doors = self.doors(from);
        let through = |door: &Door| self.passed_on(door.gateway, Ask { hosts: &door.hosts, ..ask }, &trail).filter(elsewhere);
        let found: Vec<Answer> = doors.iter().filter_map(through).collect();
        if !found.is_empty() {
            return agreed(found, Reason::Gateways);
        }
        if let Some(answer) = self.passed_on(from, ask, &trail).filter(elsewhere) {
            return answer;
        }
        let development = self.passed_on(from, Ask { development: true, ..ask }, &trail).filter(elsewhere);
        let mut reason = Reason::Relative;
        if doors.is_empty() {
            // Nobody says who serves the front end: the only gateway that has the path.
            let telling = |passage: &&Passage| {
                !passage.development && passage.matched.fit(ask.path) == Fit::Yes && !passage.matched.prefix().trim_matches('/').is_empty()
            };
            let mut gateways: Vec<ServiceIndex> = self.passages.iter().filter(telling).map(|passage| passage.gateway).collect();
            gateways.sort();
            gateways.dedup();
            if let [gateway] = gateways.as_slice() {
                let trail = Trail { status: trail.status.max(Status::Likely), ..trail.clone() };
                let found = self.passed_on(*gateway, ask, &trail).filter(elsewhere);
                // That it is meant is only thought: a table of the front end's own that says another thing is right.
                let contradicts =
                    |answer: &Answer| development.as_ref().is_some_and(|other| is_settled(other) && service(other) != service(answer));
                if let Some(answer) = found.filter(|answer| !contradicts(answer)) {
                    return answer;
                }
            }
            if gateways.len() > 1 {
                reason = Reason::Gateways;
            }
        }
        // Who serves a page serves what it asks for, too, where nobody stands between; a development server may well ask the system's public host.
        if doors.is_empty() && reason == Reason::Relative && !matches!(&development, Some(answer) if service(answer).is_some()) {
            // Pages and their server may be one package: then nobody else is meant.
            if let Some(server) = self.server_of_package(from) {
                return match self.endpoints.find(server, ask.method, ask.path) {
                    Some(_) => self.of_service(server, ask, Trail { status: Status::Likely, ..trail }),
                    None => Answer::Unresolved(reason),
                };
            }
            let answer = self.by_path(from, ask.method, ask.path, trail.evidence.clone(), reason.clone(), trail.hops);
            // Pages of another front end are asked from those alone.
            let is_page = |service: ServiceIndex| self.input.workspace.services[service.index()].kind == ServiceKind::Frontend;
            if matches!(&answer, Answer::Service(found) if found.service != from && !is_page(found.service)) {
                return answer;
            }
        }
        match development {
            Some(answer) if is_settled(&answer) || reason == Reason::Relative => answer,
            _ if reason == Reason::Gateways => Answer::Ambiguous(self.gateways_of(ask), reason),
            _ => Answer::Unresolved(reason),
        }
    }

    /// The only service beside a front end that runs the front end's package and is none itself.
    fn server_of_package(&self, from: ServiceIndex) -> Option<ServiceIndex> {
        let workspace = self.input.workspace;
        let package = workspace.deployments[from.index()].package?;
        let mut others = self.input.own_services().filter(|service| {
            workspace.deployments[service.index()].package == Some(package)
                && *service != from
                && !matches!(workspace.services[service.index()].kind, ServiceKind::Frontend | ServiceKind::Job | ServiceKind::Cli)
        });
        others.next().filter(|_| others.next().is_none())
    }

    /// Gateways that have a path.
    fn gateways_of(&self, ask: Ask<'_>) -> Vec<ServiceIndex> {
        let fitting = self.passages.iter().filter(|passage| !passage.development && passage.matched.fit(ask.path) == Fit::Yes);
        let mut gateways: Vec<ServiceIndex> = fitting.map(|passage| passage.gateway).collect();
        gateways.sort();
        gateways.dedup();
        gateways
    }

    /// The outermost gateways that pass requests on to a service.
    fn doors(&self, service: ServiceIndex) -> Vec<Door> {
        let mut doors: Vec<Door> = Vec::new();
        let mut seen = vec![service];
        let mut open = vec![service];
        while let Some(inner) = open.pop() {
            let mut outer: Vec<Door> = Vec::new();
            for (passage, target) in self.passages.iter().zip(&self.passage_targets) {
                if *target != Some(inner) || passage.gateway == inner || passage.development {
                    continue;
                }
                let any = passage.hosts.is_empty() || passage.hosts.iter().any(|host| host.starts_with('*'));
                let hosts = || if any { Vec::new() } else { passage.hosts.clone() };
                match outer.iter_mut().find(|door| door.gateway == passage.gateway) {
                    Some(door) if any => door.hosts.clear(),
                    Some(door) if door.hosts.is_empty() => {}
                    Some(door) => door.hosts.extend(hosts()),
                    None => outer.push(Door { gateway: passage.gateway, hosts: hosts() }),
                }
            }
            for door in outer {
                if seen.contains(&door.gateway) {
                    continue;
                }
                seen.push(door.gateway);
                // Whoever is behind another gateway is no door itself.
                let is_inner = self
                    .passages
                    .iter()
                    .zip(&self.passage_targets)
                    .any(|(passage, target)| *target == Some(door.gateway) && !passage.development && !seen.contains(&passage.gateway));
                if is_inner { open.push(door.gateway) } else { doors.push(door) }
            }
        }
        doors.sort_by_key(|door| door.gateway);
        doors
    }
}

/// The services that passages lead to, in their order.
pub(super) fn targets(input: &Input<'_>, passages: &[Passage]) -> Vec<Option<ServiceIndex>> {
    let of = |passage: &Passage| match Address::parse(&passage.base()) {
        Address::Host { host, port, .. } => match input.workspace.service_of_host_from(passage.gateway, &host, port.as_deref()) {
            HostMatch::One(service, ..) => Some(service),
            _ => None,
        },
        _ => None,
    };
    passages.iter().map(of).collect()
}

/// The service that answers, if one does.
fn service(answer: &Answer) -> Option<ServiceIndex> {
    match answer {
        Answer::Service(found) => Some(found.service),
        _ => None,
    }
}

/// The one answer of several that all who know one agree on.
fn agreed(mut answers: Vec<Answer>, reason: Reason) -> Answer {
    let services: BTreeSet<ServiceIndex> = answers.iter().filter_map(service).collect();
    let outside = answers.iter().filter_map(|answer| if let Answer::External(name) = answer { Some(name) } else { None });
    if services.len() + outside.collect::<BTreeSet<_>>().len() > 1 {
        return Answer::Ambiguous(services.into_iter().collect(), reason);
    }
    let known = |answer: &Answer| matches!(answer, Answer::Service(found) if found.endpoint.is_some());
    let at = answers.iter().position(known).or_else(|| answers.iter().position(|answer| service(answer).is_some()));
    answers.swap_remove(at.unwrap_or(0))
}
