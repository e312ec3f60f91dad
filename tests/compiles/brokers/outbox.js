// Drives the outbox of a service with a real database, and tells what became of rows and messages.
import { database } from "./database.js";
import { until } from "./until.js";

const [service, migrations, table] = process.argv.slice(2);
const { client, change, rows, migrate, sender, work } = await database(service, table);
const { place, withdraw } = work ?? (await import(`${service}/${table}.js`));
const { relay } = await import(`${service}/outbox.js`);
const { sent } = await import("./queue.js");

const count = async (table) => (await rows(`SELECT count(*)::int AS count FROM ${table}`))[0].count;
const fails = (work) => work.then(() => "done", () => "failed");

await migrate(migrations);

// A broker that is away keeps nobody from placing an order; messages wait for it.
globalThis.isAway = true;
const { id } = await place("tea");
await place("milk");
await withdraw(id);
// A row that is not written sends no message, and a message that is not kept writes no row.
console.log("the same name", await fails(place("tea")));
await change("ALTER TABLE outbox RENAME TO away");
console.log("no outbox", await fails(place("sugar")));
await change("ALTER TABLE away RENAME TO outbox");
console.log(`rows ${await count(table)}, kept ${await count("outbox")}, sent ${sent().length}`);

console.error = () => (globalThis.hasFailed = true);
void relay(client, sender);
void relay(client, sender);
await until("it tells that messages stay", () => globalThis.hasFailed);
console.log(`kept ${await count("outbox")}, sent ${sent().length}`);
globalThis.isAway = false;
await until("the outbox is emptied", async () => (await count("outbox")) === 0);
for (const [topic, message] of sent()) console.log(topic, message.value);
// One that cannot be sent holds others for a while, and then no more.
await change("INSERT INTO outbox (message) VALUES ('{}')");
await place("oil");
await until("what is behind it is sent", async () => (await count("outbox")) === 1);
console.log(`kept 1, sent ${sent().length}`);
process.exit();
