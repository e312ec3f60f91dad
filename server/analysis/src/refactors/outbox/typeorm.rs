//! The outbox in the words of TypeORM.
//!
//! Invariant: the table is the one that [`pg`](super::pg) makes.

use super::super::migrations;
use super::super::{Context, Edit, Refusal, Source};
use super::module::{Form, TABLE};
use super::pg;

/// How TypeORM keeps messages.
pub(super) const FORM: Form = Form {
    template: TEMPLATE,
    kept: [
        r#"await manager.query("INSERT INTO outbox (message) VALUES ($1)", [JSON.stringify(message)])"#,
        r#"const trace: Record<string, string> = {};
  propagation.inject(context.active(), trace);
  await manager.query("INSERT INTO outbox (message, trace) VALUES ($1, $2)", [JSON.stringify(message), trace])"#,
    ],
};

const TEMPLATE: &str = r#"API;
import type { DataSource, EntityManager } from "CLIENT";

IMPORT;

type Message = Parameters<TYPE>;

/** Keeps a message that is to be sent if the transaction succeeds. */
export async function enqueue(manager: EntityManager, ...message: Message): Promise<void> {
  KEPT;
}

/** Sends what is kept, each message at least once; several processes may do it. */
export async function relay(database: DataSourceSENDER): Promise<never> {
  for (;;) {
    const sent = await database.transaction(FLUSH).catch((error: unknown) => {
      console.error("messages stay in the outbox", error);
      return 0;
    });
    if (sent === 0) await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function flush(manager: EntityManagerSENDER): Promise<number> {
  const rows: { id: string; ROW }[] = await manager.query(
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
    await manager.query("DELETE FROM outbox WHERE id = $1", [id]);
  }
  return rows.length;
}
"#;

/// Adds the migration that makes the table.
pub(super) fn migration(context: &Context<'_>, source: &Source<'_>, traced: bool, edit: &mut Edit) -> Result<(), Refusal> {
    migrations::add_with_typeorm(context, source, (TABLE, "Outbox"), (&pg::table(traced), pg::DOWN), edit)
}
