import { publish } from "./bus.js";
import { pool } from "./db.js";

/** Takes an order, which is billed elsewhere. */
export async function place(name: string): Promise<void> {
  const { rows } = await pool.query<{ id: number }>("INSERT INTO orders (name) VALUES ($1) RETURNING id", [name]);
  await publish("orders.placed", { id: rows[0]!.id, name });
}
