import { Kafka } from "kafkajs";

const consumer = new Kafka({ brokers: [process.env.KAFKA] }).consumer({ groupId: "mail" });
await consumer.subscribe({ topics: ["order.placed", "order.withdrawn", "item.added"] });
await consumer.run({ eachMessage: async ({ topic, message }) => console.log(topic, String(message.value)) });
