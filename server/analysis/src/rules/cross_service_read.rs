//! `cross-service-read`: a service reads tables that another one keeps.
//!
//! What deliberately does not live here: tables that several write, which nobody owns. Invariant: the owner of a table is the only bounded context
//! that is known to write it.

use std::collections::BTreeMap;

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::Symbol;

use super::context::fitting;
use super::exempt::SHARED_TABLES;
use super::parties::{Party, is_same_for_all, parties};
use super::{Context, Draft, RuleOption, Sink, Texts, exempt};
use crate::chart::{Access, Store};

const REPORTERS: Texts = Texts {
    name: "reporters",
    meaning: "Words in the names of services that are there to read everybody's data.",
    default: &["report", "reports", "reporting", "analytics", "bi", "warehouse", "etl", "export", "exporter", "search", "indexer"],
};
/// Words in the names of services that only carry data of others about, and so own none of it.
const CARRIERS: [&str; 3] = ["elt", "etl", "warehouse"];
/// Words in the names of views, which are made to be read by others.
const VIEWS: [&str; 4] = ["view", "views", "mview", "vw"];
/// How many reads are named.
const MAX_SITES: usize = 20;

rule! {
    /// ## What it does
    /// Finds services that read tables and collections which another one keeps: the only one that is known to write them. Services of one image or
    /// one package are one codebase and count as one. Told once for each pair of services, at the first read; a table more
    /// than somebody has accepted is told again.
    ///
    /// Left alone are tables that nobody or that several write, tables that are shared on purpose (outbox, inbox, jobs, locks, migrations), views
    /// by their name, services that report or analyse by theirs, what those write whose names say that they only carry data about (ETL, warehouse),
    /// jobs, command line tools and services that move data; and code in folders of migrations, seeds, scripts and examples. Both services must be
    /// known to use the same database.
    ///
    /// ## Why it matters
    /// The reader knows the owner's tables by heart: it breaks when a column is renamed, and it sees what the owner has not finished. The owner
    /// cannot know who depends on what.
    ///
    /// ## Example
    /// ```ts
    /// // orders
    /// await pool.query("UPDATE orders SET state = 'placed' WHERE id = $1", [id]);
    /// // mailer, with the same database
    /// const { rows } = await pool.query("SELECT state FROM orders WHERE id = $1", [id]);
    /// ```
    ///
    /// ## How to fix
    /// Ask the owner, or keep a copy of what is read, fed by the owner's events: a read model. Where both are one team's and always released
    /// together, say so in a baseline.
    "cross-service-read", Data, Information, "A service reads tables that another one keeps", check,
    options: &[RuleOption::Texts(SHARED_TABLES), RuleOption::Texts(REPORTERS)]
}

/// A table, and the reads of it by who does not own it.
struct Foreign<'a> {
    table: &'a Symbol,
    reads: Vec<&'a Access>,
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for store in context.chart.stores.iter().filter(|store| is_same_for_all(context, store)) {
        let mut pairs: BTreeMap<(u64, u64), (Party<'_>, Party<'_>, Vec<Foreign<'_>>)> = BTreeMap::new();
        for collection in store.collections.iter().filter(|collection| !exempt::has_word(&collection.name, &VIEWS)) {
            let mut writers = parties(context, collection, Operation::Write);
            let (Some(owner), true) = (writers.pop(), writers.is_empty()) else { continue };
            for reader in parties(context, collection, Operation::Read) {
                let Some(file) = reader.accesses.first().map(|access| access.place.file) else { continue };
                let reporters = sink.texts(&REPORTERS, file);
                if reader.group == owner.group
                    || are_called(context, &reader, &reporters)
                    // Who carries data about is nobody to be asked for it.
                    || are_called(context, &owner, &CARRIERS)
                    || exempt::has_word(&collection.name, &sink.texts(&SHARED_TABLES, file))
                {
                    continue;
                }
                let reads = reader.accesses.clone();
                let owner = Party { services: owner.services.clone(), accesses: Vec::new(), ..owner };
                let (_, _, foreign) = pairs.entry((owner.group, reader.group)).or_insert((owner, reader, Vec::new()));
                foreign.push(Foreign { table: &collection.name, reads });
            }
        }
        for (owner, reader, foreign) in pairs.into_values() {
            report(context, sink, store, &owner, &reader, &foreign);
        }
    }
}

/// Whether all services of a party have one of the words in their names.
fn are_called(context: &Context<'_>, party: &Party<'_>, words: &[&str]) -> bool {
    party.services.iter().all(|service| exempt::has_word(context.id(*service), words))
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, store: &Store, owner: &Party<'_>, reader: &Party<'_>, foreign: &[Foreign<'_>]) {
    let files = &context.snapshot.files;
    let mut reads: Vec<(&Access, &Symbol)> = foreign.iter().flat_map(|table| table.reads.iter().map(|read| (*read, table.table))).collect();
    reads.sort_by(|a, b| (files.path(a.0.place.file), a.0.place.range, a.1).cmp(&(files.path(b.0.place.file), b.0.place.range, b.1)));
    let Some(((first, _), others)) = reads.split_first() else { return };
    let (owner_name, reader_name) = (owner.shown(context), reader.shown(context));
    let names: Vec<String> = foreign.iter().map(|table| format!("`{}`", table.table)).collect();
    let word = store.collection_word().to_lowercase();
    let message = match names.as_slice() {
        [name] => format!("{reader_name} reads {word} {name}, which {owner_name} owns"),
        _ => fitting(&format!("{reader_name} reads {word}s of {owner_name}: "), &names, ""),
    };
    let related = others
        .iter()
        .filter(|(read, _)| read.place != first.place)
        .map(|(read, table)| (read.place, format!("{reader_name} reads `{table}`{}", context.within(read.function))));
    let draft = Draft {
        severity: None,
        message,
        place: first.place,
        related: related.take(MAX_SITES).collect(),
        services: reader.services.iter().chain(&owner.services).copied().collect(),
        // Two that read each other's tables are two findings.
        subject: vec![store.id.to_string(), format!("by {}", reader.name(context))],
    };
    sink.report_parts(draft, foreign.iter().map(|foreign| foreign.table.clone()).collect());
}
