import { publish } from "./bus.js";
import { prisma } from "./db.js";
import { insert } from "./store.js";

/** Takes a parcel, of which mails are sent. */
export async function place(name: string): Promise<{ id: number }> {
  const parcel = await insert(name);
  await publish("parcel.placed", parcel);
  return parcel;
}

export async function withdraw(id: number): Promise<void> {
  await prisma.parcel.update({ where: { id }, data: { withdrawn: true } });
  await publish("parcel.withdrawn", { id });
}

/** Takes a parcel that nobody is told of. */
export const keep = (name: string): Promise<{ id: number }> => insert(name);
