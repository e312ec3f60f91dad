import amqp from "amqplib";
import { Kafka } from "kafkajs";

const producer = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] }).producer();
const channel = await (await amqp.connect(process.env.AMQP_URL ?? "amqp://localhost")).createChannel();

/** Tells others of an order, and of what was paid for it. */
export async function place(id: string, cents: number): Promise<void> {
  const order = { id, cents, lines: ["tea", "milk"] };
  await producer.send({ topic: "order.placed", messages: [{ key: id, value: JSON.stringify(order) }] });
  channel.sendToQueue("payments", Buffer.from(JSON.stringify({ account: id, cents })), { persistent: true });
}

/** Pays an order back. */
export function refund(account: string, cents: number): void {
  channel.sendToQueue("refunds", Buffer.from(JSON.stringify({ account, cents })));
}
