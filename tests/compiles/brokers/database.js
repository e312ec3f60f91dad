// The database of a service, as the service reaches it: by a pool of pg or a client of Prisma.
import { readdir, readFile } from "node:fs/promises";

export async function database(service) {
  const { pool, prisma } = await import(`${service}/db.js`);
  const change = async (statements) => {
    if (pool) return pool.query(statements);
    for (const statement of statements.split(/;\s*$/m).filter((one) => one.trim() !== "")) await prisma.$executeRawUnsafe(statement);
  };
  const rows = async (question) => (pool ? (await pool.query(question)).rows : prisma.$queryRawUnsafe(question));
  const migrate = async (folder) => {
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".sql")).sort();
    for (const name of files) await change((await readFile(`${folder}/${name}`, "utf8")).split("-- migrate:down")[0]);
  };
  return { client: pool ?? prisma, change, rows, migrate };
}
