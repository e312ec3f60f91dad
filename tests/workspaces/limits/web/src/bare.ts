const base = process.env['ORDERS_URL'] ?? 'http://orders:8080';

export const list = () => fetch(`${base}/orders`);

export async function add(order: object): Promise<unknown> {
  const response = await fetch(`${base}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
  return response.json();
}
