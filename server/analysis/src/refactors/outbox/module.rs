//! What is written into a file of its own: the outbox, in the words of the library that rows are written with.
//!
//! Invariant: rows are taken in the order in which they were written, and gone once their message is sent, whatever
//! becomes of the next; not before. Those that failed too often come behind all others, so that they hold none.

use camino::Utf8Path;
use portolan_grammars::facts::{FunctionId, Import, Imported};

use super::super::imports::in_style;
use super::super::pool::Library;
use super::super::prisma::{Extended, add_model, client};
use super::super::template::filled;
use super::super::{Context, Edit, Refusal, imports};
use super::scene::{SENDER, Scene};
use super::{knex, pg, prisma, told, typeorm};

/// The table.
pub(super) const TABLE: &str = "outbox";

/// The package by which the context of a trace is kept beside a message.
pub(super) const API: &str = "@opentelemetry/api";
/// The package of what waits for an observable.
const RXJS: &str = "rxjs";
/// Names of the module's own.
const NAMES: &[&str] = &[
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
    "Transaction",
    "database",
    "context",
    "propagation",
    "MAX_TRIES",
    "manager",
    "kept",
    "rows",
    "id",
    "tries",
    "message",
    "trace",
    "sent",
    "error",
    "console",
];

/// How a library keeps messages: pieces of TypeScript, in which `FLUSH`, `ROW` and `COLUMNS` stand for what is said elsewhere.
pub(super) struct Form {
    /// The library's types that are needed.
    pub(super) types: &'static str,
    /// A function that does some work in a transaction, where the library has none; an empty line behind it.
    pub(super) transaction: &'static str,
    /// What a transaction is asked by, and its type.
    pub(super) handle: &'static str,
    /// What begins transactions, and its type.
    pub(super) database: &'static str,
    /// How that begins one.
    pub(super) begins: &'static str,
    /// The rows that are next.
    pub(super) chosen: &'static str,
    /// What takes a row away.
    pub(super) deleted: &'static str,
    /// What counts that a row's message was not sent.
    pub(super) counted: &'static str,
    /// What keeps a message, and what keeps it with the trace that it belongs to.
    pub(super) kept: [&'static str; 2],
}

/// The module's text, in the style of the file that needs it. Where a process traces, messages are sent in the context in which they were kept.
pub(super) fn text(context: &Context<'_>, scene: &Scene<'_, '_>, path: &Utf8Path, traced: bool) -> Result<String, Refusal> {
    let callee = scene.callee().ok_or_else(|| Refusal::new("what sends belongs to an object"))?;
    let mut import = import_of_sender(scene, callee.root)?;
    let mut publish = format!("{}(...message)", callee.text);
    // What nobody subscribes to may not be sent.
    if told::leaf(context, scene).is_some_and(|leaf| leaf.observable) {
        if !imports::depends_on(context, scene.source, RXJS) {
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
    let (text, client) = by_library(context, scene, path, traced)?;
    let values = [
        ("CLIENT", client.as_str()),
        ("IMPORT", import.as_str()),
        ("TYPE", callee.ty.as_str()),
        ("SENDER", sender.as_str()),
        ("FLUSH", flush.as_str()),
        ("PUBLISH", publish.as_str()),
    ];
    Ok(in_style(scene.source, &filled(&text, &values)))
}

/// How the module imports what sends, or its type.
fn import_of_sender(scene: &Scene<'_, '_>, root: &str) -> Result<String, Refusal> {
    let source = scene.source;
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
    if NAMES.contains(&root) {
        return Err(Refusal::new(format!("the name {root} would mean two things")));
    }
    let of_types = if handed_out { "type " } else { "" };
    Ok(format!("import {of_types}{name} from \"{}\"", import.source))
}

/// The text in the words of the library that rows are written with, and the module that its types come from.
fn by_library(context: &Context<'_>, scene: &Scene<'_, '_>, path: &Utf8Path, traced: bool) -> Result<(String, String), Refusal> {
    let extended = Extended::of(context, scene.stretch.pool, &scene.way.writer, path)?;
    let (form, client) = match scene.stretch.pool.library {
        Library::Pg => (&pg::FORM, "pg".to_owned()),
        Library::Prisma => match &extended {
            Some(extended) => (&prisma::EXTENDED, extended.module.clone()),
            None => (&prisma::FORM, client(context, scene.stretch.pool, scene.source, path)?),
        },
        Library::Knex => (&knex::FORM, "knex".to_owned()),
        Library::TypeOrm => (&typeorm::FORM, "typeorm".to_owned()),
    };
    let (api, row, columns, sent) = if traced { TRACED } else { UNTRACED };
    let kept = format!("{}await {}", if traced { TRACE } else { "" }, form.kept[usize::from(traced)]);
    let pieces = [
        ("KINDS", extended.as_ref().map_or(form.types, |extended| extended.imported.as_str())),
        ("TRANSACTION", form.transaction),
        ("HANDLE", form.handle),
        ("DATABASE", form.database),
        ("BEGINS", form.begins),
        ("CHOSEN", form.chosen),
        ("DELETED", form.deleted),
        ("COUNTED", form.counted),
        ("KEPT", kept.as_str()),
    ];
    let text = filled(TEMPLATE, &pieces);
    let text = extended.as_ref().map_or(text.clone(), |extended| extended.named(&text));
    Ok((text.replace("API;\n", api).replace("ROW", row).replace("COLUMNS", columns).replace("SENT", sent), client))
}

const TEMPLATE: &str = r#"API;
import type { KINDS } from "CLIENT";

IMPORT;

type Message = Parameters<TYPE>;

/** How often a message may fail before those behind it no longer wait for it. */
const MAX_TRIES = 10;

TRANSACTION/** Keeps a message that is to be sent if the transaction succeeds. */
export async function enqueue(HANDLE, ...message: Message): Promise<void> {
  KEPT;
}

/** Sends what is kept, each message at least once; several processes may do it. */
export async function relay(DATABASESENDER): Promise<never> {
  for (;;) {
    const sent = await BEGINS.catch((error: unknown) => {
      console.error("messages stay in the outbox", error);
      return 0;
    });
    if (sent === 0) await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function flush(HANDLESENDER): Promise<number> {
  CHOSEN;
  let sent = 0;
  for (const { COLUMNS } of rows) {
    try {
      await SENT;
    } catch (error) {
      console.error(`message ${id} stays in the outbox`, error);
      await COUNTED;
      if (tries < MAX_TRIES) break;
      continue;
    }
    await DELETED;
    sent += 1;
  }
  return sent;
}
"#;

/// What keeps the current trace beside a message.
const TRACE: &str = "const trace: Record<string, string> = {};
  propagation.inject(context.active(), trace);
  ";
/// What is said of messages alone.
const UNTRACED: (&str, &str, &str, &str) = ("", "tries: number; message: Message", "id, tries, message", "PUBLISH");
/// The same, with the trace that each belongs to.
const TRACED: (&str, &str, &str, &str) = (
    "import { context, propagation } from \"@opentelemetry/api\";\n",
    "tries: number; message: Message; trace: object",
    "id, tries, message, trace",
    "context.with(propagation.extract(context.active(), trace), () => PUBLISH)",
);

/// Adds what makes the table.
pub(super) fn table(context: &Context<'_>, scene: &Scene<'_, '_>, traced: bool, edit: &mut Edit) -> Result<(), Refusal> {
    match scene.stretch.pool.library {
        Library::Pg => pg::migration(context, scene.source, traced, edit),
        Library::Prisma => add_model(context, scene.way.written, &prisma::model(traced), edit),
        Library::Knex => knex::migration(context, scene.source, traced, edit),
        Library::TypeOrm => typeorm::migration(context, scene.source, traced, edit),
    }
}
