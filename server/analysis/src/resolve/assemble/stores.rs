//! Stores: which databases there are, who opens them, and who reads and writes what in them.
//!
//! A store's identity is its system, host, database and schema, as each service's environment gives them. Where that is unknown, services that
//! open it by the same line of code share it, and those that run different code do not; lines of one package that the same services run open
//! one store, for all that is known. Of arms of which one runs, those that say no address open what another one says. A client that only sends
//! requests opens nothing by itself: what a library makes as it is loaded is a service's store only where the service asks it for something.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_grammars::catalog::{Addition, Operation};
use portolan_grammars::facts::{CallId, FunctionId, RegionKind, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::reach::Reach;
use super::text::{self, Address};
use super::{Input, Places};
use crate::chart::{Access, Collection, ServiceIndex, Status, Store};
use crate::files::Files;
use crate::resolve::data::system_of_dialect;
use crate::resolve::link::{AccessDecl, ConnectionDecl, FileLink, Request, Url};
use crate::resolve::value::{CallRef, Part, Pattern};
use crate::workspace::prisma::{PrismaSchema, PrismaSchemas};
use crate::workspace::{HostMatch, Workspace};
use crate::{FileId, FunctionRef, Place};

/// All stores, by id.
pub(super) fn find(input: &Input<'_>, reach: &Reach) -> Vec<Store> {
    let places = Places { files: input.files };
    let mut stores: BTreeMap<Symbol, Store> = BTreeMap::new();
    // Which store a service's connection call opened.
    let mut opened: FxHashMap<(ServiceIndex, CallRef), Symbol> = FxHashMap::default();
    let services: Vec<ServiceIndex> = input.own_services().collect();
    let connections = connections(input.files, input.workspace, input.links);
    let requests = Requests::of(input);
    let mut unknown: FxHashMap<Unknown, Symbol> = FxHashMap::default();
    let mut known: FxHashMap<(FunctionRef, ServiceIndex), Vec<(Symbol, Symbol)>> = FxHashMap::default();
    let (mut lines, mut runnings) = (Vec::new(), Vec::new());
    for connection in &connections {
        let opens =
            |service: &ServiceIndex| reach.opens(*service, connection.function) && requests.are_made(input, reach, *service, connection);
        let running: Vec<ServiceIndex> = services.iter().copied().filter(opens).collect();
        for &service in &running {
            let identity = identity(input, reach, service, connection);
            if is_arm(input.files, connection.site) {
                known.entry((connection.function, service)).or_default().extend(identity.clone().filter(|(id, _)| !is_unset(id)));
            }
            lines.push((connection, runnings.len(), service, identity));
        }
        runnings.push(running);
    }
    for (connection, running, service, identity) in lines {
        // Where a variable that nobody sets would say another one, the one that is set is opened.
        let other_arm = || only_of(known.get(&(connection.function, service))?, &connection.system);
        let identity = match identity {
            Some((ref id, _)) if is_unset(id) && is_arm(input.files, connection.site) => other_arm().or(identity),
            None if is_arm(input.files, connection.site) && says_nothing(connection) => other_arm(),
            identity => identity,
        };
        let identified = identity.is_some();
        let (id, system) = identity.unwrap_or_else(|| {
            // The same line opens the same database in whatever service runs it, for all that is known.
            let place = input.files.path(connection.site.file);
            let system = system_of(input, service, connection.site.file, &connection.system);
            let key = (system.clone(), input.workspace.package_of(place), runnings[running].clone());
            let id = || format!("{system}:{place}#{}", connection.site.call.0).into();
            (unknown.entry(key).or_insert_with(id).clone(), system)
        });
        let place = places.call(connection.site);
        opened.insert((service, connection.site), id.clone());
        let store =
            stores.entry(id.clone()).or_insert_with(|| Store { id, system, identified, users: Vec::new(), collections: Vec::new() });
        if !store.users.contains(&(service, place)) {
            store.users.push((service, place));
        }
    }
    let mut collections: BTreeMap<(Symbol, Symbol), Rows> = BTreeMap::new();
    // Which services write to models of which file: they run the hooks of its schemas.
    let accesses = || input.links.iter().flatten().flat_map(|link| &link.accesses);
    let writes = |access: &&AccessDecl| access.hook_of.is_none() && access.collections.iter().any(|used| used.operation != Operation::Read);
    let mut writers: FxHashSet<(ServiceIndex, FileId)> = FxHashSet::default();
    for access in accesses().filter(writes) {
        if let Some(model) = access.connection {
            writers.extend(services.iter().filter(|service| reach.has(**service, access.function)).map(|service| (*service, model.file)));
        }
    }
    // Packages that open a database themselves, and those in which each service does.
    let package = |file: FileId| input.workspace.package_of(input.files.path(file));
    let opening: FxHashSet<usize> = connections.iter().filter_map(|connection| package(connection.site.file)).collect();
    let opened_in: FxHashSet<(ServiceIndex, usize)> =
        opened.keys().filter_map(|(service, site)| Some((*service, package(site.file)?))).collect();
    for access in accesses() {
        for &service in &services {
            if !reach.has(service, access.function) || access.hook_of.is_some_and(|file| !writers.contains(&(service, file))) {
                continue;
            }
            let place = places.call(access.site);
            let own = access.connection.and_then(|call| opened.get(&(service, call)).cloned());
            let of_schema = || {
                let schema = access.prisma.then(|| schema_of(input.files, &input.workspace.prisma, access)).flatten()?;
                // A client that a framework makes: its schema says what it opens.
                identity(input, reach, service, &complete(schema, None))
            };
            let known = own.map(|id| (id, access.system.clone())).or_else(of_schema);
            let identified = known.is_some();
            let (id, system) = match known {
                Some(known) => known,
                // What may never run of a library that opens its database itself is asked only by who has it opened.
                None if !reach.runs(service, access.function)
                    && package(access.site.file).is_some_and(|at| opening.contains(&at) && !opened_in.contains(&(service, at))) =>
                {
                    continue;
                }
                None => store_of(input, &stores, service, access),
            };
            let store = stores.entry(id.clone()).or_insert_with(|| Store {
                id: id.clone(),
                system: concrete(system),
                identified,
                users: Vec::new(),
                collections: Vec::new(),
            });
            if !store.users.iter().any(|(user, _)| *user == service) {
                store.users.push((service, place));
            }
            for used in &access.collections {
                let name = table(input.files, &input.workspace.prisma, access, &used.name);
                let row = Access {
                    service,
                    operation: used.operation,
                    place,
                    function: access.function,
                    columns: used.columns.clone(),
                    adds: used.adds.filter(|adds| *adds != Addition::Row || !has_unique_key(input, access, &name)),
                    status: Status::Exact,
                };
                let rows = collections.entry((id.clone(), name.clone())).or_default();
                rows.declared.extend(declared(input, &places, access, &name, &opened, service));
                if !rows.accesses.contains(&row) {
                    rows.accesses.push(row);
                }
            }
        }
    }
    let entities = Entities::of(input);
    for ((id, name), Rows { mut accesses, mut declared }) in collections {
        declared.extend(entities.nearest(input, &name, &accesses));
        accesses.sort_by_key(|access| (access.service, access.place, access.operation));
        declared.sort_unstable();
        declared.dedup();
        if let Some(store) = stores.get_mut(&id) {
            store.collections.push(Collection { name, declared, accesses });
        }
    }
    let mut all: Vec<Store> = stores.into_values().collect();
    for store in &mut all {
        store.users.sort();
    }
    all
}

/// Functions that send a request to a system, by that system and their package.
struct Requests<'a>(FxHashMap<(&'a Symbol, Option<usize>), Vec<FunctionRef>>);

impl<'a> Requests<'a> {
    fn of(input: &Input<'a>) -> Self {
        let mut requests: FxHashMap<_, Vec<FunctionRef>> = FxHashMap::default();
        for call in input.links.iter().flatten().flat_map(|link| &link.calls) {
            let Request::Sdk { peers, .. } = &call.request else { continue };
            for peer in peers {
                requests.entry((peer, package_of(input, call.function))).or_default().push(call.function);
            }
        }
        Self(requests)
    }

    /// Whether a service sends any to what a line opens, or the line tells that it is the service's by itself: it is the service's own, or runs
    /// where a function is called. Where its package sends none, others do so in ways that are not seen.
    fn are_made(&self, input: &Input<'a>, reach: &Reach, service: ServiceIndex, connection: &ConnectionDecl) -> bool {
        let package = package_of(input, connection.function);
        if connection.function.function != FunctionId::MODULE || package == input.workspace.deployments[service.index()].package {
            return true;
        }
        self.0.get(&(&connection.system, package)).is_none_or(|all| all.iter().any(|function| reach.has(service, *function)))
    }
}

fn package_of(input: &Input<'_>, function: FunctionRef) -> Option<usize> {
    input.workspace.package_of(input.files.path(function.file))
}

/// Whether a call stands in an arm of which one runs: `url ? new Client(url) : new Client({ host })`.
fn is_arm(files: &Files, call: CallRef) -> bool {
    let Some(facts) = files.source(call.file) else { return false };
    facts.region(facts.call(call.call).region).kind == RegionKind::Branch
}

/// Whether nothing is known of what a connection opens.
fn says_nothing(connection: &ConnectionDecl) -> bool {
    let mut said = connection.urls.iter().chain(&connection.hosts).chain(&connection.databases);
    said.all(|url| !url.pattern.parts.iter().any(|part| matches!(part, Part::Text(_) | Part::Env { .. })))
}

/// Whether a store's id is that of a variable which nobody sets.
fn is_unset(id: &str) -> bool {
    id.contains("${")
}

/// The only one of some stores, each with its system, that is of a system: what another line beside it opens, too, where that says no address.
fn only_of(stores: &[(Symbol, Symbol)], system: &Symbol) -> Option<(Symbol, Symbol)> {
    let mut fitting = stores.iter().filter(|(_, of)| *of == *system);
    let only = fitting.next()?;
    fitting.all(|other| other == only).then(|| only.clone())
}

/// Classes that are tables or collections, by what those are called.
struct Entities<'a>(FxHashMap<&'a Symbol, Vec<Place>>);

impl<'a> Entities<'a> {
    fn of(input: &Input<'a>) -> Self {
        let mut entities: FxHashMap<&Symbol, Vec<Place>> = FxHashMap::default();
        for (at, link) in input.links.iter().enumerate() {
            for (class, name) in link.iter().flat_map(|link| &link.entities) {
                let file = FileId(at as u32);
                let range = input.files.source(file).map(|facts| facts.type_def(*class).name_range);
                entities.entry(name).or_default().extend(range.map(|range| Place { file, range }));
            }
        }
        Self(entities)
    }

    /// Those of a name that stand in the package of code which reads or writes it; where none does, all.
    fn nearest(&self, input: &Input<'_>, name: &Symbol, accesses: &[Access]) -> Vec<Place> {
        let Some(places) = self.0.get(name) else { return Vec::new() };
        let package = |place: Place| input.workspace.package_of(input.files.path(place.file));
        let near = |place: &&Place| accesses.iter().any(|access| package(access.place) == package(**place));
        let near: Vec<Place> = places.iter().filter(near).copied().collect();
        if near.is_empty() { places.clone() } else { near }
    }
}

/// What is known of a collection.
#[derive(Default)]
struct Rows {
    accesses: Vec<Access>,
    declared: Vec<Place>,
}

/// Where the model is declared that an access goes through: the call that made it, or a schema of Prisma.
fn declared(
    input: &Input<'_>,
    places: &Places<'_>,
    access: &AccessDecl,
    table: &Symbol,
    opened: &FxHashMap<(ServiceIndex, CallRef), Symbol>,
    service: ServiceIndex,
) -> Option<Place> {
    if access.models {
        return schema_of(input.files, &input.workspace.prisma, access)?.declaration(table);
    }
    // A call that opened a database made no model.
    let made = access.connection.filter(|call| !opened.contains_key(&(service, *call)))?;
    Some(places.call(made))
}

/// What a line without a known address opens: its system, the package it stands in, and the services that run it.
type Unknown = (Symbol, Option<usize>, Vec<ServiceIndex>);

/// All connections, completed by what a Prisma schema says of its database.
pub(in crate::resolve) fn connections(files: &Files, workspace: &Workspace, links: &[Option<Arc<FileLink>>]) -> Vec<ConnectionDecl> {
    let of_schema = |connection: &ConnectionDecl| match workspace.prisma.of_code(files.path(connection.site.file), None) {
        Some(schema) if connection.prisma => complete(schema, Some(connection)),
        _ => connection.clone(),
    };
    links.iter().flatten().flat_map(|link| &link.connections).map(of_schema).collect()
}

/// A connection of a Prisma client, as far as the code says it, and for the rest its schema.
fn complete(schema: &PrismaSchema, connection: Option<&ConnectionDecl>) -> ConnectionDecl {
    let mut connection = connection.cloned().unwrap_or_else(|| ConnectionDecl {
        system: "*".into(),
        prisma: true,
        urls: Vec::new(),
        hosts: Vec::new(),
        databases: Vec::new(),
        site: CallRef { file: schema.file, call: CallId(0) },
        function: FunctionRef { file: schema.file, function: FunctionId::MODULE },
    });
    if let Some(system) = schema.provider.as_deref().and_then(system_of_dialect).filter(|_| connection.system == "*") {
        connection.system = system.into();
    }
    if connection.urls.is_empty() {
        let env = |name: &Symbol| Part::Env { name: name.clone(), default: None, guessed: false, source: None };
        let part = schema.url_env.as_ref().map(env).or(schema.url.as_ref().map(|url| Part::Text(url.clone())));
        connection.urls.extend(part.map(|part| Url::plain(Pattern::part(part))));
    }
    if connection.urls.is_empty() && connection.hosts.is_empty() && connection.databases.is_empty() {
        connection.databases.push(Url::plain(Pattern::text(schema.path.clone())));
    }
    connection
}

/// The schema that an access to a model means.
fn schema_of<'a>(files: &Files, schemas: &'a PrismaSchemas, access: &AccessDecl) -> Option<&'a PrismaSchema> {
    let model = access.collections.first().map(|used| &used.name).filter(|_| access.models);
    let code = access.connection.map_or(access.site.file, |connection| connection.file);
    schemas.of_code(files.path(code), model)
}

/// The table that an access means by a name.
pub(in crate::resolve) fn table(files: &Files, schemas: &PrismaSchemas, access: &AccessDecl, name: &Symbol) -> Symbol {
    let schema = if access.models { schema_of(files, schemas, access) } else { None };
    schema.and_then(|schema| schema.table(name)).unwrap_or(name).clone()
}

/// Whether a schema says that a second row with the same values is refused.
fn has_unique_key(input: &Input<'_>, access: &AccessDecl, table: &Symbol) -> bool {
    access.prisma && schema_of(input.files, &input.workspace.prisma, access).is_some_and(|schema| schema.has_unique_key(table))
}

/// Whether a system is queried in SQL.
pub(in crate::resolve) fn is_sql(system: &str) -> bool {
    matches!(system, "postgresql" | "mysql" | "sqlite" | "libsql" | "mssql" | "sql" | "mariadb" | "other_sql")
}

/// The store that a service's access without a known connection goes to, and its system: its only one of that system.
fn store_of(input: &Input<'_>, stores: &BTreeMap<Symbol, Store>, service: ServiceIndex, access: &AccessDecl) -> (Symbol, Symbol) {
    let system = &access.system;
    let fits = |store: &&Store| is_used(store, service, system);
    // The one that code of the same package opens: where there are several, each has a package of its own.
    let package = |file: FileId| input.workspace.package_of(input.files.path(file));
    let asking = package(access.site.file);
    let is_near = |store: &&Store| {
        !store.id.ends_with(":unknown")
            && store.users.iter().any(|(user, place)| *user == service && asking.is_some() && package(place.file) == asking)
    };
    let mut near = stores.values().filter(fits).filter(is_near);
    if let (Some(only), None) = (near.next(), near.next()) {
        return (only.id.clone(), only.system.clone());
    }
    let mut fitting = stores.values().filter(fits);
    let system = match (fitting.next(), fitting.next()) {
        (Some(only), None) => return (only.id.clone(), only.system.clone()),
        // Of several, or of none: a store known by its system alone, of that service's code.
        (Some(first), Some(_)) if stores.values().filter(fits).all(|store| store.system == first.system) => first.system.clone(),
        _ => system_of(input, service, access.site.file, system),
    };
    (format!("{system}:unknown").into(), system)
}

/// Whether a service is known to open a store, of a system.
fn is_used(store: &Store, service: ServiceIndex, system: &Symbol) -> bool {
    let speaks = store.system == *system || (system == "*" && is_sql(&store.system)) || (system == "sqlite" && store.system == "libsql");
    speaks && store.users.iter().any(|(user, _)| *user == service)
}

/// A store's id and system, as a connection call opens it in a service; `None` where nothing is known but the call.
fn identity(input: &Input<'_>, reach: &Reach, service: ServiceIndex, connection: &ConnectionDecl) -> Option<(Symbol, Symbol)> {
    let mut system = connection.system.clone();
    let built_for = system_of(input, service, connection.site.file, &system);
    for url in &connection.urls {
        if !url.contexts.iter().all(|context| reach.has(service, *context)) {
            continue;
        }
        for text in text::texts(input, service, &url.pattern) {
            if let Some((scheme, _)) = text.text.split_once("://") {
                match system_of_scheme(scheme) {
                    Some(known) if system == "*" => system = known.into(),
                    // SQLite is a file; what speaks its dialect at an address is libSQL's server, which all ask.
                    _ if system == "sqlite" && matches!(scheme, "libsql" | "http" | "https" | "ws" | "wss") => system = "libsql".into(),
                    _ => {}
                }
            }
            if system == "*" {
                system = built_for.clone();
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
                return Some((id.into(), system));
            }
            if let Some(variable) = unset(&text.text) {
                let owner = owner_name(input, service, connection.site.file);
                return Some((format!("{system}:${{{variable}}}@{owner}").into(), system));
            }
        }
    }
    let reached = |part: &&Url| part.contexts.iter().all(|context| reach.has(service, *context));
    let parts = connection.hosts.iter().chain(&connection.databases).filter(reached);
    let mut callers: Vec<&Vec<CallRef>> = parts.map(|part| &part.passed).filter(|passed| !passed.is_empty()).collect();
    callers.sort_unstable();
    callers.dedup();
    // What one caller passes goes together; where callers pass different ones, the line opens several.
    let of_caller = |caller: Option<&Vec<CallRef>>| {
        let first = |parts: &[Url]| {
            let passed = parts.iter().filter(reached).filter(|part| part.passed.is_empty() || Some(&part.passed) == caller);
            let mut texts = passed.flat_map(|part| text::texts(input, service, &part.pattern)).map(|text| text.text);
            texts.find(|text| !text.contains("{}") && !text.contains("${"))
        };
        let names_one = connection.databases.iter().any(|part| reached(&part) && (part.passed.is_empty() || Some(&part.passed) == caller));
        match (first(&connection.hosts).map(|host| named_host(input, &host)), first(&connection.databases)) {
            (Some(host), Some(database)) => Some(format!("{host}/{database}")),
            // A server has many databases: which one this is, is not known.
            (Some(_), None) if names_one => None,
            (host, database) => host.or(database),
        }
    };
    let mut all: Vec<String> = callers.iter().filter_map(|caller| of_caller(Some(caller))).collect();
    if callers.is_empty() {
        all.extend(of_caller(None));
    }
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [only] => {
            let system = if system == "*" { built_for } else { system };
            Some((format!("{system}:{only}").into(), system))
        }
        _ => None,
    }
}

/// The system of a line in code of a service; where only the connection would tell, that for which its package is built, else the service's.
fn system_of(input: &Input<'_>, service: ServiceIndex, file: FileId, system: &Symbol) -> Symbol {
    if system != "*" {
        return system.clone();
    }
    let packages = [input.workspace.package_of(input.files.path(file)), input.workspace.deployments[service.index()].package];
    let mut dialects = packages.into_iter().flatten().filter_map(|package| input.workspace.packages[package].sql_dialect);
    dialects.find_map(system_of_dialect).unwrap_or("sql").into()
}

fn concrete(system: Symbol) -> Symbol {
    if system == "*" { "sql".into() } else { system }
}

/// A host by the name of the service that it is, so that aliases are one store.
fn named_host(input: &Input<'_>, host: &str) -> String {
    // An endpoint is a host with a scheme and perhaps a port.
    let (host, port) = match Address::parse(host) {
        Address::Host { host, port, .. } => (host, port),
        _ => (host.to_owned(), None),
    };
    match (input.workspace.service_of_host(&host, port.as_deref()), port) {
        (HostMatch::One(service, ..), _) => input.workspace.services[service.index()].id.to_string(),
        (_, Some(port)) => format!("{host}:{port}"),
        _ => host,
    }
}

/// Whose a variable is that nobody sets: the service's, or that of the shared package whose code reads it.
fn owner_name(input: &Input<'_>, service: ServiceIndex, file: FileId) -> Symbol {
    let own = input.workspace.deployments[service.index()].package;
    match input.workspace.package_of(input.files.path(file)).filter(|package| own.is_some() && own != Some(*package)) {
        Some(package) => input.workspace.packages[package].name.trim_start_matches('@').into(),
        None => input.workspace.services[service.index()].id.clone(),
    }
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
        "libsql" => "libsql",
        "mongodb" => "mongodb",
        "redis" | "rediss" => "redis",
        "sqlserver" | "mssql" => "mssql",
        _ => return None,
    })
}
