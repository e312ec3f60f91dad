//! Which service a host, a port of this machine or a variable's name means.
//!
//! What deliberately does not live here: evaluating URLs. Invariant: names are compared without case, and a name that several services go by is
//! answered with all of them.

use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use super::platform_hosts::{self, Hosted};
use super::services::known::normal;
use super::services::{Context, Draft, index};
use super::{Deployment, GatewayRoute, Workspace};
use crate::chart::{Evidence, Service, ServiceIndex};
use crate::words::words;

/// Which sort of name a service goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A manifest gives it on its network.
    Network,
    /// A workload's own name.
    Workload,
    /// Another name of the service, which no manifest gives on its network.
    Alias,
    /// What a variable is called: `ORDERS_URL`.
    Stem,
    /// A port of this machine that a manifest publishes.
    PublishedPort,
    /// The port that the service listens on by its own `PORT`.
    OwnPort,
    /// A host that a gateway answers for.
    PublicHost,
}

/// What a host means.
#[derive(Debug, Clone, PartialEq)]
pub enum HostMatch {
    /// One service, by which sort of name, and where that is written.
    One(ServiceIndex, NameKind, Evidence),
    /// Several services go by it.
    Several(Vec<ServiceIndex>),
    /// No service of the workspace.
    None,
}

#[derive(Debug, Clone, PartialEq)]
struct Name {
    service: ServiceIndex,
    kind: NameKind,
    evidence: Evidence,
}

/// Names and ports of services.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Hosts {
    /// Names that a manifest gives on its network.
    names: FxHashMap<Symbol, Vec<Name>>,
    /// Other names of services.
    aliases: FxHashMap<Symbol, Vec<Name>>,
    /// Ports of this machine that a manifest publishes.
    ports: FxHashMap<Symbol, Vec<Name>>,
    /// Ports that services listen on by their own `PORT`: this machine's where they run without a container.
    own_ports: FxHashMap<Symbol, Vec<Name>>,
    /// Normal forms of names and aliases.
    stems: FxHashMap<String, Vec<Name>>,
    /// Names that manifests give this machine.
    machine: FxHashSet<Symbol>,
    /// Services that platforms host under names of their own making.
    hosted: Hosted,
    /// Which compose files deploy each service, or lie around it, as numbers of what is meant to run together.
    systems: Vec<FxHashSet<usize>>,
}

impl Hosts {
    /// Gathers the names of all services.
    pub(super) fn of(
        context: &Context<'_>,
        drafts: &[Draft<'_>],
        services: &[Service],
        deployments: &[Deployment],
        gateways: &[GatewayRoute],
    ) -> Self {
        let mut hosts = Self { hosted: Hosted::of(context.files, services), ..Self::default() };
        for (at, draft) in drafts.iter().enumerate() {
            let service = &services[at];
            hosts.systems.push(context.systems.around(draft));
            let Some(first) = service.evidence.first() else { continue };
            let named = |kind, evidence: &Evidence| Name { service: index(at), kind, evidence: evidence.clone() };
            for (host, evidence) in &draft.hosts {
                put(&mut hosts.names, lower(host), named(NameKind::Network, evidence));
            }
            for (file, _, workload, _) in &draft.workloads {
                let place = crate::Place { file: *file, range: workload.name.range };
                let evidence = Evidence { what: format!("{} {}", workload.kind, workload.name.value), place };
                put(&mut hosts.aliases, lower(&workload.name.value), named(NameKind::Workload, &evidence));
            }
            for alias in [&service.id].into_iter().chain(&service.aliases) {
                put(&mut hosts.aliases, lower(alias), named(NameKind::Alias, first));
                put(&mut hosts.stems, normal(alias), named(NameKind::Stem, first));
                let short = normal(alias);
                if let Some(short) = ["service", "svc"].iter().find_map(|ending| short.strip_suffix(ending)).filter(|short| short.len() > 1)
                {
                    put(&mut hosts.stems, short.to_owned(), named(NameKind::Stem, first));
                }
            }
            for (source, compose, _) in draft.compose.iter().filter(|_| !draft.shares_image) {
                hosts.machine.extend(compose.own_hosts.iter().map(|name| lower(name)));
                for port in compose.ports.iter().filter_map(|port| Some((port.host.as_ref()?, port.range))) {
                    let number = context.variables.fill(source.folder(), port.0);
                    let number = number.rsplit(':').next().unwrap_or_default();
                    let place = crate::Place { file: source.file, range: port.1 };
                    let evidence = Evidence { what: format!("published port {number}"), place };
                    put(&mut hosts.ports, number.into(), named(NameKind::PublishedPort, &evidence));
                }
            }
            let own = deployments[at].environment.get("PORT").into_iter().flatten().filter(|_| !service.third_party);
            for value in own.filter(|value| !value.value.is_empty() && value.value.bytes().all(|byte| byte.is_ascii_digit())) {
                let evidence = Evidence { what: format!("env PORT = {}", value.value), place: value.place };
                put(&mut hosts.own_ports, value.value.clone(), named(NameKind::OwnPort, &evidence));
            }
        }
        // Hosts that a gateway answers for; a name of a network comes first.
        let mut public: FxHashMap<Symbol, Vec<Name>> = FxHashMap::default();
        for route in gateways {
            for host in route.hosts.iter().filter(|host| host.contains('.') && !host.contains(['*', '$'])) {
                let host = lower(host);
                if !hosts.names.contains_key(&host) {
                    put(&mut public, host, Name { service: route.gateway, kind: NameKind::PublicHost, evidence: route.evidence.clone() });
                }
            }
        }
        hosts.names.extend(public);
        hosts
    }
    /// The names a manifest gives, for the workspace's public table.
    pub(super) fn table(&self) -> FxHashMap<Symbol, Vec<ServiceIndex>> {
        let mut table: FxHashMap<Symbol, Vec<ServiceIndex>> = FxHashMap::default();
        for (name, found) in self.aliases.iter().chain(&self.names) {
            let known = table.entry(name.clone()).or_default();
            known.extend(found.iter().map(|name| name.service));
        }
        let own_ports = self.own_ports.iter().filter(|(port, _)| !self.ports.contains_key(*port));
        for (port, found) in self.ports.iter().chain(own_ports) {
            for host in SHOWN {
                table.entry(format!("{host}:{port}").into()).or_default().extend(found.iter().map(|name| name.service));
            }
        }
        for services in table.values_mut() {
            services.sort_unstable();
            services.dedup();
        }
        table
    }
}

/// Words by which names of variables and settings end that hold an address.
pub(crate) const ADDRESS_WORDS: [&str; 11] =
    ["url", "uri", "address", "addr", "hostname", "host", "endpoint", "origin", "base", "api", "service"];

/// Other words that name any service.
const NAMES_ANY: [&str; 10] = ["app", "backend", "client", "core", "frontend", "internal", "main", "port", "server", "web"];

/// Names by which this machine's published ports are shown.
const SHOWN: [&str; 3] = ["localhost", "127.0.0.1", "host.docker.internal"];

/// Endings of names within a cluster or a provider's private network.
const PRIVATE: [&str; 9] =
    [".svc.cluster.local", ".cluster.local", ".svc", ".railway.internal", ".flycast", ".internal", ".service.consul", ".local", ".docker"];

/// Whether a host is the machine that asks, or the one that its container or emulator runs on, by a name that always means it.
pub(crate) fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "::1" | "host.docker.internal" | "10.0.2.2")
}

/// What is left of a variable's name, in small letters, without the prefix of a bundler and, one by one, the words of addresses at its end.
fn stems(name: &str) -> impl Iterator<Item = &str> {
    const PREFIXES: [&str; 9] =
        ["next_public_", "vite_", "react_app_", "nuxt_public_", "expo_public_", "gatsby_", "ng_app_", "vue_app_", "public_"];
    let whole = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    std::iter::successors(Some(whole), |stem| without_ending(stem)).skip(1).take(4)
}

/// A variable's name without one word of addresses at its end.
fn without_ending(name: &str) -> Option<&str> {
    let mut endings = ADDRESS_WORDS.iter().chain(&["port"]);
    endings.find_map(|ending| name.strip_suffix(ending)?.strip_suffix('_')).filter(|shorter| !shorter.is_empty())
}

fn lower(name: &str) -> Symbol {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

fn put<K: std::hash::Hash + Eq>(map: &mut FxHashMap<K, Vec<Name>>, key: K, name: Name) {
    let known = map.entry(key).or_default();
    if !known.iter().any(|other| other.service == name.service) {
        known.push(name);
    }
}

fn answer(found: Option<&Vec<Name>>) -> HostMatch {
    of_names(&found.map_or_else(Vec::new, |found| found.iter().collect()))
}

fn of_names(found: &[&Name]) -> HostMatch {
    match found {
        [] => HostMatch::None,
        [one] => HostMatch::One(one.service, one.kind, one.evidence.clone()),
        several => HostMatch::Several(several.iter().map(|name| name.service).collect()),
    }
}

impl Workspace {
    /// The service that listens on a port by its own `PORT`, whatever manifests publish there.
    pub(crate) fn service_of_own_port(&self, port: &str) -> HostMatch {
        answer(self.names.own_ports.get(port))
    }

    /// The service that a host means, the port (digits) helping where the host is this machine: a name or alias of a manifest, a name within a
    /// cluster, a port that one service owns, another name of a service.
    pub fn service_of_host(&self, host: &str, port: Option<&str>) -> HostMatch {
        self.host_as_seen(host, port, &answer)
    }

    /// The service that a host means where `from` asks: of several that go by it, the one that is meant to run together with `from`.
    pub fn service_of_host_from(&self, from: ServiceIndex, host: &str, port: Option<&str>) -> HostMatch {
        self.host_as_seen(host, port, &|found| {
            let beside = |name: &&Name| self.run_together(from, name.service);
            let found = found.map_or(&[][..], Vec::as_slice);
            let near: Vec<&Name> = found.iter().filter(beside).collect();
            if near.is_empty() { of_names(&found.iter().collect::<Vec<_>>()) } else { of_names(&near) }
        })
    }

    /// Whether two services are meant to run together, by the compose files that deploy them or lie around their code.
    pub(crate) fn run_together(&self, one: ServiceIndex, other: ServiceIndex) -> bool {
        !self.names.systems[one.index()].is_disjoint(&self.names.systems[other.index()])
    }

    fn host_as_seen(&self, host: &str, port: Option<&str>, answer: &dyn Fn(Option<&Vec<Name>>) -> HostMatch) -> HostMatch {
        let host = lower(host.trim_end_matches('.'));
        if self.is_machine(&host) {
            return port.map_or(HostMatch::None, |port| answer(self.names.ports.get(port).or_else(|| self.names.own_ports.get(port))));
        }
        let found = answer(self.names.names.get(&host));
        if found != HostMatch::None {
            return found;
        }
        let inner = PRIVATE.iter().find_map(|ending| host.strip_suffix(ending));
        if let Some(inner) = inner {
            let found = answer(self.names.names.get(inner));
            if found != HostMatch::None {
                return found;
            }
            if let Some((name, _)) = inner.split_once('.') {
                let found = answer(self.names.names.get(name));
                if found != HostMatch::None {
                    return found;
                }
            }
        }
        // A worker of an account of Cloudflare.
        if let Some((worker, _)) = host.strip_suffix(".workers.dev").and_then(|inner| inner.split_once('.')) {
            return answer(self.names.names.get(format!("{worker}.workers.dev").as_str()));
        }
        if let Some((platform, names)) = platform_hosts::names(&host) {
            let called = names.map(|name| answer(self.names.aliases.get(name)));
            let mut hosted =
                called.filter(|found| matches!(found, HostMatch::One(service, ..) if self.names.hosted.has(platform, *service)));
            return hosted.next().unwrap_or(HostMatch::None);
        }
        // `name.namespace`, where the namespace is written nowhere.
        if let Some((name, space)) = host.split_once('.')
            && !space.contains('.')
            && !matches!(space, "com" | "org" | "net" | "io" | "dev" | "app" | "ai" | "co" | "me" | "sh" | "cloud")
        {
            let found = answer(self.names.names.get(name));
            if found != HostMatch::None {
                return found;
            }
        }
        answer(self.names.aliases.get(inner.unwrap_or(&host)))
    }
    /// Whether a host is the machine on which the services run.
    pub fn is_machine(&self, host: &str) -> bool {
        is_local(host) || self.names.machine.contains(host) && !self.names.names.contains_key(host)
    }
    /// The service whose name or alias is the stem of a variable: `ORDER_SERVICE_URL`, `NEXT_PUBLIC_API_BASE_URL`. An inference, one tier below
    /// hosts.
    pub fn service_of_stem(&self, env_name: &str) -> HostMatch {
        let name = env_name.to_ascii_lowercase();
        let mut found = stems(&name).map(|stem| answer(self.names.stems.get(&normal(stem))));
        found.find(|found| *found != HostMatch::None).unwrap_or(HostMatch::None)
    }

    /// Whether the stem of a variable is made of words of a service's name, not all of which name any service: `BILLS_URL` for `reader-bills`.
    pub(crate) fn has_words_of_stem(service: &str, env_name: &str) -> bool {
        let name = env_name.to_ascii_lowercase();
        let Some(stem) = stems(&name).last() else { return false };
        let service = words(service);
        let is_telling = |word: &str| !ADDRESS_WORDS.contains(&word) && !NAMES_ANY.contains(&word);
        stem.split('_').all(|word| service.iter().any(|own| own == word)) && stem.split('_').any(is_telling)
    }
}
