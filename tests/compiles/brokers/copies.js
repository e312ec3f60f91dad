// Drives a copy of another service's table with a real database, and tells what is read of it.
import { readFile } from "node:fs/promises";

const [mailer, ...migrations] = process.argv.slice(2);
const { pool } = await import(`${mailer}/db.js`);
const { noteOf } = await import(`${mailer}/notes.js`);
const { applyOrderChanged } = await import(`${mailer}/orders-view.js`);

const [orders, ...others] = migrations;
await pool.query(await readFile(orders, "utf8"));
await pool.query("INSERT INTO orders (state, note) VALUES ('new', 'ring twice')");
for (const migration of others) await pool.query(await readFile(migration, "utf8"));
const tell = async (name, id) => {
  const note = await noteOf(id);
  console.log(`${name}: ${note?.state} ${note?.note}`);
};
await tell("as it was filled", 1);
const change = { id: 1, state: "paid", note: null, placed_at: new Date(), revision: 2 };
await applyOrderChanged(pool, change);
await applyOrderChanged(pool, change);
await tell("a change twice", 1);
await applyOrderChanged(pool, { ...change, state: "late", revision: 1 });
await tell("an older change", 1);
await applyOrderChanged(pool, { ...change, id: 2, revision: 1 });
await tell("another row", 2);
process.exit();
