import { Module } from "@nestjs/common";
import { TypeOrmModule } from "@nestjs/typeorm";

import { Payment } from "./payment.entity.js";
import { PaymentsConsumer } from "./payments.consumer.js";

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Payment],
      migrations: [`${import.meta.dirname}/migrations/*.js`],
      migrationsRun: true,
    }),
    TypeOrmModule.forFeature([Payment]),
  ],
  providers: [PaymentsConsumer],
})
export class AppModule {}
