import { Kafka } from "kafkajs";

const producer = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] }).producer();

export const connect = () => producer.connect();

export async function publish(topic: string, event: object): Promise<void> {
  await producer.send({ topic, messages: [{ value: JSON.stringify(event) }] });
}
