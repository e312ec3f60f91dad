import { prisma } from "./db.js";

/** Notes what somebody may claim for a parcel. */
export async function noteClaim(parcelId: number): Promise<void> {
  await prisma.claim.create({ data: { parcelId } });
}
