//! The outbox in the words of knex.
//!
//! Invariant: the table is the one that [`pg`](super::pg) makes.

use super::super::migrations;
use super::super::{Context, Edit, Refusal, Source};
use super::module::{Form, TABLE};
use super::pg;

/// How knex keeps messages.
pub(super) const FORM: Form = Form {
    types: "Knex",
    transaction: "",
    handle: "trx: Knex.Transaction",
    database: "knex: Knex",
    begins: "knex.transaction(FLUSH)",
    chosen: r#"const kept = trx<{ id: string; ROW }>("outbox").orderByRaw("tries >= ?, id", [MAX_TRIES]);
  const rows = await kept.limit(100).select("*").forUpdate().skipLocked()"#,
    deleted: r#"trx("outbox").where({ id }).delete()"#,
    counted: r#"trx("outbox").where({ id }).increment("tries")"#,
    kept: [
        r#"trx("outbox").insert({ message: JSON.stringify(message) })"#,
        r#"trx("outbox").insert({ message: JSON.stringify(message), trace })"#,
    ],
};

/// Adds the migration that makes the table.
pub(super) fn migration(context: &Context<'_>, source: &Source<'_>, traced: bool, edit: &mut Edit) -> Result<(), Refusal> {
    let columns = COLUMNS.join(if traced { TRACE_COLUMN } else { "" });
    let up = pg::table(traced);
    migrations::add_with_knex(context, source, &migrations::Table { name: TABLE, columns: &columns }, (&up, pg::DOWN), edit)
}

const TRACE_COLUMN: &str = r#"
    table.json("trace").notNullable();"#;
const COLUMNS: [&str; 2] = [
    r#"table.bigIncrements("id");
    table.json("message").notNullable();"#,
    r#"
    table.integer("tries").notNullable().defaultTo(0);
    table.timestamp("created_at").notNullable().defaultTo(knex.fn.now());"#,
];
