import amqp from "amqplib";

const connection = await amqp.connect(process.env.AMQP_URL ?? "amqp://localhost");
const channel = await connection.createConfirmChannel();

/** Sends an event to a queue, and waits until the broker has it. */
export async function publish(queue: string, event: object): Promise<void> {
  await channel.assertQueue(queue, { durable: true });
  channel.sendToQueue(queue, Buffer.from(JSON.stringify(event)), { persistent: true });
  await channel.waitForConfirms();
}
