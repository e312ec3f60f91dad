import type { Channel } from "amqplib";

const QUEUE = "orders";

export async function consumeOrders(channel: Channel): Promise<void> {
  await channel.assertQueue(QUEUE, {
    durable: true,
  });
  await channel.consume(QUEUE, (message) => {
    if (message === null) return;
    try {
      const order: { name: string } = JSON.parse(message.content.toString());
      console.log(`billed ${order.name}`);
      channel.ack(message);
    } catch (error) {
      console.error(error);
      channel.nack(message, false, false);
    }
  });
}
