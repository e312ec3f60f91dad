export type Stock = { sku: string; left: number };

const at = (path: string) => `${process.env.STOCK_URL}/${path}`;

export async function stockOf(sku: string): Promise<Stock> {
  const answer = await fetch(at(`stock/${sku}`));
  return (await answer.json()) as Stock;
}

export async function reserve(sku: string, count: number): Promise<Stock> {
  const body = JSON.stringify({ sku, count });
  const answer = await fetch(at('reservations'), { method: 'POST', body });
  return (await answer.json()) as Stock;
}
