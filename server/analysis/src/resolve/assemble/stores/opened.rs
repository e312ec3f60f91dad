//! Which store each line that opens one opens, in each service that runs it.
//!
//! Where a line's address is unknown, services that open it by the same line of code share the store, and those that run different code do not;
//! lines of one package that the same services run open one store, for all that is known. Of arms of which one runs, those that say no address
//! open what another one says. A client that only sends requests opens nothing by itself: what a library makes as it is loaded is a service's
//! store only where the service asks it for something.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_grammars::facts::{FunctionId, RegionKind, Symbol};
use rustc_hash::FxHashMap;

use super::identity::{identity, system_of};
use crate::FunctionRef;
use crate::chart::{ServiceIndex, Store};
use crate::files::Files;
use crate::resolve::assemble::reach::Reach;
use crate::resolve::assemble::{Input, Places};
use crate::resolve::link::{ConnectionDecl, Request};
use crate::resolve::value::{CallRef, Part};

/// The stores that lines open.
#[derive(Default)]
pub(super) struct Opened {
    /// By id.
    pub(super) stores: BTreeMap<Symbol, Store>,
    /// The id of what a call opens in a service.
    pub(super) by: FxHashMap<(ServiceIndex, CallRef), Symbol>,
}

/// A line that opens a store, in one of the services that run it.
struct Line<'a> {
    connection: &'a ConnectionDecl,
    service: ServiceIndex,
    /// All services that run it.
    running: Arc<[ServiceIndex]>,
    identity: Option<(Symbol, Symbol)>,
}

/// Opens what all services open.
pub(super) fn open(input: &Input<'_>, reach: &Reach, connections: &[ConnectionDecl]) -> Opened {
    let lines = lines(input, reach, connections);
    let arms = Arms::of(input, &lines);
    let (mut opened, mut unknown) = (Opened::default(), FxHashMap::default());
    for line in lines {
        let identity = arms.identity(input, &line);
        opened.add(input, line, identity, &mut unknown);
    }
    opened
}

fn lines<'a>(input: &Input<'_>, reach: &Reach, connections: &'a [ConnectionDecl]) -> Vec<Line<'a>> {
    let requests = Requests::of(input);
    let mut lines = Vec::new();
    for connection in connections {
        let opens =
            |service: &ServiceIndex| reach.opens(*service, connection.function) && requests.are_made(input, reach, *service, connection);
        let running: Arc<[ServiceIndex]> = input.own_services().filter(opens).collect();
        lines.extend(running.iter().map(|&service| {
            let identity = identity(input, reach, service, connection);
            Line { connection, service, running: running.clone(), identity }
        }));
    }
    lines
}

/// What a line without a known address opens: its system, the package it stands in, and the services that run it.
type Unknown = (Symbol, Option<usize>, Arc<[ServiceIndex]>);

impl Opened {
    fn add(&mut self, input: &Input<'_>, line: Line<'_>, identity: Option<(Symbol, Symbol)>, unknown: &mut FxHashMap<Unknown, Symbol>) {
        let Line { connection, service, running, .. } = line;
        let identified = identity.is_some();
        let (id, system) = identity.unwrap_or_else(|| {
            // The same line opens the same database in whatever service runs it, for all that is known.
            let place = input.files.path(connection.site.file);
            let system = system_of(input, service, connection.site.file, &connection.system);
            let id = || format!("{system}:{place}#{}", connection.site.call.0).into();
            let key = (system.clone(), input.workspace.package_of(place), running);
            (unknown.entry(key).or_insert_with(id).clone(), system)
        });
        self.by.insert((service, connection.site), id.clone());
        let place = Places { files: input.files }.call(connection.site);
        let store =
            self.stores.entry(id.clone()).or_insert_with(|| Store { id, system, identified, users: Vec::new(), collections: Vec::new() });
        if !store.users.contains(&(service, place)) {
            store.users.push((service, place));
        }
    }
}

/// What arms of functions are known to open in services, each with its system.
struct Arms(FxHashMap<(FunctionRef, ServiceIndex), Vec<(Symbol, Symbol)>>);

impl Arms {
    fn of(input: &Input<'_>, lines: &[Line<'_>]) -> Self {
        let mut arms: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for line in lines.iter().filter(|line| is_arm(input.files, line.connection.site)) {
            let known = line.identity.clone().filter(|(id, _)| !is_unset(id));
            arms.entry((line.connection.function, line.service)).or_default().extend(known);
        }
        Self(arms)
    }

    /// What a line opens. Where a variable that nobody sets would say another store, the one that is set is opened.
    fn identity(&self, input: &Input<'_>, line: &Line<'_>) -> Option<(Symbol, Symbol)> {
        let Line { connection, service, identity, .. } = line;
        let is_open = match identity {
            Some((id, _)) => is_unset(id),
            None => says_nothing(connection),
        };
        let other = || only_of(self.0.get(&(connection.function, *service))?, &connection.system);
        let other = if is_open && is_arm(input.files, connection.site) { other() } else { None };
        other.or_else(|| identity.clone())
    }
}

/// Functions that send a request to a system, each with its package, by that system.
struct Requests<'a>(FxHashMap<&'a Symbol, Vec<(FunctionRef, Option<usize>)>>);

impl<'a> Requests<'a> {
    fn of(input: &Input<'a>) -> Self {
        let mut requests: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for call in input.links.iter().flatten().flat_map(|link| &link.calls) {
            let Request::Sdk { peers, .. } = &call.request else { continue };
            for peer in peers {
                requests.entry(peer).or_default().push((call.function, package_of(input, call.function)));
            }
        }
        Self(requests)
    }

    /// Whether a service sends any to what a line opens, by whatever package's code, or the line tells that it is the service's by itself: it is
    /// the service's own, or runs where a function is called. Where the line's package sends none, others do so in ways that are not seen.
    fn are_made(&self, input: &Input<'a>, reach: &Reach, service: ServiceIndex, connection: &ConnectionDecl) -> bool {
        let package = package_of(input, connection.function);
        if connection.function.function != FunctionId::MODULE || package == input.workspace.deployments[service.index()].package {
            return true;
        }
        let Some(all) = self.0.get(&connection.system) else { return true };
        all.iter().all(|(_, of)| *of != package) || all.iter().any(|(function, _)| reach.has(service, *function))
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
