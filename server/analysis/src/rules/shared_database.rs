//! `shared-database`: services that are built apart open one database.
//!
//! What deliberately does not live here: what they do in it, see [`super::shared_table_writers`] and [`super::cross_service_read`]. Invariant: the
//! database is known by a host, a name or a variable, and every service that counts opens it.

use std::collections::{BTreeMap, BTreeSet};

use super::context::fitting;
use super::parties::is_same_for_all;
use super::{Context, Draft, Sink, exempt};
use crate::Place;
use crate::chart::{ServiceIndex, Store, store_variable};
use crate::words::enumerate_first;

/// How many services and databases are named.
const MAX_NAMES: usize = 4;

rule! {
    /// ## What it does
    /// Finds databases that services of two or more codebases open. Services of one image or one package are one codebase and count as one. Told
    /// once for all databases that the same codebases share, where the last of their services opens one.
    ///
    /// It must be the same host, the same database and, where the connection names one, the same schema; a replica to read from is another.
    /// Caches, search engines, object stores and files do not count, nor do servers on this machine that only a default of the code names, nor jobs,
    /// command line tools, and services that reset, seed, migrate or back up data.
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

/// The services that open a database, and where.
type Users = Vec<(ServiceIndex, Place)>;

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    // The same services share a primary and its replica, or one database for each part of their work: that is told once.
    let mut shared: BTreeMap<Vec<u64>, Vec<(&Store, Users)>> = BTreeMap::new();
    for store in context.chart.stores.iter().filter(|store| is_same_for_all(context, store) && store.collection_word() != "Index") {
        let counts = |(service, _): &&(ServiceIndex, Place)| !exempt::from_data_rules(context.chart.service(*service));
        let users: Users = store.users.iter().filter(counts).copied().collect();
        let groups: BTreeSet<u64> = users.iter().map(|(service, _)| context.group(*service)).collect();
        if groups.len() > 1 {
            shared.entry(groups.into_iter().collect()).or_default().push((store, users));
        }
    }
    for stores in shared.values() {
        report(context, sink, stores);
    }
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, stores: &[(&Store, Users)]) {
    let mut users: Users = stores.iter().flat_map(|(_, users)| users).copied().collect();
    users.sort();
    users.dedup();
    let Some(&last) = users.last() else { return };
    let services: BTreeSet<ServiceIndex> = users.iter().map(|(service, _)| *service).collect();
    let names: Vec<String> = services.iter().map(|service| context.id(*service).to_string()).collect();
    let titles: Vec<String> = stores.iter().map(|(store, _)| title(&store.id)).collect();
    let what = if stores.len() == 1 { "the same database".to_owned() } else { format!("the same {} databases", stores.len()) };
    let related = users.iter().filter(|(_, place)| *place != last.1);
    let draft = Draft {
        severity: None,
        message: fitting("", &names, &format!(" open {what}: {}", enumerate_first(&titles, MAX_NAMES))),
        place: last.1,
        related: related.map(|(service, place)| (*place, format!("{} opens it", context.id(*service)))).collect(),
        services: services.into_iter().collect(),
        subject: vec!["databases".to_owned()],
    };
    sink.report_parts(draft, stores.iter().map(|(store, _)| store.id.clone()).collect());
}

/// What people call a database of which only the variable is known that says where it is: `postgresql at $DATABASE_URL`.
fn title(id: &str) -> String {
    store_variable(id).map_or_else(|| id.to_owned(), |(system, variable, _)| format!("{system} at ${variable}"))
}
