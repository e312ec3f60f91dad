import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("sales", (table) => {
    table.increments("id");
    table.text("order_id").notNullable();
    table.integer("cents").notNullable();
  });
  await knex.schema.createTable("tills", (table) => {
    table.text("name").primary();
    table.integer("cents").notNullable();
    table.check("cents = 0", [], "closed");
  });
  await knex("tills").insert({ name: "mart", cents: 0 });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable("tills");
  await knex.schema.dropTable("sales");
}
