import axios from "axios";

const api = axios.create({ baseURL: process.env.NEXT_PUBLIC_API_URL, timeout: 10_000 });

export interface Line {
  sku: string;
  quantity: number;
}

export async function checkout(email: string, lines: Line[]): Promise<string> {
  const { data } = await api.post<{ orderId: string }>("/checkout", { email, lines });
  return data.orderId;
}

export async function fetchOrder(id: string) {
  const { data } = await api.get(`/orders/${id}`);
  return data;
}

export async function cancelOrder(id: string): Promise<void> {
  await api.put(`/orders/${id}/cancel`);
}
