import { publish } from "./bus.js";
import { db } from "./db.js";
import { takeBack } from "./store.js";

/** Takes a cart, of which mails are sent. */
export async function place(name: string): Promise<{ id: number }> {
  const [cart] = await db<{ id: number; name: string }>("carts").insert({ name }).returning(["id", "name"]);
  await publish("cart.placed", cart!);
  return cart!;
}

export async function withdraw(id: number): Promise<void> {
  await takeBack(id);
  await publish("cart.withdrawn", { id });
}
