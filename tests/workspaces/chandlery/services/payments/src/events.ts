import { Topics, type PaymentSettled } from "@chandlery/events";
import { Kafka } from "kafkajs";

const kafka = new Kafka({ clientId: "payments", brokers: process.env.KAFKA_BROKERS!.split(",") });
const producer = kafka.producer();

export const connect = () => producer.connect();

export async function publishSettled(event: PaymentSettled): Promise<void> {
  await producer.send({
    topic: Topics.paymentSettled,
    messages: [{ key: event.orderId, value: JSON.stringify(event) }],
  });
}
