import { PrismaPg } from '@prisma/adapter-pg'

import { PrismaClient } from './generated/client.js'

const url = process.env.DATABASE_URL

export const database = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
