import type { Channel, Options } from "amqplib";

const queue: Options.AssertQueue = { messageTtl: 60_000 };

export async function consumeRefunds(channel: Channel): Promise<void> {
  await Promise.all([
    channel.assertExchange("shop", "topic"),
    channel.assertQueue("refunds", queue),
    channel.bindQueue("refunds", "shop", "order.refunded"),
  ]);
  await channel.consume("refunds", (message) => {
    if (message !== null) channel.reject(message, false);
  });
}
