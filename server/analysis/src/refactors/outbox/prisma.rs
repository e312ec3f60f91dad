//! The outbox in the words of Prisma: a model of the schema, and a migration if the schema has any.
//!
//! Invariant: the model says what the migration makes.

use super::super::prisma::Model;
use super::module::{Form, TABLE};

/// How Prisma keeps messages.
pub(super) const FORM: Form = Form {
    template: TEMPLATE,
    kept: [
        "await tx.outbox.create({ data: { message: JSON.parse(JSON.stringify(message)) } })",
        r#"const trace: Record<string, string> = {};
  propagation.inject(context.active(), trace);
  await tx.outbox.create({ data: { message: JSON.parse(JSON.stringify(message)), trace } })"#,
    ],
};

const TEMPLATE: &str = r#"API;
import type { Prisma, PrismaClient } from "CLIENT";

IMPORT;

type Message = Parameters<TYPE>;

/** Keeps a message that is to be sent if the transaction succeeds. */
export async function enqueue(tx: Prisma.TransactionClient, ...message: Message): Promise<void> {
  KEPT;
}

/** Sends what is kept, each message at least once; several processes may do it. */
export async function relay(prisma: PrismaClientSENDER): Promise<never> {
  for (;;) {
    const sent = await prisma.$transaction(FLUSH, { timeout: 60_000 }).catch((error: unknown) => {
      console.error("messages stay in the outbox", error);
      return 0;
    });
    if (sent === 0) await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function flush(tx: Prisma.TransactionClientSENDER): Promise<number> {
  const rows = await tx.$queryRaw<{ id: bigint; ROW }[]>`
    SELECT COLUMNS FROM outbox ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`;
  for (const { COLUMNS } of rows) {
    try {
      await SENT;
    } catch (error) {
      // What was sent before is gone from here; the rest waits.
      console.error("messages stay in the outbox", error);
      return 0;
    }
    await tx.outbox.delete({ where: { id } });
  }
  return rows.length;
}
"#;

const TRACE_FIELD: &str = "  trace     Json     @db.Json\n";
const MODEL: [&str; 2] = [
    "model Outbox {
  id        BigInt   @id @default(autoincrement())
  message   Json     @db.Json
",
    "  createdAt DateTime @default(now()) @map(\"created_at\") @db.Timestamptz(3)

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
    "    \"created_at\" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT \"outbox_pkey\" PRIMARY KEY (\"id\")
);
",
];

/// The table as a model, with a trace or without.
pub(super) fn model(traced: bool) -> Model {
    let trace = |line: &'static str| if traced { line } else { "" };
    Model { name: "Outbox", table: TABLE, text: MODEL.join(trace(TRACE_FIELD)), up: UP.join(trace(TRACE_COLUMN)) }
}
