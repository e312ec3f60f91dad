//! By what a store is told from others: its system, host, database and schema, as each service's environment gives them.

use portolan_grammars::facts::Symbol;

use crate::FileId;
use crate::chart::ServiceIndex;
use crate::resolve::assemble::Input;
use crate::resolve::assemble::reach::Reach;
use crate::resolve::assemble::text::{self, Address};
use crate::resolve::data::system_of_dialect;
use crate::resolve::link::{ConnectionDecl, Url};
use crate::resolve::value::CallRef;
use crate::workspace::{Deployment, EnvValue, HostMatch};

/// A store's id and system, as a connection call opens it in a service; `None` where nothing is known but the call.
pub(super) fn identity(input: &Input<'_>, reach: &Reach, service: ServiceIndex, connection: &ConnectionDecl) -> Option<(Symbol, Symbol)> {
    let built_for = system_of(input, service, connection.site.file, &connection.system);
    let mut system = connection.system.clone();
    let mut open = None;
    for url in connection.urls.iter().filter(|url| runs(reach, service, url)) {
        for text in text::texts(input, service, &url.pattern) {
            // A line that opens another engine's databases does not run where that is the address.
            if is_of_another_engine(&text.text, &connection.system) {
                continue;
            }
            system = system_at(&text.text, system);
            if system == "*" {
                system = built_for.clone();
            }
            if let Some(address) = address(input, service, &system, &text.text) {
                return Some((format!("{system}:{address}").into(), system));
            }
            if let (Some(variable), false, None) = (unset(&text.text), is_host(&text.text), &open) {
                // What a manifest gives one service, and leaves open, is that service's.
                let given = text.variable.as_ref().is_some_and(|read| read != variable);
                let named = match Address::parse(&text.text) {
                    Address::Unset(host, _) if given => format!("${{{host}}}@{}", input.workspace.services[service.index()].id),
                    _ => of_variable(input, service, connection, variable),
                };
                open = Some((format!("{system}:{named}").into(), system.clone()));
            }
        }
        if open.is_some() {
            break;
        }
    }
    // A variable that nobody sets says less than a host beside it: `new Redis(port, host)`.
    let Some(parts) = parts(input, reach, service, connection) else { return open };
    let system = if system == "*" { built_for } else { system };
    Some((format!("{system}:{parts}").into(), system))
}

/// What is known by a variable alone that nobody sets.
fn of_variable(input: &Input<'_>, service: ServiceIndex, connection: &ConnectionDecl, variable: &str) -> String {
    let owner = giver(input, service, variable).unwrap_or_else(|| owner_name(input, service, connection.site.file));
    format!("${{{variable}}}@{owner}")
}

/// The file from which a service and others are given a variable, though nobody knows its value: what a compose file fills into several environments,
/// or a dotenv file that is given to several, is the same for all of them.
fn giver(input: &Input<'_>, service: ServiceIndex, variable: &str) -> Option<Symbol> {
    let all = &input.workspace.deployments;
    let own = &all[service.index()];
    let others = || all.iter().enumerate().filter(|(at, _)| *at != service.index()).map(|(_, other)| other);
    let filled = |deployment: &Deployment| {
        let written = format!("${{{variable}");
        let fills = |value: &&EnvValue| {
            value.rank == 0 && value.value.strip_prefix(&written).is_some_and(|rest| rest.starts_with(['}', ':', '-', '?']))
        };
        deployment.environment.values().flatten().find(fills).map(|value| value.place.file)
    };
    if let Some(file) = filled(own)
        && others().any(|other| filled(other) == Some(file))
    {
        return Some(input.files.path(file).as_str().into());
    }
    let is_shared = |path: &&Symbol| others().any(|other| other.env_files.contains(path));
    own.env_files.iter().find(is_shared).cloned()
}

fn runs(reach: &Reach, service: ServiceIndex, url: &Url) -> bool {
    url.contexts.iter().all(|context| reach.has(service, *context))
}

/// The system at a URL, for a line that opens `system`; `*` where only the URL would tell.
fn system_at(url: &str, system: Symbol) -> Symbol {
    let Some((scheme, _)) = url.split_once("://") else { return system };
    match system_of_scheme(scheme) {
        Some(known) if system == "*" => known.into(),
        // SQLite is a file; what speaks its dialect at an address is libSQL's server, which all ask.
        _ if system == "sqlite" && matches!(scheme, "libsql" | "http" | "https" | "ws" | "wss") => "libsql".into(),
        _ => system,
    }
}

/// Whether a URL's scheme is that of another engine than a line opens.
fn is_of_another_engine(url: &str, system: &str) -> bool {
    let engine = |system: &str| match system {
        "mysql" | "mariadb" => Some("mysql"),
        "sqlite" | "libsql" => Some("sqlite"),
        "postgresql" => Some("postgresql"),
        "mongodb" => Some("mongodb"),
        "redis" => Some("redis"),
        "mssql" => Some("mssql"),
        _ => None,
    };
    let said = url.split_once("://").and_then(|(scheme, _)| engine(system_of_scheme(scheme)?));
    matches!((said, engine(system)), (Some(said), Some(opened)) if said != opened)
}

fn is_host(url: &str) -> bool {
    matches!(Address::parse(url), Address::Host { .. })
}

/// Host, database and schema of a URL, `orders-db/shop/orders`; `None` where it has no host, or the database is not known. The schema that is the
/// default goes without saying.
fn address(input: &Input<'_>, service: ServiceIndex, system: &str, url: &str) -> Option<String> {
    let Address::Host { host, port, path } = Address::parse(url) else { return None };
    // `sqlite:{path}`: what looks like a host is the scheme.
    if !url.contains("://") && system_of_scheme(&host).is_some() && port.as_deref().is_none_or(str::is_empty) {
        return None;
    }
    let database = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    if database.contains("{}") {
        return None;
    }
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let schema = query.split('&').find_map(|pair| pair.strip_prefix("schema=").or_else(|| pair.strip_prefix("search_path=")));
    let schema = schema.filter(|schema| *schema != "public");
    let mut address = on_this_machine(input, service, system, &host, port.as_deref()).unwrap_or_else(|| named_host(input, service, &host));
    for part in [Some(database), schema].into_iter().flatten().filter(|part| !part.is_empty()) {
        address = format!("{address}/{part}");
    }
    Some(address)
}

/// Host and database, where a line is given them apart. What one caller passes goes together; where callers pass different ones, the line opens
/// several, and none is the one. A host by a variable that nobody sets counts where no caller says more.
fn parts(input: &Input<'_>, reach: &Reach, service: ServiceIndex, connection: &ConnectionDecl) -> Option<String> {
    let reached = |part: &&Url| runs(reach, service, part);
    let all = connection.hosts.iter().chain(&connection.databases).filter(reached);
    let mut callers: Vec<Option<&Vec<CallRef>>> = all.map(|part| Some(&part.passed).filter(|passed| !passed.is_empty())).collect();
    callers.sort_unstable();
    callers.dedup();
    if callers.len() > 1 {
        callers.retain(Option::is_some);
    }
    let said = |by_variable: bool| {
        let of = |caller: &Option<&Vec<CallRef>>| {
            let is_passed = |part: &&Url| reached(part) && (part.passed.is_empty() || Some(&part.passed) == *caller);
            parts_of_caller(input, service, connection, &is_passed, by_variable)
        };
        let mut found: Vec<String> = callers.iter().filter_map(of).collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let known = said(false);
    let mut found = if known.is_empty() { said(true) } else { known };
    if found.len() == 1 { found.pop() } else { None }
}

fn parts_of_caller(
    input: &Input<'_>,
    service: ServiceIndex,
    connection: &ConnectionDecl,
    is_passed: &dyn Fn(&&Url) -> bool,
    by_variable: bool,
) -> Option<String> {
    let texts = |parts: &[Url]| -> Vec<String> {
        let texts = parts.iter().filter(is_passed).flat_map(|part| text::texts(input, service, &part.pattern));
        texts.map(|text| text.text).filter(|text| !text.contains("{}")).collect()
    };
    let first = |texts: &[String]| texts.iter().find(|text| !text.contains("${")).cloned();
    let (hosts, databases) = (texts(&connection.hosts), texts(&connection.databases));
    let said = |host: String| {
        on_this_machine(input, service, &connection.system, &host, None).unwrap_or_else(|| named_host(input, service, &host))
    };
    let (mut host, mut database) = (first(&hosts).map(said), first(&databases));
    if by_variable {
        // Lines that read the same variable open the same, though nobody sets it.
        host = host.or_else(|| Some(of_variable(input, service, connection, unset_among(&hosts)?)));
        // Of one server's databases that holds where a manifest fills one variable into several services; else each may have its own.
        database = database.or_else(|| {
            let variable = unset_among(&databases)?;
            Some(format!("${{{variable}}}@{}", giver(input, service, variable)?))
        });
    }
    match (host, database) {
        (Some(host), Some(database)) => Some(format!("{host}/{database}")),
        // A server has many databases: which one this is, is not known.
        (Some(_), None) if connection.databases.iter().any(|part| is_passed(&part)) => None,
        (host, database) => host.or(database),
    }
}

/// Whether a system is queried in SQL.
pub(in crate::resolve) fn is_sql(system: &str) -> bool {
    matches!(system, "postgresql" | "mysql" | "sqlite" | "libsql" | "mssql" | "sql" | "mariadb" | "other_sql")
}

/// The system of a line in code of a service; where only the connection would tell, that for which its package is built, else the service's.
pub(super) fn system_of(input: &Input<'_>, service: ServiceIndex, file: FileId, system: &Symbol) -> Symbol {
    if system != "*" {
        return system.clone();
    }
    let packages = [input.workspace.package_of(input.files.path(file)), input.workspace.deployments[service.index()].package];
    let mut dialects = packages.into_iter().flatten().filter_map(|package| input.workspace.packages[package].sql_dialect);
    dialects.find_map(system_of_dialect).unwrap_or("sql").into()
}

pub(super) fn concrete(system: Symbol) -> Symbol {
    if system == "*" { "sql".into() } else { system }
}

/// The only service that is found at a port of the machine on which all run; a system at its usual one, where no other is said.
fn on_this_machine(input: &Input<'_>, from: ServiceIndex, system: &str, host: &str, port: Option<&str>) -> Option<String> {
    let port = port.or_else(|| usual_port(system)).filter(|_| input.workspace.is_machine(host))?;
    match input.workspace.service_of_host_from(from, host, Some(port)) {
        HostMatch::One(service, ..) => Some(input.workspace.services[service.index()].id.to_string()),
        _ => None,
    }
}

/// A host by the name of the service that it is, so that aliases are one store.
fn named_host(input: &Input<'_>, from: ServiceIndex, host: &str) -> String {
    // An endpoint is a host with a scheme and perhaps a port.
    let (host, port) = match Address::parse(host) {
        Address::Host { host, port, .. } => (host, port),
        _ => (host.to_owned(), None),
    };
    match (input.workspace.service_of_host_from(from, &host, port.as_deref()), port) {
        (HostMatch::One(service, ..), _) => input.workspace.services[service.index()].id.to_string(),
        (_, Some(port)) => format!("{host}:{port}"),
        _ => host,
    }
}

/// The port that a system listens on where nobody says another.
fn usual_port(system: &str) -> Option<&'static str> {
    Some(match system {
        "postgresql" => "5432",
        "mysql" | "mariadb" => "3306",
        "mongodb" => "27017",
        "redis" => "6379",
        _ => return None,
    })
}

/// Whose a variable is that nobody sets: the service's, or that of the shared package whose code reads it.
pub(super) fn owner_name(input: &Input<'_>, service: ServiceIndex, file: FileId) -> Symbol {
    let own = input.workspace.deployments[service.index()].package;
    match input.workspace.package_of(input.files.path(file)).filter(|package| own.is_some() && own != Some(*package)) {
        Some(package) => input.workspace.packages[package].name.trim_start_matches('@').into(),
        None => input.workspace.services[service.index()].id.clone(),
    }
}

fn unset(text: &str) -> Option<&str> {
    text.split_once("${")?.1.split('}').next()
}

/// The first variable that some of several texts leave open.
fn unset_among(texts: &[String]) -> Option<&str> {
    texts.iter().find_map(|text| unset(text))
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
