import { Kafka } from "kafkajs";

const kafka = new Kafka({ brokers: [process.env.KAFKA] });
const consumer = kafka.consumer({ groupId: "mail" });
await consumer.subscribe({ topics: ["parcel.placed", "parcel.withdrawn"] });
await consumer.run({ eachMessage: async ({ topic, message }) => console.log(topic, String(message.value)) });

const producer = kafka.producer();
await producer.connect();
await producer.send({ topic: "parcel.lost", messages: [{ value: JSON.stringify({ id: 1 }) }] });
