import amqp from "amqplib";

const connection = await amqp.connect(process.env.AMQP_URL ?? "amqp://localhost");
const channel = await connection.createConfirmChannel();
await channel.assertQueue("orders", { durable: true });
channel.sendToQueue("orders", Buffer.from(JSON.stringify({ name: "tea" })), { persistent: true });
channel.sendToQueue("orders", Buffer.from("no order"), { persistent: true });
await channel.waitForConfirms();
await connection.close();
