import { pool } from "./db.js";

export interface Note {
  state: string;
  note: string | null;
  placed_at: Date;
}

export async function noteOf(order: number): Promise<Note | undefined> {
  const { rows } = await pool.query<Note>("SELECT state, note, placed_at FROM orders WHERE id = $1", [order]);
  return rows[0];
}
