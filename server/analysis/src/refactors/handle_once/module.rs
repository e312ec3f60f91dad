//! What is written into files of their own: the function that marks messages, and the migration that makes the table of marks.
//!
//! Invariant: of two deliveries of one message at the same time, the second waits for the first.

use camino::Utf8PathBuf;

use super::super::imports::in_style;
use super::super::migrations;
use super::super::pool::Library;
use super::super::prisma::{Extended, Model, TRANSACTION, add_model, client};
use super::super::template::filled;
use super::super::way::Way;
use super::super::{Context, Edit, Refusal, Source};
use super::NAME;
use crate::chart::ServiceIndex;

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
    if context.has(&path, &text)? {
        return Ok(false);
    }
    migrations::is_new(context.snapshot, &[service], TABLE)?;
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
    let path = source.path.with_file_name(format!("{NAME}.ts"));
    let extended = Extended::of(context, way.pool, &way.writer, &path)?;
    let (form, client) = match way.pool.library {
        Library::Pg => (&PG, "pg".to_owned()),
        Library::Prisma => match &extended {
            Some(extended) => (&EXTENDED, extended.module.clone()),
            None => (&PRISMA, client(context, way.pool, source, &path)?),
        },
        Library::Knex => (&KNEX, "knex".to_owned()),
        Library::TypeOrm => (&TYPEORM, "typeorm".to_owned()),
    };
    let pieces = [
        ("KINDS", extended.as_ref().map_or(form.types, |extended| extended.imported.as_str())),
        ("TRANSACTION", if extended.is_some() { TRANSACTION } else { "" }),
        ("CLIENT", client.as_str()),
        ("DATABASE", form.database),
        ("HANDLE", form.handle),
        ("WORKED", form.worked),
        ("MARKED", form.marked),
    ];
    let text = filled(TEMPLATE, &pieces);
    let text = extended.map_or(text.clone(), |extended| extended.named(&text));
    let model = || Model { name: "ProcessedMessage", table: TABLE, text: MODEL.to_owned(), up: PRISMA_UP.to_owned() };
    let table = |edit: &mut Edit| match way.pool.library {
        Library::Pg => migration(context, source, edit),
        Library::Prisma => add_model(context, way.written, &model(), edit),
        Library::Knex => migrations::add_with_knex(context, source, &KNEX_TABLE, (UP, DOWN), edit),
        Library::TypeOrm => migrations::add_with_typeorm(context, source, (TABLE, "ProcessedMessages"), (UP, DOWN), edit),
    };
    make(context, (path, in_style(source, &text)), service, edit, table).map(|_| ())
}

/// How a library marks messages: pieces of TypeScript.
struct Form {
    /// The library's types that are needed.
    types: &'static str,
    /// What begins transactions, and its type.
    database: &'static str,
    /// What a transaction is asked by, and its type.
    handle: &'static str,
    /// What does the work of a new message in a transaction that marks it.
    worked: &'static str,
    /// What marks one, and says whether that is new.
    marked: &'static str,
}

const TEMPLATE: &str = r#"import type { KINDS } from "CLIENT";

TRANSACTION/** Does some work on the database when a message comes for the first time: all of it and its mark, or nothing. */
export async function once(
  DATABASE,
  consumer: string,
  delivery: string | undefined,
  work: (HANDLE) => Promise<void>,
): Promise<void> {
  WORKED
}

async function mark(HANDLE, consumer: string, delivery: string): Promise<boolean> {
  MARKED
}
"#;

const PG: Form = Form {
    types: "Pool, PoolClient",
    database: "pool: Pool",
    handle: "client: PoolClient",
    worked: r#"const client = await pool.connect();
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
  }"#,
    marked: r#"const marked = await client.query(
    "INSERT INTO processed_messages (consumer, delivery) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    [consumer, delivery],
  );
  return marked.rowCount === 1;"#,
};

const PRISMA: Form = Form {
    types: "Prisma, PrismaClient",
    database: "prisma: PrismaClient",
    handle: "tx: Prisma.TransactionClient",
    worked: "await prisma.$transaction(async (tx) => {
    // What nothing tells from other messages is taken for a new one.
    if (delivery === undefined || (await mark(tx, consumer, delivery))) await work(tx);
  });",
    marked: "const marked = await tx.processedMessage.createMany({
    data: [{ consumer, delivery }],
    skipDuplicates: true,
  });
  return marked.count === 1;",
};
/// The same by an extended client.
const EXTENDED: Form = Form {
    database: "database: typeof EXTENDED",
    handle: "tx: Transaction",
    worked: "await database.$transaction(async (tx) => {
    // What nothing tells from other messages is taken for a new one.
    if (delivery === undefined || (await mark(tx, consumer, delivery))) await work(tx);
  });",
    ..PRISMA
};
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

const TYPEORM: Form = Form {
    types: "EntityManager",
    database: "database: EntityManager",
    handle: "manager: EntityManager",
    worked: "await database.transaction(async (manager) => {
    // What nothing tells from other messages is taken for a new one.
    if (delivery === undefined || (await mark(manager, consumer, delivery))) await work(manager);
  });",
    marked: r#"const marked: unknown[] = await manager.query(
    "INSERT INTO processed_messages (consumer, delivery) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING delivery",
    [consumer, delivery],
  );
  return marked.length === 1;"#,
};

const KNEX: Form = Form {
    types: "Knex",
    database: "knex: Knex",
    handle: "trx: Knex.Transaction",
    worked: "await knex.transaction(async (trx) => {
    // What nothing tells from other messages is taken for a new one.
    if (delivery === undefined || (await mark(trx, consumer, delivery))) await work(trx);
  });",
    marked: r#"const marks = trx("processed_messages").insert({ consumer, delivery });
  const marked = await marks.onConflict().ignore().returning("delivery");
  return marked.length === 1;"#,
};
const KNEX_TABLE: migrations::Table<'_> = migrations::Table {
    name: TABLE,
    columns: r#"table.text("consumer").notNullable();
    table.text("delivery").notNullable();
    table.timestamp("processed_at").notNullable().defaultTo(knex.fn.now());
    table.primary(["consumer", "delivery"]);"#,
};

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
