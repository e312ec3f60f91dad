import { reserve, stockOf, type Stock } from './stock.js';

export type Line = { sku: string; count: number };

export async function missing(lines: Line[]) {
  const shelf: Stock[] = [];
  for (const { sku } of lines) {
    // As it is now.
    const found = await stockOf(sku);
    shelf.push({ ...found, sku: found.sku.toUpperCase() });
  }
  return shelf.filter((stock) => stock.left === 0);
}

export async function check(skus: Set<string>): Promise<void> {
  for (const sku of skus) {
    if ((await stockOf(sku)).left < 0) throw new Error(`nobody knows what is left of ${sku}`);
  }
}

export async function place(lines: Line[]) {
  const reserved = await Promise.all(
    lines.map(async ({ sku, count }, index) => {
      const { left } = await reserve(sku, count);
      return { line: index + 1, left };
    }),
  );
  return reserved;
}

/** What is counted oddly, and gone. */
export async function gone(lines: Line[]) {
  const counts: number[] = [];
  for (const { sku, count } of lines) {
    if (count % 2 === 0) continue;
    const { left } = await stockOf(sku);
    if (left > 0) {
      continue;
    }
    counts.push(count);
  }
  return counts;
}
