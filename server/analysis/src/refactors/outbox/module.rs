//! What is written into files of their own: the outbox, and the migration that makes its table.
//!
//! Invariant: rows are taken in the order in which they were written, and gone only once their message is sent.

use portolan_grammars::facts::{FunctionId, Imported};

use super::super::imports::in_style;
use super::super::migrations;
use super::super::{Context, Edit, Refusal, Source};
use super::scene::Scene;

/// The table.
pub(super) const TABLE: &str = "outbox";

/// The package by which the context of a trace is kept beside a message.
pub(super) const API: &str = "@opentelemetry/api";
/// Names of the module's own.
const NAMES: [&str; 9] = ["transaction", "enqueue", "relay", "flush", "client", "pool", "Message", "context", "propagation"];

/// The module's text, in the style of the file that needs it. Where a process traces, messages are sent in the context in which they were kept.
pub(super) fn text(scene: &Scene<'_, '_>, traced: bool) -> Result<String, Refusal> {
    let source = scene.source;
    let (callee, root) = scene.callee().ok_or_else(|| Refusal::new("what sends belongs to an object"))?;
    let import = source.facts.imports.iter().find(|it| it.local == root && it.function == FunctionId::MODULE && !it.type_only);
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
    let (api, kept, row, columns, sent) = if traced { TRACED } else { UNTRACED };
    let text = TEMPLATE
        .replace("API;\n", api)
        .replace("KEPT", kept)
        .replace("ROW", row)
        .replace("COLUMNS", columns)
        .replace("SENT", sent)
        .replace("IMPORT", &format!("import {name} from \"{}\"", import.source))
        .replace("PUBLISH", callee);
    Ok(in_style(source, &text))
}

/// What is said of messages alone.
const UNTRACED: (&str, &str, &str, &str, &str) = (
    "",
    r#"await client.query("INSERT INTO outbox (message) VALUES ($1)", [JSON.stringify(message)])"#,
    "id: string; message: Message",
    "id, message",
    "PUBLISH(...message)",
);
/// The same, with the trace that each belongs to.
const TRACED: (&str, &str, &str, &str, &str) = (
    "import { context, propagation } from \"@opentelemetry/api\";\n",
    r#"const trace: Record<string, string> = {};
  propagation.inject(context.active(), trace);
  await client.query("INSERT INTO outbox (message, trace) VALUES ($1, $2)", [JSON.stringify(message), trace])"#,
    "id: string; message: Message; trace: object",
    "id, message, trace",
    "context.with(propagation.extract(context.active(), trace), () => PUBLISH(...message))",
);

const TEMPLATE: &str = r#"API;
import type { Pool, PoolClient } from "pg";

IMPORT;

type Message = Parameters<typeof PUBLISH>;

/** Does all of some work on the database, or nothing of it. */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

/** Keeps a message that is to be sent if the transaction succeeds. */
export async function enqueue(client: PoolClient, ...message: Message): Promise<void> {
  KEPT;
}

/** Sends what is kept, each message at least once; several processes may do it. */
export async function relay(pool: Pool): Promise<never> {
  for (;;) {
    const sent = await transaction(pool, flush).catch((error: unknown) => {
      console.error("messages stay in the outbox", error);
      return 0;
    });
    if (sent === 0) await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function flush(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ ROW }>(
    "SELECT COLUMNS FROM outbox ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED",
  );
  for (const { COLUMNS } of rows) {
    await SENT;
    await client.query("DELETE FROM outbox WHERE id = $1", [id]);
  }
  return rows.length;
}
"#;

const TRACE_COLUMN: &str = "  trace json NOT NULL,\n";
const UP: [&str; 2] = [
    "CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message json NOT NULL,
",
    "  created_at timestamptz NOT NULL DEFAULT now()
);
",
];
const DOWN: &str = "DROP TABLE outbox;\n";

/// Adds the migration that makes the table.
pub(super) fn migration(context: &Context<'_>, source: &Source<'_>, traced: bool, edit: &mut Edit) -> Result<(), Refusal> {
    migrations::add(context, source, "outbox", &UP.join(if traced { TRACE_COLUMN } else { "" }), DOWN, edit)
}
