import { prisma } from "./db.js";

export async function insert(name: string): Promise<{ id: number; name: string }> {
  return await prisma.parcel.create({
    data: { name },
    select: { id: true, name: true },
  });
}
