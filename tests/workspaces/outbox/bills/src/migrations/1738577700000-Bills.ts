import { MigrationInterface, QueryRunner } from "typeorm";

export class Bills1738577700000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE bills (
        id serial PRIMARY KEY,
        name text NOT NULL UNIQUE,
        withdrawn boolean NOT NULL DEFAULT false
      )
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE bills`);
  }
}
