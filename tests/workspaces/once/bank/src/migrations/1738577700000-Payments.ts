import { MigrationInterface, QueryRunner } from "typeorm";

export class Payments1738577700000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE payments (
        id serial PRIMARY KEY,
        account text NOT NULL,
        cents integer NOT NULL
      )
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE payments`);
  }
}
