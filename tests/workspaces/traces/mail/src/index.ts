import "./tracing.js";

import { trace } from "@opentelemetry/api";
import { type EachMessagePayload, Kafka } from "kafkajs";

import { Carts } from "./carts.js";
import { listen } from "./slips.js";

const tracer = trace.getTracer("mail");
const kafka = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] });

const orders = kafka.consumer({ groupId: "mail-orders" });
await orders.subscribe({ topic: "order.placed" });
await orders.run({
  eachMessage: async ({ topic, message }) => {
    await tracer.startActiveSpan(topic, async (span) => {
      console.log(span.spanContext().traceId, message.value);
      span.end();
    });
  },
});

const carts = new Carts();

async function left(payload: EachMessagePayload): Promise<void> {
  if (!payload.message.value) return;
  await carts.leave(payload.message.value.toString());
}

const leaving = kafka.consumer({ groupId: "mail-carts" });
await leaving.subscribe({ topic: "cart.left" });
await leaving.run({ eachMessage: left });

await listen();
