//! `shared-database`: services that are built apart open one database.
//!
//! What deliberately does not live here: what they do in it, see [`super::shared_table_writers`] and [`super::cross_service_read`]. Invariant: the
//! database is known by a host, a name or a variable, and every service that counts opens it.

use std::collections::BTreeMap;

use super::parties::holds_tables;
use super::{Context, Draft, Sink, exempt};
use crate::Place;
use crate::chart::{ServiceIndex, Store};
use crate::words::enumerate;

rule! {
    /// ## What it does
    /// Finds databases that services of two or more codebases open. Services of one image or one package are one codebase and count as one. Told
    /// once for each database, where the last of them opens it.
    ///
    /// It must be the same host, the same database and, where the connection names one, the same schema; a replica to read from is another.
    /// Caches and object stores do not count, nor do jobs, command line tools, and services that reset, seed, migrate or back up data.
    ///
    /// ## Why it matters
    /// Nobody can change a table without asking everybody, one service's long transaction holds up all, and whoever leaks a password leaks
    /// everyone's data. It is a cost, not a fault: many systems bear it, but it should be known.
    ///
    /// ## Example
    /// ```yaml
    /// services:
    ///   orders:
    ///     environment: { DATABASE_URL: "postgres://app:secret@db/shop" }
    ///   shipping:
    ///     environment: { DATABASE_URL: "postgres://app:secret@db/shop" }
    /// ```
    ///
    /// ## How to fix
    /// Give each service a database or at least a schema and a role of its own; let the others ask its owner, or keep a copy that events feed.
    "shared-database", Data, Information, "Services of several codebases open one database", check
}

/// The services of one codebase, and where each opens the database.
type Users = Vec<(ServiceIndex, Place)>;

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for store in context.chart.stores.iter().filter(|store| holds_tables(store)) {
        let mut groups: BTreeMap<u64, Users> = BTreeMap::new();
        for (service, place) in &store.users {
            if !exempt::from_data_rules(context.chart.service(*service)) {
                groups.entry(context.group(*service)).or_default().push((*service, *place));
            }
        }
        if groups.len() > 1 {
            report(context, sink, store, groups.into_values().flatten().collect());
        }
    }
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, store: &Store, mut users: Users) {
    users.sort_by_key(|(service, _)| *service);
    let Some((last, others)) = users.split_last() else { return };
    let names: Vec<&str> = users.iter().map(|(service, _)| context.id(*service).as_str()).collect();
    let related = others.iter().filter(|(_, place)| *place != last.1);
    sink.report(Draft {
        severity: None,
        message: format!("{} open the same database: {}", enumerate(&names), store.id),
        place: last.1,
        related: related.map(|(service, place)| (*place, format!("{} opens it", context.id(*service)))).collect(),
        services: users.iter().map(|(service, _)| *service).collect(),
        subject: vec![store.id.to_string()],
    });
}
