import "./tracing.js";

import { Topics, type OrderPlaced, type PaymentSettled } from "@chandlery/events";
import { Kafka } from "kafkajs";

import { Mailer } from "./mailer.js";

const kafka = new Kafka({ clientId: "notifications", brokers: (process.env.KAFKA_BROKERS ?? "kafka:9092").split(",") });
const mailer = new Mailer(process.env.MAIL_URL ?? "https://api.pigeonpost.example");

async function confirmOrders() {
  const consumer = kafka.consumer({ groupId: "notifications-orders" });
  await consumer.connect();
  await consumer.subscribe({ topic: Topics.orderPlaced });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const order = JSON.parse(message.value!.toString()) as OrderPlaced;
      await mailer.send(order.email, `Order ${order.orderId} is on its way to the quay`);
    },
  });
}

async function sendReceipts() {
  const consumer = kafka.consumer({ groupId: "notifications-receipts" });
  await consumer.connect();
  await consumer.subscribe({ topic: "payments.settled" });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const payment = JSON.parse(message.value!.toString()) as PaymentSettled;
      await mailer.send("accounts@chandlery.example", `Charge ${payment.chargeId} has settled`);
    },
  });
}

await Promise.all([confirmOrders(), sendReceipts()]);
