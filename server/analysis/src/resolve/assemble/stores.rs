//! Stores: which databases there are, who opens them, and who reads and writes what in them.
//!
//! A store's identity is its system, host and database, as each service's environment gives them. Where that is unknown, services that open it
//! by the same line of code share it, and those that run different code do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8Path;
use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Manifest, Prisma};
use rustc_hash::{FxHashMap, FxHashSet};

use super::reach::Reach;
use super::text::{self, Address};
use super::{Input, Places};
use crate::FileId;
use crate::chart::{Access, Collection, ServiceIndex, Status, Store};
use crate::files::Files;
use crate::resolve::data::system_of_dialect;
use crate::resolve::link::{AccessDecl, ConnectionDecl, FileLink, Url};
use crate::resolve::value::{CallRef, Part, Pattern};
use crate::workspace::HostMatch;

/// All stores, by id.
pub(super) fn find(input: &Input<'_>, reach: &Reach) -> Vec<Store> {
    let places = Places { files: input.files };
    let mut stores: BTreeMap<Symbol, Store> = BTreeMap::new();
    // Which store a service's connection call opened.
    let mut opened: FxHashMap<(ServiceIndex, CallRef), Symbol> = FxHashMap::default();
    let services: Vec<ServiceIndex> = (0..input.workspace.services.len() as u32)
        .map(ServiceIndex)
        .filter(|service| !input.workspace.services[service.index()].third_party)
        .collect();
    for connection in &connections(input.files, input.links) {
        for &service in &services {
            if !reach.runs(service, connection.function) {
                continue;
            }
            let Some((id, system)) = identity(input, reach, service, connection) else { continue };
            let place = places.call(connection.site);
            opened.insert((service, connection.site), id.clone());
            let store = stores.entry(id.clone()).or_insert_with(|| Store { id, system, users: Vec::new(), collections: Vec::new() });
            if !store.users.contains(&(service, place)) {
                store.users.push((service, place));
            }
        }
    }
    let models = prisma_models(input.files);
    let mut collections: BTreeMap<(Symbol, Symbol), Vec<Access>> = BTreeMap::new();
    // Which services write to models of which file: they run the hooks of its schemas.
    let accesses = || input.links.iter().flatten().flat_map(|link| &link.accesses);
    let writes = |access: &&AccessDecl| access.hook_of.is_none() && access.collections.iter().any(|used| used.operation != Operation::Read);
    let mut writers: FxHashSet<(ServiceIndex, FileId)> = FxHashSet::default();
    for access in accesses().filter(writes) {
        if let Some(model) = access.connection {
            writers.extend(services.iter().filter(|service| reach.has(**service, access.function)).map(|service| (*service, model.file)));
        }
    }
    for access in accesses() {
        for &service in &services {
            if !reach.has(service, access.function) || access.hook_of.is_some_and(|file| !writers.contains(&(service, file))) {
                continue;
            }
            let place = places.call(access.site);
            let own = access.connection.and_then(|call| opened.get(&(service, call)).cloned());
            let id = own.unwrap_or_else(|| store_of(&stores, service, &access.system, place));
            let store = stores.entry(id.clone()).or_insert_with(|| Store {
                id: id.clone(),
                system: if access.system == "*" { "sql".into() } else { access.system.clone() },
                users: Vec::new(),
                collections: Vec::new(),
            });
            if !store.users.iter().any(|(user, _)| *user == service) {
                store.users.push((service, place));
            }
            for used in &access.collections {
                let name = &used.name;
                let name = if access.prisma { models.get(name).cloned().unwrap_or_else(|| name.clone()) } else { name.clone() };
                let row = Access {
                    service,
                    operation: used.operation,
                    place,
                    function: access.function,
                    columns: used.columns.clone(),
                    status: Status::Exact,
                };
                let rows = collections.entry((id.clone(), name)).or_default();
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
    }
    for ((id, name), mut accesses) in collections {
        accesses.sort_by_key(|access| (access.service, access.place, access.operation));
        if let Some(store) = stores.get_mut(&id) {
            store.collections.push(Collection { name, accesses });
        }
    }
    let mut all: Vec<Store> = stores.into_values().collect();
    for store in &mut all {
        store.users.sort();
    }
    all
}

/// All connections, completed by what a Prisma schema says of its database.
pub(in crate::resolve) fn connections(files: &Files, links: &[Option<Arc<FileLink>>]) -> Vec<ConnectionDecl> {
    let schemas: Vec<(&Utf8Path, &Prisma)> = files
        .iter()
        .filter_map(|(_, path, facts)| match facts.manifest() {
            Some(Manifest::Prisma(schema)) if schema.provider.is_some() => Some((path, schema)),
            _ => None,
        })
        .collect();
    let complete = |connection: &ConnectionDecl| {
        let mut connection = connection.clone();
        if !connection.prisma {
            return connection;
        }
        // Of several schemas the one whose folder is nearest to the code.
        let code = files.path(connection.site.file);
        let shared = |path: &Utf8Path| path.components().zip(code.components()).take_while(|(a, b)| a == b).count();
        let Some((_, schema)) = schemas.iter().rev().max_by_key(|(path, _)| shared(path)) else { return connection };
        if let Some(system) = schema.provider.as_deref().and_then(system_of_dialect).filter(|_| connection.system == "*") {
            connection.system = system.into();
        }
        if connection.urls.is_empty() {
            let env = |name: &Symbol| Part::Env { name: name.clone(), default: None, guessed: false, source: None };
            let part =
                schema.url_env.as_ref().map(|name| env(&name.value)).or(schema.url.as_ref().map(|url| Part::Text(url.value.clone())));
            let url = |part| Url { pattern: Pattern::part(part), contexts: Vec::new(), passed: Vec::new() };
            connection.urls.extend(part.map(url));
        }
        connection
    };
    links.iter().flatten().flat_map(|link| &link.connections).map(complete).collect()
}

/// Whether a system is queried in SQL.
pub(in crate::resolve) fn is_sql(system: &str) -> bool {
    matches!(system, "postgresql" | "mysql" | "sqlite" | "mssql" | "sql" | "mariadb" | "other_sql")
}

/// The store that a service's access without a known connection goes to: its only one of that system.
fn store_of(stores: &BTreeMap<Symbol, Store>, service: ServiceIndex, system: &Symbol, place: crate::Place) -> Symbol {
    let fits = |store: &&Store| {
        store.users.iter().any(|(user, _)| *user == service) && (store.system == *system || (system == "*" && is_sql(&store.system)))
    };
    let mut fitting = stores.values().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => only.id.clone(),
        // Of several, or of none: a store known by its system alone, of that service's code.
        _ => {
            let system = if system == "*" { "sql" } else { system.as_str() };
            let _ = place;
            format!("{system}:unknown").into()
        }
    }
}

/// A store's id and system, as a connection call opens it in a service.
fn identity(input: &Input<'_>, reach: &Reach, service: ServiceIndex, connection: &ConnectionDecl) -> Option<(Symbol, Symbol)> {
    let mut system = connection.system.clone();
    for url in &connection.urls {
        if !url.contexts.iter().all(|context| reach.has(service, *context)) {
            continue;
        }
        for text in text::texts(input, service, &url.pattern) {
            if let Some((scheme, _)) = text.text.split_once("://")
                && let Some(known) = system_of_scheme(scheme)
                && system == "*"
            {
                system = known.into();
            }
            if let Address::Host { host, port: _, path } = Address::parse(&text.text) {
                let database = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
                let schema = path.split_once('?').and_then(|(_, query)| {
                    query.split('&').find_map(|pair| pair.strip_prefix("schema=").or_else(|| pair.strip_prefix("search_path=")))
                });
                if database.contains("{}") {
                    continue;
                }
                let host = named_host(input, &host);
                let mut id = format!("{system}:{host}");
                for part in [Some(database), schema].into_iter().flatten().filter(|part| !part.is_empty()) {
                    id = format!("{id}/{part}");
                }
                return Some((id.into(), concrete(system)));
            }
            if let Some(variable) = unset(&text.text) {
                return Some((format!("{system}:${{{variable}}}@{}", group_name(input, service)).into(), concrete(system)));
            }
        }
    }
    let first = |patterns: &[crate::resolve::value::Pattern]| {
        patterns
            .iter()
            .flat_map(|pattern| text::texts(input, service, pattern))
            .map(|text| text.text)
            .find(|text| !text.contains("{}") && !text.contains("${"))
    };
    let host = first(&connection.hosts).map(|host| named_host(input, &host));
    let database = first(&connection.databases);
    let id = match (host, database) {
        (Some(host), Some(database)) => format!("{system}:{host}/{database}"),
        (Some(host), None) => format!("{system}:{host}"),
        (None, Some(database)) => format!("{system}:{database}"),
        (None, None) => {
            // The same line opens the same database in whatever service runs it, for all that is known.
            let place = (input.files.path(connection.site.file), connection.site.call.0);
            format!("{system}:{}#{}", place.0, place.1)
        }
    };
    Some((id.into(), concrete(system)))
}

fn concrete(system: Symbol) -> Symbol {
    if system == "*" { "sql".into() } else { system }
}

/// A host by the name of the service that it is, so that aliases are one store.
fn named_host(input: &Input<'_>, host: &str) -> String {
    match input.workspace.service_of_host(host, None) {
        HostMatch::One(service, ..) => input.workspace.services[service.index()].id.to_string(),
        _ => host.to_owned(),
    }
}

fn group_name(input: &Input<'_>, service: ServiceIndex) -> Symbol {
    input.workspace.services[service.index()].id.clone()
}

fn unset(text: &str) -> Option<&str> {
    text.split_once("${")?.1.split('}').next()
}

/// `db.system.name` of a URL's scheme.
pub(in crate::resolve) fn system_of_scheme(scheme: &str) -> Option<&'static str> {
    Some(match scheme.split('+').next().unwrap_or(scheme) {
        "postgres" | "postgresql" => "postgresql",
        "mysql" | "mariadb" => "mysql",
        "sqlite" | "file" => "sqlite",
        "mongodb" => "mongodb",
        "redis" | "rediss" => "redis",
        "sqlserver" | "mssql" => "mssql",
        _ => return None,
    })
}

/// Prisma's models by the name that code has for them: `orderItem` → `order_items`.
pub(in crate::resolve) fn prisma_models(files: &Files) -> FxHashMap<Symbol, Symbol> {
    let mut models = FxHashMap::default();
    for (_, _, facts) in files.iter() {
        let Some(Manifest::Prisma(schema)) = facts.manifest() else { continue };
        for model in &schema.models {
            let mut characters = model.name.value.chars();
            let Some(first) = characters.next() else { continue };
            let accessor: Symbol = format!("{}{}", first.to_ascii_lowercase(), characters.as_str()).into();
            models.entry(accessor).or_insert_with(|| model.table.clone());
        }
    }
    models
}
