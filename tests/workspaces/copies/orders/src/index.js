import express from "express";
import { Kafka } from "kafkajs";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const producer = new Kafka({ brokers: [process.env.KAFKA] }).producer();
await producer.connect();

const app = express();
app.post("/orders", async (req, res) => {
  await pool.query("INSERT INTO orders (state) VALUES ('new')");
  await producer.send({ topic: "orders.placed", messages: [{ value: "{}" }] });
  res.sendStatus(201);
});
app.listen(8080);
