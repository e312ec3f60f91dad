import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("carts", (table) => {
    table.increments("id");
    table.text("name").notNullable().unique();
    table.boolean("withdrawn").notNullable().defaultTo(false);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable("carts");
}
