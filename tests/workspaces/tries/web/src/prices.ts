import axios from "axios";

const STOCK_URL = process.env.STOCK_URL ?? "http://localhost:8080";

export async function prices(name: string): Promise<unknown> {
  const { data } = await axios.get<{ cents: number }[]>(`${STOCK_URL}/prices/${name}`, {
    headers: { accept: "application/json" },
  });
  return data;
}

export async function mark(name: string): Promise<void> {
  await axios.delete(`${STOCK_URL}/prices/${name}`);
}

export async function note(name: string): Promise<void> {
  await axios.post(`${STOCK_URL}/prices`, { name });
}
