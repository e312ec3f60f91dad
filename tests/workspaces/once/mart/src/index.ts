import { Kafka } from "kafkajs";

import { sell, type Order } from "./sales.js";

const kafka = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] });
const consumer = kafka.consumer({ groupId: "mart" });
await consumer.subscribe({ topic: "order.placed" });
await consumer.run({
  eachMessage: async ({ message }) => {
    const order: Order = JSON.parse(message.value?.toString() ?? "null");
    await sell(order);
  },
});
