//! The outbox in the words of pg.
//!
//! Invariant: what begins a transaction ends it, or gives its connection back.

use super::super::migrations;
use super::super::{Context, Edit, Refusal, Source};
use super::module::{Form, TABLE};

/// How pg keeps messages.
pub(super) const FORM: Form = Form {
    types: "Pool, PoolClient",
    transaction: TRANSACTION,
    handle: "client: PoolClient",
    database: "pool: Pool",
    begins: "transaction(pool, FLUSH)",
    chosen: r#"const { rows } = await client.query<{ id: string; ROW }>(
    "SELECT COLUMNS FROM outbox ORDER BY tries >= $1, id LIMIT 100 FOR UPDATE SKIP LOCKED",
    [MAX_TRIES],
  )"#,
    deleted: r#"client.query("DELETE FROM outbox WHERE id = $1", [id])"#,
    counted: r#"client.query("UPDATE outbox SET tries = tries + 1 WHERE id = $1", [id])"#,
    kept: [
        r#"client.query("INSERT INTO outbox (message) VALUES ($1)", [JSON.stringify(message)])"#,
        r#"client.query("INSERT INTO outbox (message, trace) VALUES ($1, $2)", [JSON.stringify(message), trace])"#,
    ],
};

const TRANSACTION: &str = r#"/** Does all of some work on the database, or nothing of it. */
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

"#;

const TRACE_COLUMN: &str = "  trace json NOT NULL,\n";
const UP: [&str; 2] = [
    "CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message json NOT NULL,
",
    "  tries int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
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
