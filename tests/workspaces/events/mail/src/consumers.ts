import { Kafka } from "kafkajs";

const kafka = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] });

export async function consumeCarts(): Promise<void> {
  const consumer = kafka.consumer({ groupId: "mail-carts" });
  await consumer.connect();
  await consumer.subscribe({ topic: "cart.left" });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const cart: { id: string } = JSON.parse(String(message.value));
      console.log(`cart ${cart.id} is left`);
    },
  });
}
