//! The outbox in the words of TypeORM.
//!
//! Invariant: the table is the one that [`pg`](super::pg) makes.

use super::super::migrations;
use super::super::{Context, Edit, Refusal, Source};
use super::module::{Form, TABLE};
use super::pg;

/// How TypeORM keeps messages.
pub(super) const FORM: Form = Form {
    types: "DataSource, EntityManager",
    transaction: "",
    handle: "manager: EntityManager",
    database: "database: DataSource",
    begins: "database.transaction(FLUSH)",
    chosen: r#"const rows: { id: string; ROW }[] = await manager.query(
    "SELECT COLUMNS FROM outbox ORDER BY tries >= $1, id LIMIT 100 FOR UPDATE SKIP LOCKED",
    [MAX_TRIES],
  )"#,
    deleted: r#"manager.query("DELETE FROM outbox WHERE id = $1", [id])"#,
    counted: r#"manager.query("UPDATE outbox SET tries = tries + 1 WHERE id = $1", [id])"#,
    kept: [
        r#"manager.query("INSERT INTO outbox (message) VALUES ($1)", [JSON.stringify(message)])"#,
        r#"manager.query("INSERT INTO outbox (message, trace) VALUES ($1, $2)", [JSON.stringify(message), trace])"#,
    ],
};

/// Adds the migration that makes the table.
pub(super) fn migration(context: &Context<'_>, source: &Source<'_>, traced: bool, edit: &mut Edit) -> Result<(), Refusal> {
    migrations::add_with_typeorm(context, source, (TABLE, "Outbox"), (&pg::table(traced), pg::DOWN), edit)
}
