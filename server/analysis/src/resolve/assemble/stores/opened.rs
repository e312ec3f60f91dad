//! Which store each line that opens one opens, in each service that runs it.
//!
//! Where a line's address is unknown, services that open it by the same line of code share the store, and those that run different code do not;
//! lines of one package that the same services run open one store, for all that is known. Of lines of which one runs, arms of a function or what one
//! value may have been made by, those that say no address open what another one says. A client that only sends requests opens nothing by itself: what a library makes as it is loaded is a service's
//! store only where the service asks it for something.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_grammars::facts::{FunctionId, RegionKind, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::handles::Handles;
use super::identity::{identity, system_of};
use super::markers::Markers;
use crate::FunctionRef;
use crate::chart::{ServiceIndex, Store};
use crate::files::Files;
use crate::resolve::assemble::reach::Reach;
use crate::resolve::assemble::{Input, Places};
use crate::resolve::link::{AccessDecl, ClientUse, ConnectionDecl, Request};
use crate::resolve::value::{CallRef, Part};

/// The stores that lines open.
#[derive(Default)]
pub(super) struct Opened {
    /// By id.
    pub(super) stores: BTreeMap<Symbol, Store>,
    /// The id of what a call opens in a service.
    pub(super) by: FxHashMap<(ServiceIndex, CallRef), Symbol>,
    /// The id of what a service means by a type, where one line opens several; see [`Markers`].
    by_marker: FxHashMap<(ServiceIndex, Symbol), Symbol>,
    markers: Markers,
}

/// A store's id and its system.
type Identity = (Symbol, Symbol);

/// A line that opens a store, in one of the services that run it.
struct Line<'a> {
    connection: &'a ConnectionDecl,
    service: ServiceIndex,
    /// All services that run it.
    running: Arc<[ServiceIndex]>,
    identity: Option<Identity>,
}

/// Opens what all services open.
pub(super) fn open(input: &Input<'_>, reach: &Reach, connections: &[ConnectionDecl], handles: &Handles<'_>) -> Opened {
    let lines = lines(input, reach, connections);
    let arms = Arms::of(input, &lines);
    let open = lines.iter().filter(|line| line.identity.is_none());
    let markers = Markers::of(input, open.map(|line| line.connection.function));
    let known = |line: &Line<'_>| Some(((line.service, line.connection.site), line.identity.clone()?));
    let known: FxHashMap<(ServiceIndex, CallRef), Identity> = lines.iter().filter_map(known).collect();
    let (mut opened, mut unknown) = (Opened::default(), FxHashMap::default());
    for line in lines {
        let site = line.connection.site;
        let identity = arms.identity(input, &line).or_else(|| handles.opened_beside(reach, line.service, site, &known));
        let told = if identity.is_none() { markers.of_line(input, reach, line.service, line.connection.function) } else { Vec::new() };
        opened.add(input, line, identity, told, &mut unknown);
    }
    opened.markers = markers;
    opened
}

fn lines<'a>(input: &Input<'_>, reach: &Reach, connections: &'a [ConnectionDecl]) -> Vec<Line<'a>> {
    let requests = Requests::of(input);
    let mut lines = Vec::new();
    for connection in connections {
        let is_part = |service: ServiceIndex| connection.module.is_none_or(|module| reach.is_made_of(service, module));
        let opens = |service: &ServiceIndex| {
            reach.opens(*service, connection.function) && is_part(*service) && requests.are_made(input, reach, *service, connection)
        };
        let running: Arc<[ServiceIndex]> = input.own_services().filter(opens).collect();
        lines.extend(running.iter().map(|&service| {
            let identity = identity(input, reach, service, connection);
            Line { connection, service, running: running.clone(), identity }
        }));
    }
    lines
}

/// What a line without a known address opens: its system, the package it stands in, and the services that run it, or the type that tells it.
type Unknown = (Symbol, Option<usize>, Result<Symbol, Arc<[ServiceIndex]>>);

impl Opened {
    fn add(
        &mut self,
        input: &Input<'_>,
        line: Line<'_>,
        identity: Option<Identity>,
        told: Vec<Symbol>,
        unknown: &mut FxHashMap<Unknown, Symbol>,
    ) {
        let Line { connection, service, ref running, .. } = line;
        if let Some((id, system)) = identity {
            self.by.insert((service, connection.site), id.clone());
            return self.opens(input, &line, id, system, true);
        }
        // The same line opens the same database in whatever service runs it, for all that is known.
        let place = input.files.path(connection.site.file);
        let system = system_of(input, service, connection.site.file, &connection.system);
        let mut id = |told: Result<Symbol, Arc<[ServiceIndex]>>| {
            let suffix = told.as_ref().map_or_else(|_| String::new(), |marker| format!("<{marker}>"));
            let id = || format!("{system}:{place}#{}{suffix}", connection.site.call.0).into();
            unknown.entry((system.clone(), input.workspace.package_of(place), told)).or_insert_with(id).clone()
        };
        let ids: Vec<Symbol> = match told.as_slice() {
            [] => vec![id(Err(running.clone()))],
            told => told.iter().map(|marker| id(Ok(marker.clone()))).collect(),
        };
        if let [only] = ids.as_slice() {
            self.by.insert((service, connection.site), only.clone());
        }
        self.by_marker.extend(told.into_iter().zip(ids.iter().cloned()).map(|(marker, id)| ((service, marker), id)));
        ids.into_iter().for_each(|id| self.opens(input, &line, id, system.clone(), false));
    }

    fn opens(&mut self, input: &Input<'_>, line: &Line<'_>, id: Symbol, system: Symbol, identified: bool) {
        let place = Places { files: input.files }.call(line.connection.site);
        let store =
            self.stores.entry(id.clone()).or_insert_with(|| Store { id, system, identified, users: Vec::new(), collections: Vec::new() });
        if !store.users.contains(&(line.service, place)) {
            store.users.push((line.service, place));
        }
    }

    /// The store whose handles are given the table that an access asks for.
    pub(super) fn having(&self, handles: &Handles<'_>, reach: &Reach, service: ServiceIndex, access: &AccessDecl) -> Option<&Store> {
        let calls = handles.having(reach, service, access.declared_in?);
        let ids = calls.filter_map(|call| self.by.get(&(service, call)));
        let mut stores = ids.filter_map(|id| self.stores.get(id)).filter(|store| store.identified && !is_unset(&store.id));
        let first = stores.next()?;
        stores.all(|other| other.id == first.id).then_some(first)
    }

    /// The store that a function's types tell, and its system.
    pub(super) fn told(&self, service: ServiceIndex, function: FunctionRef) -> Option<&Store> {
        let marker = self.markers.of_access(function)?;
        self.stores.get(self.by_marker.get(&(service, marker.clone()))?)
    }
}

/// What lines are known to open in services of which another one may run instead, each with its system.
#[derive(Default)]
struct Arms {
    /// Arms of a function.
    beside: FxHashMap<(FunctionRef, ServiceIndex), Vec<Identity>>,
    /// Lines of which one opened what is used, for each of them.
    in_place: FxHashMap<(CallRef, ServiceIndex), Vec<Identity>>,
}

impl Arms {
    fn of(input: &Input<'_>, lines: &[Line<'_>]) -> Self {
        let mut arms = Self::default();
        let mut known: FxHashMap<CallRef, Vec<(ServiceIndex, &Identity)>> = FxHashMap::default();
        for line in lines {
            let set = line.identity.as_ref().filter(|(id, _)| !is_unset(id));
            known.entry(line.connection.site).or_default().extend(set.map(|set| (line.service, set)));
            if is_arm(input.files, line.connection.site) {
                arms.beside.entry((line.connection.function, line.service)).or_default().extend(set.cloned());
            }
        }
        for alternatives in alternatives(input) {
            let opened = alternatives.iter().flat_map(|call| known.get(call).into_iter().flatten());
            for (service, set) in opened {
                for call in &alternatives {
                    arms.in_place.entry((*call, *service)).or_default().push((*set).clone());
                }
            }
        }
        arms
    }

    /// What a line opens. Where a variable that nobody sets would say another store, the one that is set is opened.
    fn identity(&self, input: &Input<'_>, line: &Line<'_>) -> Option<Identity> {
        let Line { connection, service, identity, .. } = line;
        let is_open = match identity {
            Some((id, _)) => is_unset(id),
            None => says_nothing(connection),
        };
        let beside = || only_of(self.beside.get(&(connection.function, *service))?, &connection.system);
        let in_place = || only_of(self.in_place.get(&(connection.site, *service))?, &connection.system);
        let other = if is_open && is_arm(input.files, connection.site) { beside() } else { None };
        other.or_else(|| identity.clone()).or_else(|| if is_open { in_place() } else { None })
    }
}

/// Lines of which one opened what another one works through, or asks.
fn alternatives(input: &Input<'_>) -> Vec<Vec<CallRef>> {
    let links = || input.links.iter().flatten();
    let asked = links().flat_map(|link| &link.accesses).filter(|access| !access.others.is_empty());
    let asked = asked.map(|access| access.connection.iter().chain(&access.others).copied().collect::<Vec<_>>());
    let mut all: Vec<Vec<CallRef>> = links().flat_map(|link| link.alternatives.iter().cloned()).chain(asked).collect();
    all.iter_mut().for_each(|alternatives| alternatives.sort_unstable());
    all.sort_unstable();
    all.dedup();
    all
}

/// What is sent to systems whose clients send nothing by themselves.
struct Requests<'a> {
    /// Functions that send a request to a system, each with its package, by that system.
    sent: FxHashMap<&'a Symbol, Vec<(FunctionRef, Option<usize>)>>,
    /// What is done with a client, by the call that made it.
    uses: FxHashMap<CallRef, Vec<&'a ClientUse>>,
    /// Functions of which it is known by which client they send.
    known: FxHashSet<FunctionRef>,
}

impl<'a> Requests<'a> {
    fn of(input: &Input<'a>) -> Self {
        let mut uses: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for one in input.links.iter().flatten().flat_map(|link| &link.client_uses) {
            uses.entry(one.client).or_default().push(one);
        }
        let known = uses.values().flatten().map(|one| one.function).collect();
        let mut requests: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for call in input.links.iter().flatten().flat_map(|link| &link.calls) {
            let Request::Sdk { peers, .. } = &call.request else { continue };
            for peer in peers {
                requests.entry(peer).or_default().push((call.function, package_of(input, call.function)));
            }
        }
        Self { sent: requests, uses, known }
    }

    /// Whether a service sends any to what a line opens, by whatever package's code, or the line tells that it is the service's by itself: it is
    /// the service's own, or runs where a function is called. Where the line's package sends none, others do so in ways that are not seen.
    fn are_made(&self, input: &Input<'a>, reach: &Reach, service: ServiceIndex, connection: &ConnectionDecl) -> bool {
        let package = package_of(input, connection.function);
        if self.only_signs(reach, service, connection) {
            return false;
        }
        if connection.function.function != FunctionId::MODULE || package == input.workspace.deployments[service.index()].package {
            return true;
        }
        let Some(all) = self.sent.get(&connection.system) else { return true };
        all.iter().all(|(_, of)| *of != package) || all.iter().any(|(function, _)| reach.has(service, *function))
    }

    /// Whether a service signs by a client for others' requests, and sends none itself.
    fn only_signs(&self, reach: &Reach, service: ServiceIndex, connection: &ConnectionDecl) -> bool {
        let Some(uses) = self.uses.get(&connection.site) else { return false };
        let runs = |sends: bool| uses.iter().any(|one| one.sends == sends && reach.has(service, one.function));
        // Who sends by a client that is not known may do so by this one.
        let mut unknown = self.sent.get(&connection.system).into_iter().flatten().filter(|(function, _)| !self.known.contains(function));
        runs(false) && !runs(true) && !unknown.any(|(function, _)| reach.has(service, *function))
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
pub(super) fn is_unset(id: &str) -> bool {
    id.contains("${")
}

/// The only one of some stores, each with its system, that is of a system: what another line beside it opens, too, where that says no address.
fn only_of(stores: &[Identity], system: &Symbol) -> Option<Identity> {
    let mut fitting = stores.iter().filter(|(_, of)| *of == *system);
    let only = fitting.next()?;
    fitting.all(|other| other == only).then(|| only.clone())
}
