//! The outbox in the words of Prisma: a model of the schema, and a migration if the schema has any.
//!
//! Invariant: the model says what the migration makes.

use super::super::prisma::{Model, TRANSACTION};
use super::module::{Form, TABLE};

/// How Prisma keeps messages.
pub(super) const FORM: Form = Form {
    types: "Prisma, PrismaClient",
    transaction: "",
    handle: "tx: Prisma.TransactionClient",
    database: "prisma: PrismaClient",
    begins: "prisma.$transaction(FLUSH, { timeout: 60_000 })",
    chosen: "const rows = await tx.$queryRaw<{ id: bigint; ROW }[]>`
    SELECT COLUMNS FROM outbox ORDER BY tries >= ${MAX_TRIES}, id LIMIT 100 FOR UPDATE SKIP LOCKED`",
    deleted: "tx.outbox.delete({ where: { id } })",
    counted: "tx.outbox.update({ where: { id }, data: { tries: { increment: 1 } } })",
    kept: [
        "tx.outbox.create({ data: { message: JSON.parse(JSON.stringify(message)) } })",
        "tx.outbox.create({ data: { message: JSON.parse(JSON.stringify(message)), trace } })",
    ],
};

/// The same by an extended client.
pub(super) const EXTENDED: Form = Form {
    transaction: TRANSACTION,
    handle: "tx: Transaction",
    database: "database: typeof EXTENDED",
    begins: "database.$transaction(FLUSH, { timeout: 60_000 })",
    ..FORM
};

const TRACE_FIELD: &str = "  trace     Json     @db.Json\n";
const MODEL: [&str; 2] = [
    "model Outbox {
  id        BigInt   @id @default(autoincrement())
  message   Json     @db.Json
",
    "  tries     Int      @default(0)
  createdAt DateTime @default(now()) @map(\"created_at\") @db.Timestamptz(3)

  @@map(\"outbox\")
}
",
];
const TRACE_COLUMN: &str = "    \"trace\" JSON NOT NULL,\n";
const UP: [&str; 2] = [
    "-- CreateTable
CREATE TABLE \"outbox\" (
    \"id\" BIGSERIAL NOT NULL,
    \"message\" JSON NOT NULL,
",
    "    \"tries\" INTEGER NOT NULL DEFAULT 0,
    \"created_at\" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT \"outbox_pkey\" PRIMARY KEY (\"id\")
);
",
];

/// The table as a model, with a trace or without.
pub(super) fn model(traced: bool) -> Model {
    let trace = |line: &'static str| if traced { line } else { "" };
    Model { name: "Outbox", table: TABLE, text: MODEL.join(trace(TRACE_FIELD)), up: UP.join(trace(TRACE_COLUMN)) }
}
