// Hands the messages of a shop to a service with a real database: to fail, several times at once, and again; tells what each leaves behind.
import { database } from "./database.js";

const [shop, service, migrations, mend, ...questions] = process.argv.slice(2);
const { change, rows, migrate } = await database(service);
const { place } = await import(`${shop}/index.js`);
const { deliver, sent } = await import("./queue.js");

await migrate(migrations);
await import(`${service}/index.js`);
await place("ada", 500);
await place("ada", 500);
const messages = sent().filter(([name]) => globalThis.queue.handlers.has(name));

const tell = async (what) => {
  const answers = [];
  for (const question of [...questions, "SELECT count(*) FROM processed_messages"]) {
    answers.push(Object.values((await rows(question))[0])[0]);
  }
  console.log(what, ...answers.map(Number));
};
const hand = async () => {
  sent().splice(0, sent().length, ...messages);
  await deliver().catch(() => {});
};

await hand();
await tell("failed");
await change(mend);
await Promise.all([hand(), hand(), hand()]);
await tell("done");
await hand();
await tell("again");
process.exit();
