import { Kafka } from "kafkajs";

import { noteClaim } from "./claims.js";

const kafka = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] });
const consumer = kafka.consumer({ groupId: "parcels" });

export async function listen(): Promise<void> {
  await consumer.subscribe({ topic: "parcel.lost" });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const parcel: { id: number } = JSON.parse(message.value?.toString() ?? "null");
      await noteClaim(parcel.id);
    },
  });
}
