//! What is written into files of their own: the function that marks messages, and the migration that makes the table of marks.
//!
//! Invariant: of two deliveries of one message at the same time, the second waits for the first.

use camino::Utf8PathBuf;

use super::super::imports::in_style;
use super::super::migrations;
use super::super::pool::Library;
use super::super::prisma::{Model, add_model, client};
use super::super::way::Way;
use super::super::{Context, Edit, Refusal, Source};
use super::NAME;
use crate::chart::{Access, ServiceIndex};

/// The table.
const TABLE: &str = "processed_messages";

/// Makes both, the module at a path, unless they are there; refuses where something else is. Says whether it made them.
pub(super) fn make(
    context: &Context<'_>,
    (path, text): (Utf8PathBuf, String),
    service: ServiceIndex,
    edit: &mut Edit,
    table: impl FnOnce(&mut Edit) -> Result<(), Refusal>,
) -> Result<bool, Refusal> {
    let snapshot = context.snapshot;
    if snapshot.files.id(&path).is_some() {
        let is_it = context.texts.text(&path).as_ref() == Ok(&text);
        return if is_it { Ok(false) } else { Err(Refusal::new(format!("{path} is there already, and another one"))) };
    }
    let own = |access: &Access| access.service == service;
    let mut tables = snapshot.chart.stores.iter().flat_map(|store| &store.collections).filter(|it| it.accesses.iter().any(own));
    if tables.any(|table| table.name == TABLE) {
        return Err(Refusal::new(format!("there is a table `{TABLE}` already")));
    }
    table(edit)?;
    edit.create(path, text);
    Ok(true)
}

/// Adds the migration that makes the table.
pub(super) fn migration(context: &Context<'_>, source: &Source<'_>, edit: &mut Edit) -> Result<(), Refusal> {
    migrations::add(context, source, TABLE, UP, DOWN, edit)
}

/// The module's text in TypeScript, in the style of the file that needs it, and what makes the table.
pub(super) fn add(
    context: &Context<'_>,
    source: &Source<'_>,
    way: &Way<'_>,
    service: ServiceIndex,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let path = beside(source);
    let text = match way.pool.library {
        Library::Pg => TEMPLATE.to_owned(),
        Library::Prisma => PRISMA.replace("CLIENT", &client(context, way.pool, source, &path)?),
        Library::Knex => KNEX.to_owned(),
        Library::TypeOrm => TYPEORM.to_owned(),
    };
    let model = || Model { name: "ProcessedMessage", table: TABLE, text: MODEL.to_owned(), up: PRISMA_UP.to_owned() };
    let table = |edit: &mut Edit| match way.pool.library {
        Library::Pg => migration(context, source, edit),
        Library::Prisma => add_model(context, way.written, &model(), edit),
        Library::Knex => migrations::add_with_knex(context, source, &KNEX_TABLE, (UP, DOWN), edit),
        Library::TypeOrm => migrations::add_with_typeorm(context, source, (TABLE, "ProcessedMessages"), (UP, DOWN), edit),
    };
    make(context, (path, in_style(source, &text)), service, edit, table).map(|_| ())
}

/// The file of the module in the folder of another one.
fn beside(source: &Source<'_>) -> Utf8PathBuf {
    source.path.with_file_name(format!("{NAME}.ts"))
}

const PRISMA: &str = r#"import type { Prisma, PrismaClient } from "CLIENT";

/** Does some work on the database when a message comes for the first time: all of it and its mark, or nothing. */
export async function once(
  prisma: PrismaClient,
  consumer: string,
  delivery: string | undefined,
  work: (tx: Prisma.TransactionClient) => Promise<void>,
): Promise<void> {
  await prisma.$transaction(async (tx) => {
    // What nothing tells from other messages is taken for a new one.
    if (delivery === undefined || (await mark(tx, consumer, delivery))) await work(tx);
  });
}

async function mark(tx: Prisma.TransactionClient, consumer: string, delivery: string): Promise<boolean> {
  const marked = await tx.processedMessage.createMany({
    data: [{ consumer, delivery }],
    skipDuplicates: true,
  });
  return marked.count === 1;
}
"#;
const MODEL: &str = "model ProcessedMessage {
  consumer    String
  delivery    String
  processedAt DateTime @default(now()) @map(\"processed_at\") @db.Timestamptz(3)

  @@id([consumer, delivery])
  @@map(\"processed_messages\")
}
";
const PRISMA_UP: &str = "-- CreateTable
CREATE TABLE \"processed_messages\" (
    \"consumer\" TEXT NOT NULL,
    \"delivery\" TEXT NOT NULL,
    \"processed_at\" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT \"processed_messages_pkey\" PRIMARY KEY (\"consumer\", \"delivery\")
);
";

const TYPEORM: &str = r#"import type { EntityManager } from "typeorm";

/** Does some work on the database when a message comes for the first time: all of it and its mark, or nothing. */
export async function once(
  database: EntityManager,
  consumer: string,
  delivery: string | undefined,
  work: (manager: EntityManager) => Promise<void>,
): Promise<void> {
  await database.transaction(async (manager) => {
    // What nothing tells from other messages is taken for a new one.
    if (delivery === undefined || (await mark(manager, consumer, delivery))) await work(manager);
  });
}

async function mark(manager: EntityManager, consumer: string, delivery: string): Promise<boolean> {
  const marked: unknown[] = await manager.query(
    "INSERT INTO processed_messages (consumer, delivery) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING delivery",
    [consumer, delivery],
  );
  return marked.length === 1;
}
"#;

const KNEX: &str = r#"import type { Knex } from "knex";

/** Does some work on the database when a message comes for the first time: all of it and its mark, or nothing. */
export async function once(
  knex: Knex,
  consumer: string,
  delivery: string | undefined,
  work: (trx: Knex.Transaction) => Promise<void>,
): Promise<void> {
  await knex.transaction(async (trx) => {
    // What nothing tells from other messages is taken for a new one.
    if (delivery === undefined || (await mark(trx, consumer, delivery))) await work(trx);
  });
}

async function mark(trx: Knex.Transaction, consumer: string, delivery: string): Promise<boolean> {
  const marks = trx("processed_messages").insert({ consumer, delivery });
  const marked = await marks.onConflict().ignore().returning("delivery");
  return marked.length === 1;
}
"#;
const KNEX_TABLE: migrations::Table = migrations::Table {
    name: TABLE,
    columns: r#"table.text("consumer").notNullable();
    table.text("delivery").notNullable();
    table.timestamp("processed_at").notNullable().defaultTo(knex.fn.now());
    table.primary(["consumer", "delivery"]);"#,
};

const TEMPLATE: &str = r#"import type { Pool, PoolClient } from "pg";

/** Does some work on the database when a message comes for the first time: all of it and its mark, or nothing. */
export async function once(
  pool: Pool,
  consumer: string,
  delivery: string | undefined,
  work: (client: PoolClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    // What nothing tells from other messages is taken for a new one.
    if (delivery === undefined || (await mark(client, consumer, delivery))) await work(client);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

async function mark(client: PoolClient, consumer: string, delivery: string): Promise<boolean> {
  const marked = await client.query(
    "INSERT INTO processed_messages (consumer, delivery) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    [consumer, delivery],
  );
  return marked.rowCount === 1;
}
"#;

/// The module's text in Rust.
pub(super) const RUST: &str = r#"//! Messages whose work is done once.

use sqlx::{Postgres, Transaction};

/// Whether a message comes for the first time, which the transaction of its work marks. What nothing
/// tells from other messages is taken for a new one.
pub async fn first_time(
    tx: &mut Transaction<'_, Postgres>,
    consumer: &str,
    message: Option<&str>,
) -> sqlx::Result<bool> {
    let Some(message) = message else {
        return Ok(true);
    };
    let marked = sqlx::query(
        "INSERT INTO processed_messages (consumer, delivery) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(consumer)
    .bind(message)
    .execute(&mut **tx)
    .await?;
    Ok(marked.rows_affected() == 1)
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
