//! Static spans as lines of text, before any service's environment is put in: how the catalog's examples say what they find.
//!
//! The format is documented at [`Example::finds`](portolan_grammars::catalog::Example). What deliberately does not live here: what a service
//! makes of a span ([`super::assemble`]). Invariant: a line says nothing that its code alone does not decide.

use std::collections::BTreeSet;

use portolan_grammars::catalog::{Operation, TracingRole};
use portolan_grammars::facts::Symbol;

use super::assemble::endpoints::Routes;
use super::assemble::stores::{connections, is_sql, system_of_scheme, table};
use super::library::is_unnamed;
use super::link::{AccessDecl, ConnectionDecl, FileLink, Request, Url, shown_name};
use super::paths::{HOLE, normal_route, optional_forms};
use super::value::{ClassRef, Part, Pattern};
use crate::FunctionRef;
use crate::world::Snapshot;

/// A line for each static span of a snapshot's files, sorted; one for several that no line could tell apart.
pub fn describe(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = BTreeSet::new();
    let connections = connections(&snapshot.files, &snapshot.workspace, &snapshot.links);
    lines.extend(connections.iter().map(store));
    for link in snapshot.links.iter().flatten() {
        calls(link, &mut lines);
        served(link, &mut lines);
        messages(link, &mut lines);
        around(link, &mut lines);
        let accesses = link.accesses.iter();
        lines.extend(accesses.flat_map(|access| self::accesses(snapshot, access, access_system(&connections, access))));
    }
    routes(snapshot, &mut lines);
    lines.into_iter().collect()
}

/// The tables of an access.
fn accesses(snapshot: &Snapshot, access: &AccessDecl, system: Symbol) -> impl Iterator<Item = String> {
    access.collections.iter().map(move |used| {
        let name = match &used.said {
            Some(said) => text(said).into(),
            None => table(&snapshot.files, &snapshot.workspace.prisma, access, &used.name),
        };
        let operation = match used.operation {
            Operation::Read => "read",
            Operation::Write => "write",
        };
        format!("CLIENT {system} {operation} {name}")
    })
}

/// What a file answers other than by routes.
fn served(link: &FileLink, lines: &mut BTreeSet<String>) {
    lines.extend(link.entry.then(|| "ENTRY".to_owned()));
    lines.extend(link.rpc_handlers.iter().map(|handler| format!("RPC SERVER {}/{}", handler.service, handler.method)));
    lines.extend(link.rpc_over_http.iter().map(|(service, _)| format!("RPC OVER HTTP {service}")));
    let handlers = link.operation_handlers.iter();
    lines.extend(handlers.map(|handler| format!("{} SERVER {}", handler.protocol.as_str().to_uppercase(), handler.name)));
}

/// Messages, and how queues are bound.
fn messages(link: &FileLink, lines: &mut BTreeSet<String>) {
    for message in &link.messages {
        let kind = if message.consumes { "CONSUMER" } else { "PRODUCER" };
        for destination in &message.destinations {
            let mut name = text(destination);
            if is_unnamed(&name) {
                continue;
            }
            if name.is_empty()
                && let Some(key) = &message.routing_key
            {
                name = text(key);
            }
            lines.insert(format!("{kind} {} {}", message.system, shown_name(&name)));
        }
    }
    let bound = link.bindings.iter().map(|binding| ("BINDING", binding));
    for (kind, binding) in bound.chain(link.dead_letters.iter().map(|letter| ("DEAD LETTER", letter))) {
        let first = |patterns: &[Pattern]| patterns.first().map(text).unwrap_or_default();
        let of_queue = first(&binding.queues);
        let of_queue = if is_unnamed(&of_queue) { HOLE.to_owned() } else { of_queue };
        let (queue, exchange, key) = (of_queue, first(&binding.exchanges), first(&binding.routing_keys));
        lines.insert(format!("{kind} {} {queue} {exchange}/{key}", binding.system).trim_end_matches('/').to_owned());
    }
}

/// What stands around spans: traces, transactions, tasks, limits and retries.
fn around(link: &FileLink, lines: &mut BTreeSet<String>) {
    for tracing in &link.tracing {
        let (role, what) = match tracing.role {
            TracingRole::Init => ("init", tracing.covers.join(",")),
            TracingRole::Start => ("start", String::new()),
            TracingRole::Exporter => ("exporter", String::new()),
            TracingRole::Wrapper => ("wrapper", String::new()),
            TracingRole::Layer => ("layer", String::new()),
            TracingRole::Carrier => ("carrier", String::new()),
            TracingRole::Span => ("span", tracing.name.to_string()),
            TracingRole::Instrumentation => continue,
        };
        lines.insert(format!("TRACING {role} {what}").trim_end().to_owned());
    }
    lines.extend(link.transactions.iter().map(|transaction| format!("TRANSACTION {}", transaction.callee)));
    lines.extend(link.spawns.iter().map(|(_, callee)| format!("SPAWN {callee}")));
    lines.extend(link.limits.iter().map(|(_, callee, _)| format!("LIMIT {callee}")));
    lines.extend(link.retries.iter().map(|retry| format!("RETRY {}", retry.name)));
}

/// Routes and gateways, which are mounted across files.
fn routes(snapshot: &Snapshot, lines: &mut BTreeSet<String>) {
    let routes = Routes::collect(&snapshot.links);
    let everything = |_: FunctionRef| true;
    let any_module = |_: ClassRef| true;
    for route in &routes.routes {
        for path in routes.paths(route, &everything, &any_module) {
            lines.extend(optional_forms(&text(&path)).iter().map(|form| format!("SERVER {} {}", route.method, normal_route(form))));
        }
    }
    let when = |development: bool| if development { " in development" } else { "" };
    for proxy in &routes.proxies {
        for prefix in routes.proxied(proxy, &everything) {
            let prefix = text(&prefix);
            let prefix = prefix.trim_start_matches('/').split('*').next().unwrap_or_default().trim_end_matches('/');
            let targets = proxy.targets.iter().map(|target| text(&target.pattern));
            lines.extend(targets.map(|target| format!("GATEWAY /{prefix} {target}{}", when(proxy.development))));
        }
    }
    for rule in snapshot.links.iter().flatten().flat_map(|link| &link.table_rules) {
        let path = text(&rule.path);
        let prefix = path.trim_start_matches(['^', '/']).split(['*', ':']).next().unwrap_or_default().trim_end_matches('/');
        let targets = rule.targets.iter().map(text).filter(|target| !target.starts_with('/'));
        lines.extend(targets.map(|target| format!("GATEWAY /{prefix} {target}{}", when(rule.development))));
    }
}

/// Requests to others.
fn calls(link: &FileLink, lines: &mut BTreeSet<String>) {
    for operation in &link.operations {
        lines.extend(operation.names.iter().map(|name| format!("{} CLIENT {name}", operation.protocol.as_str().to_uppercase())));
    }
    for call in &link.calls {
        match &call.request {
            Request::Http { method, urls } => {
                let method = method.as_deref().unwrap_or("*");
                lines.extend(urls.iter().map(|url| format!("CLIENT {method} {}", without_query(&text(&url.pattern)))));
            }
            Request::Rpc { service, method, .. } => {
                lines.insert(format!("RPC CLIENT {service}/{method}"));
            }
            Request::Sdk { peers, addresses, operation, .. } => {
                let known = |address: &&Url| !address.pattern.parts.iter().all(|part| matches!(part, Part::Hole(_) | Part::Param(..)));
                let of_address = addresses.iter().find(known).map(|address| store_name(&text(&address.pattern)));
                let peer = of_address.or_else(|| peers.first().map(ToString::to_string)).unwrap_or_else(|| HOLE.to_owned());
                lines.insert(format!("SDK {peer} {operation}"));
            }
        }
    }
}

/// A text with `${NAME}` for a variable and `{}` for what is decided at run time.
fn text(pattern: &Pattern) -> String {
    pattern.parts.iter().fold(String::new(), |mut text, part| {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Env { name, .. } => text.extend(["${", name.as_str(), "}"]),
            Part::Origin(url) => {
                let url = self::text(url);
                let authority = url.find("://").map_or(0, |at| at + 3);
                let end = url[authority..].find('/').map_or(url.len(), |at| authority + at);
                text.push_str(&url[..end]);
            }
            Part::Param(..) | Part::NamedByCaller { .. } | Part::Setting { .. } | Part::Changed(..) | Part::Hole(_) => text.push_str(HOLE),
        }
        text
    })
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// The system of an access: its own, or that of the connection that it goes through, else of the only one that it can.
fn access_system(connections: &[ConnectionDecl], access: &AccessDecl) -> Symbol {
    if access.system != "*" {
        return access.system.clone();
    }
    let through = connections.iter().filter(|connection| Some(connection.site) == access.connection).map(system).next();
    let mut all: Vec<Symbol> = connections.iter().map(system).filter(|system| is_sql(system)).collect();
    all.sort();
    all.dedup();
    match (through, all.as_slice()) {
        (Some(system), _) => system,
        (None, [only]) => only.clone(),
        (None, _) => access.system.clone(),
    }
}

/// The system of a connection, as it says or as its URL's scheme does.
fn system(connection: &ConnectionDecl) -> Symbol {
    let by_scheme = |url: &Url| text(&url.pattern).split_once("://").and_then(|(scheme, _)| system_of_scheme(scheme));
    let known = connection.urls.first().and_then(by_scheme).filter(|_| connection.system == "*");
    known.map_or_else(|| connection.system.clone(), Symbol::from)
}

fn store(connection: &ConnectionDecl) -> String {
    let texts = |urls: &[Url]| urls.first().map(|url| text(&url.pattern)).unwrap_or_default();
    let name = match connection.urls.first() {
        Some(Url { pattern, .. }) => store_name(&text(pattern)),
        None => {
            let parts = [store_name(&texts(&connection.hosts)), texts(&connection.databases)];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
        }
    };
    format!("STORE {} {name}", system(connection)).trim_end().to_owned()
}

/// Host and database of a URL: `db/shop`.
fn store_name(url: &str) -> String {
    let url = without_query(url);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let port = |port: &str| port == HOLE || port.bytes().all(|byte| byte.is_ascii_digit());
    let host = host.rsplit_once(':').filter(|(_, last)| port(last)).map_or(host, |(host, _)| host);
    let database = database.trim_end_matches('/');
    if database.is_empty() { host.to_owned() } else { format!("{host}/{database}") }
}
