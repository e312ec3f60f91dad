import { publish } from "./bus.js";
import { pool } from "./db.js";
import { takeBack } from "./store.js";

export interface Order {
  id: number;
  name: string;
}

/** Takes an order, of which mails are sent. */
export async function place(name: string): Promise<Order> {
  const { rows } = await pool.query<Order>(
    `INSERT INTO orders (name)
     VALUES ($1)
     RETURNING id, name`,
    [name],
  );
  const order = rows[0]!;
  // Whoever wants to know gets all of it.
  await publish("order.placed", order);
  return order;
}

export async function withdraw(id: number): Promise<void> {
  await takeBack(id);
  await publish("order.withdrawn", { id });
}
