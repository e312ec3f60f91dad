// Drives a service whose outbox is written in Rust, with a real database and a real broker, and kills it between the row's commit and the message.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pause, until } from "./until.js";

const [libraries, program, ...migrations] = process.argv.slice(2);
const require = createRequire(`${libraries}/index.js`);
const { Pool } = require("pg");
const amqp = require("amqplib");

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const count = async (table) => Number((await pool.query(`SELECT count(*) FROM ${table}`)).rows[0].count);
const channel = await (await amqp.connect(process.env.AMQP_URL)).createChannel();
await channel.assertQueue("orders.placed", { durable: true });
const sent = async () => (await channel.checkQueue("orders.placed")).messageCount;
const tell = async (what) => console.log(`${what}: orders ${await count("orders")}, outbox ${await count("outbox")}, sent ${await sent()}`);

for (const path of migrations) await pool.query(await readFile(path, "utf8"));
// Until it may delete rows, nothing that is kept can be sent.
await pool.query("CREATE ROLE shop LOGIN");
await pool.query("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO shop");

const url = process.env.DATABASE_URL.replace("app@", "shop@");
const start = async () => {
  const env = { ...process.env, DATABASE_URL: url, PORT: "0" };
  const child = spawn(program, { env, stdio: ["ignore", "pipe", "pipe"] });
  process.once("exit", () => child.kill("SIGKILL"));
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const port = await new Promise((resolve, reject) => {
    child.stdout.once("data", (line) => resolve(String(line).trim()));
    child.once("exit", () => reject(new Error(`it does not start: ${errors}`)));
  });
  const place = async (name) => (await fetch(`http://127.0.0.1:${port}/orders`, { method: "POST", body: name })).status;
  const end = () => new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)) && child.kill("SIGKILL"));
  return { place, end, errors: () => errors };
};

const first = await start();
console.log(`tea: ${await first.place("tea")}`);
await until("it tells why messages stay", async () => first.errors().includes("messages stay in the outbox"));
const signal = await first.end();
await tell(`ended by ${signal}`);

// Two processes send what is kept.
await pool.query("GRANT UPDATE, DELETE ON outbox TO shop");
const [second, third] = [await start(), await start()];
await until("the outbox is emptied", async () => (await count("outbox")) === 0);
await tell("started again");
console.log(`tea: ${await second.place("tea")}`);
console.log(`milk: ${await third.place("milk")}`);
await until("both messages are sent", async () => (await count("outbox")) === 0 && (await sent()) > 1);
// Whatever were sent twice would be there by then.
await pause(1500);
await tell("in the end");
// One that cannot be sent holds others for a while, and then no more.
await pool.query("INSERT INTO outbox (message) VALUES ('[]')");
console.log(`oil: ${await second.place("oil")}`);
await until("what is behind it is sent", async () => (await count("outbox")) === 1 && (await sent()) > 2);
await tell("behind one that fails");
for (let message; (message = await channel.get("orders.placed", { noAck: true })); ) console.log(String(message.content));
await second.end();
await third.end();
process.exit();
