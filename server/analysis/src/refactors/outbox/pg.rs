//! The outbox in the words of pg.
//!
//! Invariant: what begins a transaction ends it, or gives its connection back.

use super::super::migrations;
use super::super::{Context, Edit, Refusal, Source};
use super::module::{Form, TABLE};

/// How pg keeps messages.
pub(super) const FORM: Form = Form {
    template: TEMPLATE,
    kept: [
        r#"await client.query("INSERT INTO outbox (message) VALUES ($1)", [JSON.stringify(message)])"#,
        r#"const trace: Record<string, string> = {};
  propagation.inject(context.active(), trace);
  await client.query("INSERT INTO outbox (message, trace) VALUES ($1, $2)", [JSON.stringify(message), trace])"#,
    ],
};

const TEMPLATE: &str = r#"API;
import type { Pool, PoolClient } from "CLIENT";

IMPORT;

type Message = Parameters<TYPE>;

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
export async function relay(pool: PoolSENDER): Promise<never> {
  for (;;) {
    const sent = await transaction(pool, FLUSH).catch((error: unknown) => {
      console.error("messages stay in the outbox", error);
      return 0;
    });
    if (sent === 0) await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function flush(client: PoolClientSENDER): Promise<number> {
  const { rows } = await client.query<{ id: string; ROW }>(
    "SELECT COLUMNS FROM outbox ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED",
  );
  for (const { COLUMNS } of rows) {
    try {
      await SENT;
    } catch (error) {
      // What was sent before is gone from here; the rest waits.
      console.error("messages stay in the outbox", error);
      return 0;
    }
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
/// What takes the table back.
pub(super) const DOWN: &str = "DROP TABLE outbox;\n";

/// Adds the migration that makes the table.
pub(super) fn migration(context: &Context<'_>, source: &Source<'_>, traced: bool, edit: &mut Edit) -> Result<(), Refusal> {
    migrations::add(context, source, TABLE, &table(traced), DOWN, edit)
}

/// What makes the table, with a trace or without.
pub(super) fn table(traced: bool) -> String {
    UP.join(if traced { TRACE_COLUMN } else { "" })
}
