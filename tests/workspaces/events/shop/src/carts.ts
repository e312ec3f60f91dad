import { publish } from "./bus.js";

export interface Cart {
  id: string;
}

export async function leaveCart(cart: Cart): Promise<void> {
  await publish("cart.left", cart);
}
