const at = (path: string) => `${process.env.STOCK_URL}/${path}`;

export async function shelves(skus: string[]) {
  const left: Record<string, unknown>[] = [];
  for (const sku of skus) {
    const answer = await fetch(at(`stock/${sku}`));
    left.push({ sku, status: answer.status });
  }
  return left;
}

export const reserveAll = (skus: string[]) =>
  Promise.all(skus.map((sku) => fetch(at('reservations'), { method: 'POST', body: sku })));
