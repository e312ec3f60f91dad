//! `shared-table-writers`: one table, written by services that are built apart.
//!
//! What deliberately does not live here: readers, which are another matter. Invariant: every write that counts is `exact` or `likely`.

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::Symbol;

use super::context::fitting;
use super::exempt::SHARED_TABLES;
use super::parties::{Party, is_same_for_all, parties};
use super::{Context, Draft, RuleOption, Severity, Sink, exempt};
use crate::chart::{Collection, Store};

/// How many write sites are named.
const MAX_SITES: usize = 20;

rule! {
    /// ## What it does
    /// Finds tables and collections that two or more services write. Services of one image or one package are one codebase and count as one.
    ///
    /// Both must be known to use the same database: code that two services share may open one for each.
    ///
    /// If the columns that each service writes are known and no column is written by two of them, it is information only. Left alone are tables
    /// that are shared on purpose (outbox, inbox, jobs, locks, migrations), jobs, command line tools, and services that reset, seed, migrate or
    /// back up data; and code in folders of migrations, seeds, scripts and examples.
    ///
    /// ## Why it matters
    /// Whoever writes a table upholds its rules: which states follow which, what must be unique, what must be sent afterwards. Two writers uphold
    /// two sets of rules, and neither can change the table alone.
    ///
    /// ## Example
    /// ```ts
    /// // orders
    /// await pool.query("UPDATE orders SET state = 'placed' WHERE id = $1", [id]);
    /// // shipping, with the same database
    /// await pool.query("UPDATE orders SET state = 'shipped' WHERE id = $1", [id]);
    /// ```
    ///
    /// ## How to fix
    /// Let one service own the table; the others ask it, by a call or by an event that it consumes.
    "shared-table-writers", Data, Warning, "Several services write one table", check, options: &[RuleOption::Texts(SHARED_TABLES)]
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for store in &context.chart.stores {
        if !is_same_for_all(context, store) {
            continue;
        }
        for collection in &store.collections {
            let writers = parties(context, collection, Operation::Write);
            if writers.len() > 1 {
                report(context, sink, store, collection, &writers);
            }
        }
    }
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, store: &Store, collection: &Collection, writers: &[Party<'_>]) {
    let name = |writer: &Party<'_>| writer.shown(context);
    let start = format!("{} `{}` is written by ", store.collection_word(), collection.name);
    let columns = disjoint_columns(writers);
    let message = if let Some(function) = shared_function(context, writers) {
        let names: Vec<String> = writers.iter().map(name).collect();
        fitting(&start, &names, &format!(" through `{function}`"))
    } else if let Some(columns) = &columns {
        let columns = columns.iter().map(|columns| columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(", "));
        let rows: Vec<String> =
            writers.iter().zip(columns).map(|(writer, columns)| format!("{} (columns {columns})", name(writer))).collect();
        fitting(&start, &rows, "")
    } else {
        let places = |count: usize| if count == 1 { "1 place".to_owned() } else { format!("{count} places") };
        let rows: Vec<String> = writers.iter().map(|writer| format!("{} ({})", name(writer), places(writer.accesses.len()))).collect();
        fitting(&start, &rows, "")
    };
    // The owner stays; the line to change is one of the writer with the least to change.
    let Some(change) = writers.last().and_then(|writer| writer.accesses.first()) else { return };
    if exempt::has_word(&collection.name, &sink.texts(&SHARED_TABLES, change.place.file)) {
        return;
    }
    let related = writers.iter().flat_map(|writer| {
        let name = name(writer);
        writer
            .accesses
            .iter()
            .map(move |access| (access.place, format!("{name} writes `{}`{}", collection.name, context.within(access.function))))
    });
    let related = related.filter(|(place, _)| *place != change.place).take(MAX_SITES).collect();
    let services = writers.iter().rev().flat_map(|writer| writer.services.iter().copied()).collect();
    sink.report(Draft {
        severity: columns.is_some().then_some(Severity::Information),
        message,
        place: change.place,
        related,
        services,
        subject: vec![store.id.to_string(), collection.name.to_string()],
    });
}

/// The columns of each writer, if all are known and none is written by two.
fn disjoint_columns(writers: &[Party<'_>]) -> Option<Vec<Vec<Symbol>>> {
    let mut all: Vec<Symbol> = Vec::new();
    let mut each = Vec::new();
    for writer in writers {
        if writer.accesses.iter().any(|access| access.columns.is_empty()) {
            return None;
        }
        let mut columns: Vec<Symbol> = writer.accesses.iter().flat_map(|access| access.columns.iter().cloned()).collect();
        columns.sort();
        columns.dedup();
        if columns.iter().any(|column| all.contains(column)) {
            return None;
        }
        all.extend(columns.iter().cloned());
        each.push(columns);
    }
    Some(each)
}

/// The function of a shared library that all writers write through, and nowhere else.
fn shared_function(context: &Context<'_>, writers: &[Party<'_>]) -> Option<String> {
    let (first, others) = writers.split_first()?;
    let function = first.accesses.first()?.function;
    let only = |writer: &Party<'_>| writer.accesses.iter().all(|access| access.function == function);
    (only(first) && others.iter().all(only)).then(|| context.symbol(function))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Access, ServiceIndex, ServiceKind, Status};
    use crate::testing::{Scene, access, findings_of, module};

    /// Three writes: two of `api`, one of `pdf`.
    fn scene(table: &str) -> Scene {
        let mut scene = Scene::default();
        let (api, pdf) = (scene.service("api", ServiceKind::Backend), scene.service("pdf", ServiceKind::Backend));
        let one = scene.file("api/src/db.ts", "save\nupdate\n");
        let two = scene.file("pdf/src/db.ts", "\nremove\n");
        let write = |scene: &Scene, service, file, words| access(service, Operation::Write, scene.place(file, words), module(file));
        let accesses = vec![write(&scene, api, one, "save"), write(&scene, api, one, "update"), write(&scene, pdf, two, "remove")];
        scene.store("mongo/app", "mongodb", vec![(table, accesses)]);
        scene
    }

    fn accesses(scene: &mut Scene) -> &mut Vec<Access> {
        &mut scene.chart.stores[0].collections[0].accesses
    }

    #[test]
    fn the_lesser_writer_is_marked() {
        let found = findings_of(RULE.name, &scene("templates").snapshot());
        assert_eq!(
            found,
            ["shared-table-writers pdf/src/db.ts:2 warning: Collection `templates` is written by api (2 places) and pdf (1 place)"]
        );
    }

    #[test]
    fn one_codebase_queues_guesses_and_housekeepers_are_silent() {
        let mut one = scene("templates");
        one.workspace.deployments[1].group = 0;
        assert!(findings_of(RULE.name, &one.snapshot()).is_empty());
        assert!(findings_of(RULE.name, &scene("email_outbox").snapshot()).is_empty());
        let mut guess = scene("templates");
        accesses(&mut guess)[2].status = Status::Ambiguous;
        assert!(findings_of(RULE.name, &guess.snapshot()).is_empty());
        let mut job = scene("templates");
        job.chart.services[1].kind = ServiceKind::Job;
        assert!(findings_of(RULE.name, &job.snapshot()).is_empty());
        let mut reset = scene("templates");
        reset.chart.services[1].id = "resetservice".into();
        assert!(findings_of(RULE.name, &reset.snapshot()).is_empty());
    }

    #[test]
    fn columns_apart_are_information() {
        let mut apart = scene("users");
        for (access, column) in accesses(&mut apart).iter_mut().zip(["email", "name", "plan"]) {
            access.columns = vec![column.into()];
        }
        let found = findings_of(RULE.name, &apart.snapshot());
        assert_eq!(
            found,
            [
                "shared-table-writers pdf/src/db.ts:2 information: Collection `users` is written by api (columns email, name) and pdf (columns plan)"
            ]
        );
    }

    #[test]
    fn hooks_of_a_shared_library_are_silent() {
        let mut shared = scene("users");
        let file = shared.file("libs/db.ts", "schema.post('save', () => write)");
        let place = shared.place(file, "write");
        let hook = shared.closure(module(file), "() => write");
        let (api, pdf) = (ServiceIndex(0), ServiceIndex(1));
        *accesses(&mut shared) = vec![access(api, Operation::Write, place, hook), access(pdf, Operation::Write, place, hook)];
        assert!(findings_of(RULE.name, &shared.snapshot()).is_empty());
    }

    #[test]
    fn a_shared_function_is_named() {
        let mut shared = scene("users");
        let file = shared.file("libs/db.ts", "saveUser write");
        let (function, place) = (shared.function(file, "saveUser"), shared.place(file, "write"));
        let (api, pdf) = (ServiceIndex(0), ServiceIndex(1));
        *accesses(&mut shared) = vec![access(api, Operation::Write, place, function), access(pdf, Operation::Write, place, function)];
        let found = findings_of(RULE.name, &shared.snapshot());
        assert_eq!(found, ["shared-table-writers libs/db.ts:1 warning: Collection `users` is written by api and pdf through `saveUser`"]);
    }
}
