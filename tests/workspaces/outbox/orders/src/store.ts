import { pool } from "./db.js";

/** Takes an order back. */
export async function takeBack(id: number): Promise<void> {
  await pool.query("UPDATE orders SET withdrawn = true WHERE id = $1", [id]);
}
