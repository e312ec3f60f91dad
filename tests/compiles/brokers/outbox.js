// Drives the outbox of a service with a real database, and tells what became of rows and messages.
import { readdir, readFile } from "node:fs/promises";

const [service, migrations] = process.argv.slice(2);
const { pool } = await import(`${service}/db.js`);
const { place, withdraw } = await import(`${service}/orders.js`);
const { relay } = await import(`${service}/outbox.js`);
const { sent } = await import("./queue.js");

const count = async (table) => (await pool.query(`SELECT count(*)::int AS count FROM ${table}`)).rows[0].count;
const until = async (done) => {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const fails = (work) => work.then(() => "done", () => "failed");

for (const name of (await readdir(migrations)).sort()) await pool.query(await readFile(`${migrations}/${name}`, "utf8"));

// A broker that is away keeps nobody from placing an order; messages wait for it.
globalThis.isAway = true;
const { id } = await place("tea");
await place("milk");
await withdraw(id);
// A row that is not written sends no message, and a message that is not kept writes no row.
console.log("the same name", await fails(place("tea")));
await pool.query("ALTER TABLE outbox RENAME TO away");
console.log("no outbox", await fails(place("sugar")));
await pool.query("ALTER TABLE away RENAME TO outbox");
console.log(`orders ${await count("orders")}, kept ${await count("outbox")}, sent ${sent().length}`);

console.error = () => (globalThis.hasFailed = true);
void relay(pool);
void relay(pool);
await until(() => globalThis.hasFailed);
console.log(`kept ${await count("outbox")}, sent ${sent().length}`);
globalThis.isAway = false;
await until(async () => (await count("outbox")) === 0);
for (const [topic, message] of sent()) console.log(topic, message.value);
process.exit();
