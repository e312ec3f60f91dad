import amqp from "amqplib";

import { consumeOrders } from "./orders.js";
import { consumeRefunds } from "./refunds.js";

const connection = await amqp.connect(process.env.AMQP_URL ?? "amqp://localhost");
const channel = await connection.createChannel();
await consumeOrders(channel);
await consumeRefunds(channel);
