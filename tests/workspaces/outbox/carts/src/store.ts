import { db } from "./db.js";

/** Takes a cart back. */
export async function takeBack(id: number): Promise<void> {
  await db("carts").where({ id }).update({ withdrawn: true });
}
