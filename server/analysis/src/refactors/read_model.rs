//! A read model: a copy of a table that another service keeps, read in its place and fed by that service's messages, as a sketch.
//!
//! What a statement asks for and how the table is made is read in [`statement`]; [`module`] writes what puts a change into the copy. Invariant: what is
//! read has the same columns of the same types, and the copy begins as full as the table is.

use std::collections::BTreeSet;

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::{Expr, Language, TextRange};

use super::packages::library;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source, imports, migrations, modules};
use crate::chart::flow::Spot;
use crate::chart::{Access, Collection, ServiceIndex, Store};
use crate::rules::Finding;
use crate::rules::cross_service_read::RULE;
use crate::{FileId, Place};

mod module;
mod statement;

use module::Copy;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// What to do with it.
const TO_DO: &str = "The copy stays as its migration fills it until messages of the owner are put into it, and is older than the table even then: say in the new file which ones, and let the owner send what is missing";

/// The reads of a table by who does not own it.
struct Foreign<'a> {
    store: &'a Store,
    table: &'a Collection,
    reads: Vec<&'a Access>,
    owners: Vec<ServiceIndex>,
}

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let found = foreign(context, finding);
    let title = match &found[..] {
        [] => return None,
        [one] => format!("Read a copy of `{}` that messages of its owner keep up to date (sketch)", one.table.name),
        several => format!("Read copies of {} tables that messages of their owner keep up to date (sketch)", several.len()),
    };
    let edit = match &found[..] {
        [one] => edit(context, one),
        _ => Err(Refusal::new("several tables are read: a copy of each is one too many to make at once")),
    };
    Some(Plan { title, level: Level::Sketch(TO_DO), edit })
}

/// What a finding is about: its tables, each with the reads that it names.
fn foreign<'a>(context: &Context<'a>, finding: &Finding) -> Vec<Foreign<'a>> {
    let places: BTreeSet<Place> = std::iter::once(finding.place).chain(finding.related.iter().map(|(place, _)| *place)).collect();
    let tables = context.snapshot.chart.stores.iter().flat_map(|store| store.collections.iter().map(move |table| (store, table)));
    let found = tables.filter_map(|(store, table)| {
        let counts = |access: &&Access| access.status.is_settled() && finding.services.contains(&access.service);
        let own = || table.accesses.iter().filter(counts);
        let reads: Vec<&Access> = own().filter(|it| it.operation == Operation::Read && places.contains(&it.place)).collect();
        let owners: BTreeSet<ServiceIndex> = own().filter(|it| it.operation == Operation::Write).map(|it| it.service).collect();
        let is_foreign = !reads.is_empty() && !owners.is_empty() && reads.iter().all(|read| !owners.contains(&read.service));
        is_foreign.then(|| Foreign { store, table, reads, owners: owners.into_iter().collect() })
    });
    found.collect()
}

fn edit(context: &Context<'_>, foreign: &Foreign<'_>) -> Result<Edit, Refusal> {
    let table = foreign.table.name.as_str();
    if foreign.store.system != "postgresql" {
        return Err(Refusal::new("its tables are of another database than PostgreSQL"));
    }
    let view = format!("{table}_view");
    let sent = sent(context, foreign)?;
    let first = foreign.reads.first().ok_or_else(|| Refusal::new("where it is read is not known"))?;
    let source = context.source(first.place.file)?;
    let (mut edit, mut columns) = (Edit::default(), BTreeSet::new());
    let places: BTreeSet<Place> = foreign.reads.iter().map(|read| read.place).collect();
    for place in places {
        let (file, literal, asked) = read(context, place, table)?;
        columns.extend(asked);
        edit.replace(file, literal, view.as_str());
    }
    let made = statement::made(context, table)?;
    let copy = Copy { table, view: &view, columns: made.of(&columns, table)?, sent: &sent, owner: owner(context, foreign) };
    let readers: Vec<ServiceIndex> = foreign.reads.iter().map(|read| read.service).collect();
    migrations::is_new(context.snapshot, &readers, &view)?;
    migrations::add(context, &source, &view, &copy.up(), &format!("DROP TABLE {view};\n"), &mut edit)?;
    module(context, &source, &copy, &mut edit)?;
    Ok(edit)
}

/// Adds what puts a change into the copy.
fn module(context: &Context<'_>, source: &Source<'_>, copy: &Copy<'_>, edit: &mut Edit) -> Result<(), Refusal> {
    match source.facts.language {
        Language::Rust => {
            if library(context.snapshot, source.file, "sqlx").is_none() {
                return Err(Refusal::new("sqlx is no dependency of this crate"));
            }
            let root = modules::root(context, source)?;
            modules::make(context, &root, copy.view, &copy.rust()?, edit)
        }
        Language::TypeScript => {
            if !imports::depends_on(context, source, "pg") {
                return Err(Refusal::new("pg is no dependency of its package"));
            }
            let path = source.path.with_file_name(format!("{}.ts", copy.view.replace('_', "-")));
            context.is_new(&path)?;
            edit.create(path, imports::in_style(source, &copy.typescript()?));
            Ok(())
        }
        Language::JavaScript => Err(Refusal::new("a copy is written in TypeScript and in Rust alone")),
    }
}

/// The channels to which an owner of the table sends.
fn sent(context: &Context<'_>, foreign: &Foreign<'_>) -> Result<Vec<String>, Refusal> {
    let channels = context.snapshot.chart.channels.iter();
    let own = channels.filter(|channel| channel.producers.iter().any(|end| foreign.owners.contains(&end.service)));
    let names: BTreeSet<String> = own.map(|channel| channel.name.to_string()).collect();
    if names.is_empty() {
        return Err(Refusal::new(format!("{} sends no messages that could keep a copy up to date", owner(context, foreign))));
    }
    Ok(names.into_iter().collect())
}

fn owner(context: &Context<'_>, foreign: &Foreign<'_>) -> String {
    let names: Vec<&str> = foreign.owners.iter().map(|owner| context.snapshot.chart.service(*owner).id.as_str()).collect();
    names.join(" and ")
}

/// Where a statement names the table that it reads, and the columns that it asks for.
fn read(context: &Context<'_>, place: Place, table: &str) -> Result<(FileId, TextRange, Vec<String>), Refusal> {
    let source = context.source(place.file)?;
    let refused = || Refusal::new(format!("{} reads `{table}` by more than a plain statement of its columns", source.name()));
    let facts = source.facts;
    let call = Spot::at(&context.snapshot.files, place).and_then(|spot| spot.call()).ok_or_else(refused)?;
    let call = facts.call(call);
    let is_macro = source.tree().is_some_and(|tree| tree.macro_around(call.range.start).is_some());
    let argument = call.args.first().map(|argument| argument.value).filter(|_| !is_macro).ok_or_else(refused)?;
    let Expr::Str(text) = facts.expr(argument) else { return Err(refused()) };
    let columns = statement::columns(text, table).ok_or_else(refused)?;
    let range = facts.expr_range(argument);
    let [at] = Source::words(source.slice(range), table).collect::<Vec<_>>()[..] else { return Err(refused()) };
    let start = range.start + at as u32;
    Ok((source.file, TextRange { start, end: start + table.len() as u32 }, columns))
}
