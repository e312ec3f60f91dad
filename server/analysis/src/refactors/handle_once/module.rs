//! What is written into files of their own: the function that marks messages, and the migration that makes the table of marks.
//!
//! Invariant: of two deliveries of one message at the same time, the second waits for the first.

use super::super::imports::{quote, statement_end};
use super::super::migrations;
use super::super::{Context, Edit, Refusal, Source};
use super::beside;
use crate::chart::{Access, ServiceIndex};

/// The table.
const TABLE: &str = "processed_messages";

/// Makes both, unless they are there; refuses where something else is.
pub(super) fn make(context: &Context<'_>, source: &Source<'_>, service: ServiceIndex, edit: &mut Edit) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    let (path, text) = (beside(source), text(source));
    if snapshot.files.id(&path).is_some() {
        let is_it = context.texts.text(&path).as_ref() == Ok(&text);
        return if is_it { Ok(()) } else { Err(Refusal::new(format!("{path} is there already, and another one"))) };
    }
    let own = |access: &Access| access.service == service;
    let mut tables = snapshot.chart.stores.iter().flat_map(|store| &store.collections).filter(|it| it.accesses.iter().any(own));
    if tables.any(|table| table.name == TABLE) {
        return Err(Refusal::new(format!("there is a table `{TABLE}` already")));
    }
    migrations::add(context, source, TABLE, UP, DOWN, edit)?;
    edit.create(path, text);
    Ok(())
}

/// The module's text, in the style of the file that needs it.
fn text(source: &Source<'_>) -> String {
    let text = TEMPLATE.replace("  ", "\t").replace('\t', &source.indent_unit());
    let text = text.replace('"', &quote(source).to_string());
    let text = if statement_end(source).is_empty() { text.replace(";\n", "\n") } else { text };
    text.replace('\n', source.newline())
}

const TEMPLATE: &str = r#"import type { Pool, PoolClient } from "pg";

/** Does some work on the database when a message comes for the first time: all of it and its mark, or nothing. */
export async function once(
  pool: Pool,
  consumer: string,
  delivery: string,
  work: (client: PoolClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const marked = await client.query(
      "INSERT INTO processed_messages (consumer, delivery) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [consumer, delivery],
    );
    if (marked.rowCount === 1) await work(client);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}
"#;

const UP: &str = "CREATE TABLE processed_messages (
  consumer text NOT NULL,
  delivery text NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, delivery)
);
";
const DOWN: &str = "DROP TABLE processed_messages;\n";
