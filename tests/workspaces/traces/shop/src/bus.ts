import { type IHeaders, Kafka, type Message } from "kafkajs";

const producer = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] }).producer();

export async function publish(topic: string, event: object): Promise<void> {
  await producer.send({ topic, messages: [{ value: JSON.stringify(event) }] });
}

export async function publishAll(messages: Message[]): Promise<void> {
  await producer.send({ topic: "cart.left", messages });
}

export async function publishMarked(ids: string[], headers: IHeaders): Promise<void> {
  await producer.send({ topic: "cart.left", messages: ids.map((id) => ({ key: id, value: id, headers })) });
  await producer.sendBatch({
    topicMessages: [
      {
        topic: "cart.left",
        messages: [{ value: "all", headers: { kind: "cart" } }],
      },
    ],
  });
}
