//! The outbox in the words of knex.
//!
//! Invariant: the table is the one that [`pg`](super::pg) makes.

use super::super::migrations;
use super::super::{Context, Edit, Refusal, Source};
use super::module::{Form, TABLE};
use super::pg;

/// How knex keeps messages.
pub(super) const FORM: Form = Form {
    template: TEMPLATE,
    kept: [
        r#"await trx("outbox").insert({ message: JSON.stringify(message) })"#,
        r#"const trace: Record<string, string> = {};
  propagation.inject(context.active(), trace);
  await trx("outbox").insert({ message: JSON.stringify(message), trace })"#,
    ],
};

const TEMPLATE: &str = r#"API;
import type { Knex } from "CLIENT";

IMPORT;

type Message = Parameters<TYPE>;

/** Keeps a message that is to be sent if the transaction succeeds. */
export async function enqueue(trx: Knex.Transaction, ...message: Message): Promise<void> {
  KEPT;
}

/** Sends what is kept, each message at least once; several processes may do it. */
export async function relay(knex: KnexSENDER): Promise<never> {
  for (;;) {
    const sent = await knex.transaction(FLUSH).catch((error: unknown) => {
      console.error("messages stay in the outbox", error);
      return 0;
    });
    if (sent === 0) await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function flush(trx: Knex.TransactionSENDER): Promise<number> {
  const kept = trx<{ id: string; ROW }>("outbox").orderBy("id").limit(100);
  const rows = await kept.select("*").forUpdate().skipLocked();
  for (const { COLUMNS } of rows) {
    try {
      await SENT;
    } catch (error) {
      // What was sent before is gone from here; the rest waits.
      console.error("messages stay in the outbox", error);
      return 0;
    }
    await trx("outbox").where({ id }).delete();
  }
  return rows.length;
}
"#;

/// Adds the migration that makes the table.
pub(super) fn migration(context: &Context<'_>, source: &Source<'_>, traced: bool, edit: &mut Edit) -> Result<(), Refusal> {
    let columns = if traced { TRACED } else { COLUMNS };
    let up = pg::table(traced);
    migrations::add_with_knex(context, source, &migrations::Table { name: TABLE, columns }, (&up, pg::DOWN), edit)
}

const COLUMNS: &str = r#"table.bigIncrements("id");
    table.json("message").notNullable();
    table.timestamp("created_at").notNullable().defaultTo(knex.fn.now());"#;
const TRACED: &str = r#"table.bigIncrements("id");
    table.json("message").notNullable();
    table.json("trace").notNullable();
    table.timestamp("created_at").notNullable().defaultTo(knex.fn.now());"#;
