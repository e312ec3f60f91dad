const STOCK_URL = process.env.STOCK_URL ?? "http://localhost:8080";

export async function shelf(name: string): Promise<unknown> {
  const response = await fetch(`${STOCK_URL}/shelves/${encodeURIComponent(name)}`);
  if (!response.ok) throw new Error(`stock answered ${response.status}`);
  return response.json();
}

export async function fill(name: string, count: number): Promise<void> {
  const response = await fetch(`${STOCK_URL}/shelves/${encodeURIComponent(name)}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, count }),
  });
  if (!response.ok) throw new Error(`stock answered ${response.status}`);
}

export async function add(name: string): Promise<void> {
  const response = await fetch(`${STOCK_URL}/shelves`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  if (!response.ok) throw new Error(`stock answered ${response.status}`);
}
