//! Who reads or writes a table, by bounded context: services of one image or one package are one codebase, and count as one.
//!
//! What deliberately does not live here: whether that is wrong. Invariant: every access that counts is `exact` or `likely`.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::catalog::Operation;

use super::hard_coded_endpoint::is_local;
use super::{Context, exempt};
use crate::Place;
use crate::chart::{Access, Collection, ServiceIndex, Store};

/// One bounded context, and what it does to a table.
pub(super) struct Party<'a> {
    /// Names it, see [`Context::group`].
    pub(super) group: u64,
    /// Its services, sorted.
    pub(super) services: Vec<ServiceIndex>,
    /// Its reads or writes, by path and position; each place once.
    pub(super) accesses: Vec<&'a Access>,
}

impl Party<'_> {
    /// Its services' ids, joined by `+`: what it is known by.
    pub(super) fn name(&self, context: &Context<'_>) -> String {
        self.services.iter().map(|service| context.id(*service).as_str()).collect::<Vec<_>>().join("+")
    }

    /// The same for people: of many services one, and how many more there are.
    pub(super) fn shown(&self, context: &Context<'_>) -> String {
        match self.services.as_slice() {
            [first, others @ ..] if others.len() > 1 => format!("{} (and {} more)", context.id(*first), others.len()),
            _ => self.name(context),
        }
    }
}

/// Whether it is known which database a store is. Where nothing says so, each service may have one of its own.
pub(super) fn is_one_database(store: &Store) -> bool {
    store.identified && holds_tables(store)
}

/// Whether all services that open a store open the same. Of a file each has its own, and of a server on this machine, where only a default of the
/// code says so.
pub(super) fn is_same_for_all(context: &Context<'_>, store: &Store) -> bool {
    is_one_database(store) && names_database(store) && !store.is_embedded() && (!is_local(store.host()) || is_set(context, store))
}

/// Whether it is known which of a server's databases a store is, where clients may choose one for each of their questions: MongoDB's `client.db(name)`.
fn names_database(store: &Store) -> bool {
    store.system != "mongodb" || !store.identified || store.id.contains('/') || store.id.contains("${")
}

/// Whether a manifest gives a service that opens a store an address on this machine.
fn is_set(context: &Context<'_>, store: &Store) -> bool {
    let opens = |service: ServiceIndex| store.users.iter().any(|(user, _)| *user == service);
    let variables = context.chart.variables.iter().filter(|variable| opens(variable.service));
    variables.flat_map(|variable| &variable.values).any(|(value, _)| says(store, value))
}

/// Whether a value may be the address of a store on this machine: `localhost:5432`, `postgres://localhost/shop`; those of pages and of other
/// databases are not.
fn says(store: &Store, value: &str) -> bool {
    let value = value.split('?').next().unwrap_or_default();
    let is_of_store = value.split_once("://").is_none_or(|(scheme, rest)| {
        // A schema may stand behind the database's name.
        let name = store.id.split_once('/').map_or("", |(_, name)| name);
        let path = rest.split_once('/').map_or("", |(_, path)| path.trim_end_matches('/'));
        let is_named = name.strip_prefix(path).is_some_and(|behind| path.is_empty() || behind.is_empty() || behind.starts_with('/'));
        !scheme.starts_with("http") && (name.is_empty() || is_named)
    });
    is_of_store && value.split(['/', '@']).any(is_local)
}

/// Whether what a store holds are tables: keys of a cache and buckets are none.
pub(super) fn holds_tables(store: &Store) -> bool {
    matches!(store.collection_word(), "Table" | "Collection" | "Index")
}

/// Who does that to a collection, the one who does it in most places first. Code that stands beside a service's work does not count.
pub(super) fn parties<'a>(context: &Context<'_>, collection: &'a Collection, operation: Operation) -> Vec<Party<'a>> {
    let files = &context.snapshot.files;
    let counts = |access: &&Access| {
        access.operation == operation
            && access.status.is_settled()
            && !exempt::stands_beside(files.path(access.place.file))
            && !exempt::from_data_rules(context.chart.service(access.service))
    };
    let accesses: Vec<&Access> = collection.accesses.iter().filter(counts).collect();
    let mut groups_at: BTreeMap<Place, BTreeSet<u64>> = BTreeMap::new();
    for access in &accesses {
        groups_at.entry(access.place).or_default().insert(context.group(access.service));
    }
    let mut parties: BTreeMap<u64, Party<'a>> = BTreeMap::new();
    for access in accesses {
        // Top-level code of a library, and hooks that it registers, stand in every process that loads it; whether a service runs into the access
        // can only be told of functions that it calls.
        let shared = groups_at.get(&access.place).is_some_and(|groups| groups.len() > 1);
        if !shared || context.is_in_named_function(access.function) {
            let group = context.group(access.service);
            let party = parties.entry(group).or_insert_with(|| Party { group, services: Vec::new(), accesses: Vec::new() });
            if !party.services.contains(&access.service) {
                party.services.push(access.service);
            }
            // A library's access, run by two services of the group, is one place.
            if !party.accesses.iter().any(|other| other.place == access.place) {
                party.accesses.push(access);
            }
        }
    }
    let mut parties: Vec<Party<'a>> = parties.into_values().collect();
    for party in &mut parties {
        party.services.sort();
        party.accesses.sort_by(|a, b| (files.path(a.place.file), a.place.range).cmp(&(files.path(b.place.file), b.place.range)));
    }
    parties.sort_by_key(|party| (std::cmp::Reverse(party.accesses.len()), party.services.first().copied()));
    parties
}
