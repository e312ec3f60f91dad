// Drives an outbox and the consumer of its messages with a real database and a real broker, and kills each where it hurts most.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pause, until } from "./until.js";

const [orders, billing, ...migrations] = process.argv.slice(2);
const { pool } = await import(`${orders}/db.js`);
const amqp = createRequire(`${orders}/index.js`)("amqplib");

const count = async (table) => Number((await pool.query(`SELECT count(*) FROM ${table}`)).rows[0].count);
const tell = async (what, ...tables) => {
  const counts = [];
  for (const table of tables) counts.push(`${table} ${await count(table)}`);
  console.log(`${what}: ${counts.join(", ")}`);
};
const start = (...args) => {
  const child = spawn("node", args, { stdio: ["ignore", "ignore", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
};
const end = (child) =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.signalCode);
    child.on("exit", (_, signal) => resolve(signal));
  });
// What has been taken is acknowledged a moment after its row is seen.
const stop = async (child) => {
  await pause(500);
  const ended = end(child);
  child.kill();
  await ended;
};
const script = (text) => ["--input-type=module", "--eval", text];

for (const path of migrations) await pool.query(await readFile(path, "utf8"));

// The process dies between the row's commit and the message.
const dies = 'process.kill(process.pid, "SIGKILL")';
const signal = await end(start(...script(`import { place } from ${JSON.stringify(`${orders}/orders.js`)}; await place("tea"); ${dies};`)));
await tell(`orders ended by ${signal}`, "orders", "outbox", "invoices");

// Two processes send what is kept.
for (let count = 0; count < 2; count += 1) start(`${orders}/index.js`);
let consumer = start(`${billing}/index.js`);
await until("what is kept is billed", async () => (await count("outbox")) === 0 && (await count("invoices")) > 0);
await tell("orders started again", "orders", "outbox", "invoices");
await stop(consumer);

// The consumer dies between the row's commit and its acknowledgement.
const preloaded = `data:text/javascript,${encodeURIComponent(
  `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(`${billing}/index.js`)});` +
    `require("amqplib/lib/channel_model.js").Channel.prototype.ack = () => ${dies};`,
)}`;
const { place } = await import(`${orders}/orders.js`);
await place("milk");
const killed = await end(start("--import", preloaded, `${billing}/index.js`));
await tell(`billing ended by ${killed}`, "outbox", "invoices");
const channel = await (await amqp.connect(process.env.AMQP_URL)).createChannel();
const waiting = async () => (await channel.checkQueue("orders.placed")).messageCount;
await until("what was not acknowledged waits", async () => (await waiting()) === 1);
consumer = start(`${billing}/index.js`);
await until("it is taken again", async () => (await waiting()) === 0);
await stop(consumer);
await tell("billing started again", "invoices", "processed_messages");
console.log(`waiting ${await waiting()}`);
process.exit();
