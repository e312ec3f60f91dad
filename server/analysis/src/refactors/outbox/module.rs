//! What is written into a file of its own: the outbox, in the words of the library that rows are written with.
//!
//! Invariant: rows are taken in the order in which they were written, and gone once their message is sent, whatever
//! becomes of the next; not before.

use camino::Utf8Path;
use portolan_grammars::facts::{FunctionId, Import, Imported};

use super::super::imports::in_style;
use super::super::pool::Library;
use super::super::prisma::{add_model, client};
use super::super::{Context, Edit, Refusal, imports};
use super::scene::{SENDER, Scene};
use super::{knex, pg, prisma, told, typeorm};
use crate::Snapshot;
use crate::chart::Access;
use crate::rules::Finding;

/// The table.
pub(super) const TABLE: &str = "outbox";

/// The package by which the context of a trace is kept beside a message.
pub(super) const API: &str = "@opentelemetry/api";
/// The package of what waits for an observable.
const RXJS: &str = "rxjs";
/// Names of the module's own.
const NAMES: [&str; 20] = [
    "transaction",
    "enqueue",
    "relay",
    "flush",
    "client",
    "pool",
    "tx",
    "prisma",
    "Prisma",
    "PrismaClient",
    "trx",
    "knex",
    "Knex",
    "DataSource",
    "EntityManager",
    "lastValueFrom",
    SENDER,
    "Message",
    "context",
    "propagation",
];

/// How a library keeps messages.
pub(super) struct Form {
    pub(super) template: &'static str,
    /// What keeps one, and what keeps it with the trace that it belongs to.
    pub(super) kept: [&'static str; 2],
}

/// The module's text, in the style of the file that needs it. Where a process traces, messages are sent in the context in which they were kept.
pub(super) fn text(context: &Context<'_>, scene: &Scene<'_, '_>, path: &Utf8Path, traced: bool) -> Result<String, Refusal> {
    let source = scene.source;
    let callee = scene.callee().ok_or_else(|| Refusal::new("what sends belongs to an object"))?;
    let root = callee.root;
    let handed_out = scene.handed_out().is_some();
    let own = |import: &&Import| import.local == root && import.function == FunctionId::MODULE && (handed_out || !import.type_only);
    let import = source.facts.imports.iter().find(own);
    let import = import.ok_or_else(|| Refusal::new(format!("{root} is not imported by {}", source.name())))?;
    let name = match &import.imported {
        Imported::Named(name) if *name == root => format!("{{ {root} }}"),
        Imported::Named(name) => format!("{{ {name} as {root} }}"),
        Imported::Default => root.to_owned(),
        _ => return Err(Refusal::new(format!("how {root} is imported is not simple"))),
    };
    if let Some(name) = NAMES.into_iter().find(|name| *name == root) {
        return Err(Refusal::new(format!("the name {name} would mean two things")));
    }
    let (form, client) = match scene.stretch.pool.library {
        Library::Pg => (&pg::FORM, "pg".to_owned()),
        Library::Prisma => (&prisma::FORM, client(context, scene.stretch.pool, source, path)?),
        Library::Knex => (&knex::FORM, "knex".to_owned()),
        Library::TypeOrm => (&typeorm::FORM, "typeorm".to_owned()),
    };
    let (api, row, columns, sent) = if traced { TRACED } else { UNTRACED };
    let text = form
        .template
        .replace("API;\n", api)
        .replace("KEPT", form.kept[usize::from(traced)])
        .replace("ROW", row)
        .replace("COLUMNS", columns)
        .replace("SENT", sent);
    let of_types = if handed_out { "type " } else { "" };
    let mut import = format!("import {of_types}{name} from \"{}\"", import.source);
    let mut publish = format!("{}(...message)", callee.text);
    // What nobody subscribes to may not be sent.
    if told::leaf(context, scene).is_some_and(|leaf| leaf.observable) {
        if !imports::depends_on(context, source, RXJS) {
            return Err(Refusal::new(format!("{RXJS} is no dependency of its package")));
        }
        import += &format!(";\nimport {{ lastValueFrom }} from \"{RXJS}\"");
        publish = format!("lastValueFrom({publish}, {{ defaultValue: undefined }})");
    }
    let (sender, flush) = match scene.handed_out() {
        Some(ty) => {
            let client = scene.stretch.pool.library.clients()[0];
            (format!(", {SENDER}: {}", ty.path), format!("({client}) => flush({client}, {SENDER})"))
        }
        None => (String::new(), "flush".to_owned()),
    };
    let values = [
        ("CLIENT", client.as_str()),
        ("IMPORT", import.as_str()),
        ("TYPE", callee.ty.as_str()),
        ("SENDER", sender.as_str()),
        ("FLUSH", flush.as_str()),
        ("PUBLISH", publish.as_str()),
    ];
    let text = filled(&text, &values);
    Ok(in_style(source, &text))
}

/// Fills code into a text in one go: what is filled in may have the words that stand for others in it.
pub(super) fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((at, (word, value))) = values.iter().filter_map(|it| Some((rest.find(it.0)?, *it))).min_by_key(|(at, _)| *at) {
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + word.len()..];
    }
    filled + rest
}

/// What is said of messages alone.
const UNTRACED: (&str, &str, &str, &str) = ("", "message: Message", "id, message", "PUBLISH");
/// The same, with the trace that each belongs to.
const TRACED: (&str, &str, &str, &str) = (
    "import { context, propagation } from \"@opentelemetry/api\";\n",
    "message: Message; trace: object",
    "id, message, trace",
    "context.with(propagation.extract(context.active(), trace), () => PUBLISH)",
);

/// Refuses a service that has such a table for something else.
pub(super) fn is_new(snapshot: &Snapshot, finding: &Finding) -> Result<(), Refusal> {
    let own = |access: &Access| finding.services.contains(&access.service);
    let mut tables = snapshot.chart.stores.iter().flat_map(|store| &store.collections).filter(|it| it.accesses.iter().any(own));
    if tables.any(|table| table.name == TABLE) {
        return Err(Refusal::new(format!("there is a table `{TABLE}` already")));
    }
    Ok(())
}

/// Adds what makes the table.
pub(super) fn table(context: &Context<'_>, scene: &Scene<'_, '_>, traced: bool, edit: &mut Edit) -> Result<(), Refusal> {
    match scene.stretch.pool.library {
        Library::Pg => pg::migration(context, scene.source, traced, edit),
        Library::Prisma => add_model(context, scene.way.written, &prisma::model(traced), edit),
        Library::Knex => knex::migration(context, scene.source, traced, edit),
        Library::TypeOrm => typeorm::migration(context, scene.source, traced, edit),
    }
}
