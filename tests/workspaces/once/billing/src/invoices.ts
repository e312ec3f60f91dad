import { pool } from "./db.js";

export interface Order {
  id: string;
  cents: number;
  lines: string[];
}

/** Writes the invoice of an order. */
export async function bill(order: Order): Promise<void> {
  await pool.query("INSERT INTO invoices (order_id, cents) VALUES ($1, $2)", [order.id, order.cents]);
  for (const line of order.lines) await book(line);
}

async function book(line: string): Promise<void> {
  await pool.query("UPDATE stock SET left_over = left_over - 1 WHERE name = $1", [line]);
}
