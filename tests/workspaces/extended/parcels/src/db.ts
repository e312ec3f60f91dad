import { PrismaPg } from "@prisma/adapter-pg";

import { PrismaClient } from "./generated/client.js";

const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });

export const prisma = new PrismaClient({ adapter }).$extends({
  name: "trimmed",
  query: {
    parcel: {
      create({ args, query }) {
        return query({ ...args, data: { ...args.data, name: args.data.name.trim() } });
      },
    },
  },
  result: {
    parcel: {
      label: {
        needs: { id: true, name: true },
        compute: ({ id, name }) => `${id} ${name}`,
      },
    },
  },
});
