import amqp from "amqplib";

import { pool } from "./db.js";

const connection = await amqp.connect(process.env.AMQP_URL ?? "amqp://localhost");
const channel = await connection.createChannel();
await channel.assertQueue("orders.placed", { durable: true });
await channel.consume("orders.placed", async (message) => {
  if (message === null) return;
  const order: { id: number; name: string } = JSON.parse(message.content.toString());
  await pool.query("INSERT INTO invoices (order_id, name) VALUES ($1, $2)", [order.id, order.name]);
  channel.ack(message);
});
