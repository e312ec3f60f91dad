import { db } from "./db.js";

export interface Order {
  id: string;
  cents: number;
}

/** Takes what is paid for an order. */
export async function sell(order: Order): Promise<void> {
  await db("sales").insert({ order_id: order.id, cents: order.cents });
  await db("tills").where({ name: "mart" }).increment("cents", order.cents);
}
