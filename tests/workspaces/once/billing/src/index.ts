import { Kafka } from "kafkajs";

import { bill, type Order } from "./invoices.js";

const kafka = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] });
const consumer = kafka.consumer({ groupId: "billing" });
await consumer.subscribe({ topic: "order.placed" });
await consumer.run({
  eachMessage: async ({ message }) => {
    const order: Order = JSON.parse(message.value?.toString() ?? "null");
    // Whoever orders pays.
    await bill(order);
  },
});
