// Drives the outbox of a service that traces, with a library that puts the current context into headers: the trace of the row, then of its message.
import { readFile } from "node:fs/promises";

const [service, ...migrations] = process.argv.slice(2);
globalThis.isInstrumented = true;
await import(`${service}/tracing.js`);
const { pool } = await import(`${service}/db.js`);
const { add } = await import(`${service}/items.js`);
const { relay } = await import(`${service}/outbox.js`);
const { tracer } = await import(`${service}/node_modules/kafkajs/index.js`);
const { sent } = await import("./queue.js");

for (const path of migrations) await pool.query((await readFile(path, "utf8")).split("-- migrate:down")[0]);
await tracer().startActiveSpan("add", async (span) => {
  console.log(span.spanContext().traceId);
  await add("tea", 2);
  span.end();
});
void relay(pool);
while (sent().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
const [, { key, value, headers }] = sent()[0];
console.log(String(headers.traceparent).split("-")[1]);
console.log(key, value, String(headers.kind));
process.exit();
