import Fastify from "fastify";
import pg from "pg";

import { authorise } from "./card-network.js";
import { connect, publishSettled } from "./events.js";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = Fastify({ logger: true });

app.post<{ Body: { orderId: string; cents: number; card: string } }>("/charges", async (request, reply) => {
  const { orderId, cents, card } = request.body;
  const chargeId = await authorise(card, cents);
  await pool.query("INSERT INTO charges (id, order_id, cents) VALUES ($1, $2, $3)", [chargeId, orderId, cents]);
  await pool.query("UPDATE orders SET status = 'paid' WHERE id = $1", [orderId]);
  await publishSettled({ version: 1, orderId, chargeId });
  return reply.code(201).send({ id: chargeId });
});

app.get<{ Params: { id: string } }>("/charges/:id", async (request) => {
  const { rows } = await pool.query("SELECT id, order_id, cents FROM charges WHERE id = $1", [request.params.id]);
  return rows[0];
});

await connect();
await app.listen({ host: "0.0.0.0", port: Number(process.env.PORT ?? 4200) });
