import { prisma } from "./db.js";

export interface Order {
  id: string;
  cents: number;
}

/** Credits a member with what an order was worth. */
export async function credit(order: Order): Promise<void> {
  await prisma.entry.create({ data: { orderId: order.id, points: order.cents } });
  await prisma.member.update({ where: { name: order.id }, data: { points: { increment: order.cents } } });
}
