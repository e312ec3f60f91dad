// Sends one message that is handled and one that is refused, and tells where both are.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";

const [shop, billing] = process.argv.slice(2);
const amqp = createRequire(`${shop}/index.js`)("amqplib");
const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createChannel();
const start = (folder) => spawn("node", [`${folder}/index.js`], { stdio: ["ignore", "ignore", "ignore"] });
const end = (child) => new Promise((resolve) => child.on("exit", resolve));

const consumer = start(billing);
console.log(`shop ended with ${await end(start(shop))}`);
let letter = false;
while (letter === false) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  // A queue that is not there yet ends the channel that asks for it.
  const asking = await connection.createChannel();
  asking.on("error", () => {});
  letter = await asking.get("orders.dead", { noAck: true }).catch(() => false);
}
console.log(`kept: ${letter.content}`);
console.log(`waiting: ${(await channel.checkQueue("orders")).messageCount}`);
consumer.kill();
await end(consumer);
process.exit();
