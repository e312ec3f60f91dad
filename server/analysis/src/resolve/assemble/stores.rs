//! Stores: which databases there are, who opens them, and who reads and writes what in them.
//!
//! What deliberately does not live here: which store a line opens ([`opened`]), and by what it is told from others ([`identity`]). Invariant: what
//! is asked without a known connection goes to a store that the service opens, or to one that is known by its system alone.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::catalog::{Addition, Operation};
use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use self::handles::Handles;
use self::identity::{concrete, identity, system_of};
use self::off::Off;
use self::opened::{Opened, is_unset};
use self::schemas::{complete, has_unique_key, schema_of};
use super::messages::texts;
use super::reach::Reach;
use super::{Input, Places};
use crate::chart::{Access, Collection, ServiceIndex, Status, Store};
use crate::resolve::link::{AccessDecl, CollectionUse, ConnectionDecl};
use crate::resolve::value::CallRef;
use crate::{FileId, Place};

mod handles;
mod identity;
mod markers;
mod off;
mod opened;
mod schemas;

pub(in crate::resolve) use identity::{is_sql, system_of_scheme};
pub(in crate::resolve) use schemas::{connections, table};

/// All stores, by id.
pub(super) fn find(input: &Input<'_>, reach: &Reach) -> Vec<Store> {
    let connections = connections(input.files, input.workspace, input.links);
    let handles = Handles::of(input);
    let opened = opened::open(input, reach, &connections, &handles);
    let package = |file: FileId| input.workspace.package_of(input.files.path(file));
    let mut found = Found {
        input,
        reach,
        opening: connections.iter().filter_map(|connection| package(connection.site.file)).collect(),
        opened_in: opened.by.keys().filter_map(|(service, site)| Some((*service, package(site.file)?))).collect(),
        writers: writers(input, reach),
        clients: clients(input, &connections, &opened),
        opened,
        handles,
        rows: BTreeMap::new(),
    };
    let off = Off::of(input, reach);
    for access in input.links.iter().flatten().flat_map(|link| &link.accesses) {
        let asked = off.asked(access);
        let services = input.own_services().filter(|service| reach.has(*service, access.function));
        services.filter(|service| !off.is_off(*service, access.function, &asked)).for_each(|service| found.add(service, access));
    }
    found.stores()
}

/// The stores that services open by the clients of which Prisma schema.
fn clients(input: &Input<'_>, connections: &[ConnectionDecl], opened: &Opened) -> FxHashMap<(ServiceIndex, FileId), BTreeSet<Symbol>> {
    let schema_at = |file: FileId| input.workspace.prisma.of_code(input.files.path(file), None);
    let clients = connections.iter().filter(|connection| connection.prisma).filter_map(|connection| {
        let schema = schema_at(connection.site.file)?;
        Some((connection.site, schema.file))
    });
    let schemas: FxHashMap<CallRef, FileId> = clients.collect();
    let mut found: FxHashMap<_, BTreeSet<Symbol>> = FxHashMap::default();
    for ((service, site), id) in &opened.by {
        if let Some(schema) = schemas.get(site) {
            found.entry((*service, *schema)).or_default().insert(id.clone());
        }
    }
    found
}

/// Which services write to models of which file: they run the hooks of its schemas.
fn writers(input: &Input<'_>, reach: &Reach) -> FxHashSet<(ServiceIndex, FileId)> {
    let writes = |access: &&AccessDecl| access.hook_of.is_none() && access.collections.iter().any(|used| used.operation != Operation::Read);
    let mut writers = FxHashSet::default();
    for access in input.links.iter().flatten().flat_map(|link| &link.accesses).filter(writes) {
        if let Some(model) = access.connection {
            let running = input.own_services().filter(|service| reach.has(*service, access.function));
            writers.extend(running.map(|service| (service, model.file)));
        }
    }
    writers
}

/// The stores that are found, and what is read and written in them.
struct Found<'a> {
    input: &'a Input<'a>,
    reach: &'a Reach,
    opened: Opened,
    handles: Handles<'a>,
    /// Packages that open a database themselves.
    opening: FxHashSet<usize>,
    /// Those in which a service does.
    opened_in: FxHashSet<(ServiceIndex, usize)>,
    writers: FxHashSet<(ServiceIndex, FileId)>,
    /// What a service's clients of each Prisma schema open.
    clients: FxHashMap<(ServiceIndex, FileId), BTreeSet<Symbol>>,
    rows: BTreeMap<(Symbol, Symbol), Rows>,
}

/// What is known of a collection.
#[derive(Default)]
struct Rows {
    accesses: Vec<Access>,
    declared: Vec<Place>,
}

impl Found<'_> {
    /// Adds what code reads and writes, if a service runs it.
    fn add(&mut self, service: ServiceIndex, access: &AccessDecl) {
        let hooked = access.hook_of.is_none_or(|file| self.writers.contains(&(service, file)));
        if !hooked {
            return;
        }
        let Some((id, system, identified)) = self.asked(service, access) else { return };
        let place = Places { files: self.input.files }.call(access.site);
        let store = self.opened.stores.entry(id.clone()).or_insert_with(|| Store {
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
            for named in self.named(service, used) {
                self.add_row(&id, service, access, &named, place);
            }
        }
    }

    /// A collection as a service names it; nothing where its environment does not say.
    fn named(&self, service: ServiceIndex, used: &CollectionUse) -> Vec<CollectionUse> {
        let Some(said) = &used.said else { return vec![used.clone()] };
        let names = texts(self.input, service, std::slice::from_ref(said));
        names.into_iter().map(|name| CollectionUse { name: name.into(), said: None, ..used.clone() }).collect()
    }

    /// The store that a service asks: its id, its system, and whether its address is known. `None` if what asks is not the service's.
    fn asked(&self, service: ServiceIndex, access: &AccessDecl) -> Option<(Symbol, Symbol, bool)> {
        let input = self.input;
        if let Some(id) = self.opened_by(service, access) {
            return Some((id, access.system.clone(), true));
        }
        // Some client of a schema: the service's only one, or one that a framework makes, of which the schema says what it opens.
        let schema = if access.prisma { schema_of(input.files, &input.workspace.prisma, access) } else { None };
        let client = schema.and_then(|schema| only(self.clients.get(&(service, schema.file))?));
        if let Some(store) = client.and_then(|id| self.opened.stores.get(id)) {
            return Some((store.id.clone(), store.system.clone(), store.identified));
        }
        if let Some((id, system)) = schema.and_then(|schema| identity(input, self.reach, service, &complete(schema, None))) {
            return Some((id, system, true));
        }
        // What may never run of a library that opens its database itself is asked only by who has it opened.
        let package = input.workspace.package_of(input.files.path(access.site.file));
        let is_others = |package| self.opening.contains(&package) && !self.opened_in.contains(&(service, package));
        if !self.reach.runs(service, access.function) && package.is_some_and(is_others) {
            return None;
        }
        let having = self.opened.having(&self.handles, self.reach, service, access);
        let told = having.or_else(|| self.opened.told(service, access.function)).filter(|store| speaks(store, &access.system));
        if let Some(store) = told {
            return Some((store.id.clone(), store.system.clone(), false));
        }
        let (id, system) = store_of(input, self.reach, &self.opened.stores, service, access);
        Some((id, system, false))
    }

    /// The store of the call that opened what an access goes through; none where several may have, and opened different ones.
    fn opened_by(&self, service: ServiceIndex, access: &AccessDecl) -> Option<Symbol> {
        let ids = access.connection.iter().chain(&access.others).filter_map(|call| self.opened.by.get(&(service, *call)));
        let mut ids: Vec<&Symbol> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        // Of several ways, the one for which an address is set.
        let is_set = |id: &Symbol| self.opened.stores.get(id).is_some_and(|store| store.identified) && !is_unset(id);
        let mut set = ids.iter().filter(|id| is_set(id));
        match (ids.as_slice(), set.next(), set.next()) {
            ([only], ..) => Some((*only).clone()),
            (_, Some(only), None) => Some((*only).clone()),
            _ => None,
        }
    }

    fn add_row(&mut self, store: &Symbol, service: ServiceIndex, access: &AccessDecl, used: &CollectionUse, place: Place) {
        let input = self.input;
        let name = table(input.files, &input.workspace.prisma, access, &used.name);
        let row = Access {
            service,
            operation: used.operation,
            place,
            function: access.function,
            columns: used.columns.clone(),
            adds: used.adds.filter(|adds| *adds != Addition::Row || !has_unique_key(input, access, &name)),
            detached: access.left,
            status: Status::Exact,
        };
        let declared = self.declared(access, &name, service);
        let rows = self.rows.entry((store.clone(), name)).or_default();
        rows.declared.extend(declared);
        if !rows.accesses.contains(&row) {
            rows.accesses.push(row);
        }
    }

    /// Where the model is declared that an access goes through: the call that made it, or a schema of Prisma.
    fn declared(&self, access: &AccessDecl, table: &Symbol, service: ServiceIndex) -> Option<Place> {
        let input = self.input;
        if access.models {
            return schema_of(input.files, &input.workspace.prisma, access)?.declaration(table);
        }
        // A call that opened a database made no model.
        let made = access.connection.filter(|call| !self.opened.by.contains_key(&(service, *call)))?;
        Some(Places { files: input.files }.call(made))
    }

    fn stores(mut self) -> Vec<Store> {
        let entities = Entities::of(self.input);
        for ((id, name), Rows { mut accesses, mut declared }) in self.rows {
            declared.extend(entities.nearest(self.input, &name, &accesses));
            accesses.sort_by_key(|access| (access.service, access.place, access.operation));
            declared.sort_unstable();
            declared.dedup();
            if let Some(store) = self.opened.stores.get_mut(&id) {
                store.collections.push(Collection { name, declared, accesses });
            }
        }
        let mut all: Vec<Store> = self.opened.stores.into_values().collect();
        for store in &mut all {
            store.users.sort();
        }
        all
    }
}

/// The store that a service's access without a known connection goes to, and its system: its only one of that system.
fn store_of(
    input: &Input<'_>,
    reach: &Reach,
    stores: &BTreeMap<Symbol, Store>,
    service: ServiceIndex,
    access: &AccessDecl,
) -> (Symbol, Symbol) {
    let system = &access.system;
    let fits = |store: &&Store| is_used(store, service, system);
    // The one that code of the same package opens: where there are several, each has a package of its own.
    let package = |file: FileId| input.workspace.package_of(input.files.path(file));
    let asking = package(access.site.file);
    let is_near = |store: &&Store| {
        !store.id.contains(":unknown")
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
    (unknown(input, reach, service, access, &system), system)
}

/// Systems that know tables by their names alone, whoever asks.
const OF_ACCOUNTS: [&str; 1] = ["dynamodb"];

/// A store of which no more is known than its system: each service has its own, and those that run the same code have that code's.
fn unknown(input: &Input<'_>, reach: &Reach, service: ServiceIndex, access: &AccessDecl, system: &Symbol) -> Symbol {
    if OF_ACCOUNTS.contains(&system.as_str()) {
        return format!("{system}:unknown").into();
    }
    let mut others = input.own_services().filter(|other| *other != service && reach.has(*other, access.function));
    let owner = match others.next() {
        Some(_) => identity::owner_name(input, service, access.site.file),
        None => input.workspace.services[service.index()].id.clone(),
    };
    format!("{system}:unknown@{owner}").into()
}

fn only(ids: &BTreeSet<Symbol>) -> Option<&Symbol> {
    ids.first().filter(|_| ids.len() == 1)
}

/// Whether a service is known to open a store, of a system.
fn is_used(store: &Store, service: ServiceIndex, system: &Symbol) -> bool {
    speaks(store, system) && store.users.iter().any(|(user, _)| *user == service)
}

/// Whether a store may be asked in the words of a system.
fn speaks(store: &Store, system: &Symbol) -> bool {
    store.system == *system || (system == "*" && is_sql(&store.system)) || (system == "sqlite" && store.system == "libsql")
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
