import axios from "axios";

export interface Order {
  id: string;
  email: string;
}

/** Sells what is asked for. */
export async function placeOrder(order: Order): Promise<Order> {
  await axios.post(`${process.env.MAIL_URL}/receipts`, order, { timeout: 5_000 });
  return order;
}

export async function withdrawOrder(id: string, reason: string): Promise<void> {
  const response = await fetch(`${process.env.MAIL_URL}/receipts/${id}`, {
    method: "DELETE",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reason }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`mail answered ${response.status}`);
}
