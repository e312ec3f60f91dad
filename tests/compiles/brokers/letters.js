// Sends messages that are handled and such as are refused to consumers of both languages, and tells where they are.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";

const [shop, billing, parcels] = process.argv.slice(2);
const amqp = createRequire(`${shop}/index.js`)("amqplib");
const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createChannel();
const start = (...args) => spawn(...args, { stdio: ["ignore", "ignore", "ignore"] });
const node = (folder) => start("node", [`${folder}/index.js`]);
const end = (child) => new Promise((resolve) => child.on("exit", resolve));

// A queue that is not there yet ends the channel that asks for it.
async function asked(ask) {
  while (true) {
    const asking = await connection.createChannel();
    asking.on("error", () => {});
    const answer = await ask(asking).catch(() => false);
    if (answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function tell(queue) {
  const letter = await asked((asking) => asking.get(`${queue}.dead`, { noAck: true }));
  console.log(`${queue}: kept "${letter.content}", waiting ${(await channel.checkQueue(queue)).messageCount}`);
}

const consumers = [node(billing), start(parcels, [])];
console.log(`shop ended with ${await end(node(shop))}`);
await tell("orders");
await asked((asking) => asking.checkQueue("parcels"));
channel.sendToQueue("parcels", Buffer.from("tea"));
channel.sendToQueue("parcels", Buffer.from(""));
await tell("parcels");
for (const consumer of consumers) consumer.kill();
process.exit();
