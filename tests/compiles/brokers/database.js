// The database of a service, as the service reaches it: by a pool of pg, a client of Prisma, knex, or what NestJS hands out.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";

export async function database(service, table) {
  if (existsSync(`${service}/app.module.js`)) return byNest(service, table);
  const { pool, prisma, db } = await import(`${service}/db.js`);
  if (db) return byKnex(db);
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

/** The same by knex, which runs migrations itself: those in code, as they were compiled. */
function byKnex(client) {
  const change = (statements) => client.raw(statements);
  const rows = async (question) => (await client.raw(question)).rows;
  const migrate = (directory) => client.migrate.latest({ directory, loadExtensions: [".js"] });
  return { client, change, rows, migrate };
}

/** The same by TypeORM in NestJS, which runs migrations as it starts; what the service does is a class' to do. */
async function byNest(service, table) {
  const require = createRequire(`${service}/main.js`);
  const { NestFactory } = await import(require.resolve("@nestjs/core"));
  const { DataSource } = await import(require.resolve("typeorm"));
  const [{ AppModule }, { Bus }, own] = await Promise.all(
    ["app.module", "bus", `${table}.service`].map((name) => import(`${service}/${name}.js`)),
  );
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ["error"] });
  const handed = app.get(Object.values(own)[0]);
  const client = app.get(DataSource);
  const ask = (statements) => client.query(statements);
  const work = { place: (name) => handed.place(name), withdraw: (id) => handed.withdraw(id) };
  return { client, change: ask, rows: ask, migrate: async () => {}, sender: app.get(Bus), work };
}
