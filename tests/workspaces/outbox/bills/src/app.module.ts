import { Module } from "@nestjs/common";
import { TypeOrmModule } from "@nestjs/typeorm";

import { Bill } from "./bill.entity.js";
import { BillsController } from "./bills.controller.js";
import { BillsService } from "./bills.service.js";
import { Bus } from "./bus.js";

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Bill],
      migrations: [`${import.meta.dirname}/migrations/*.js`],
      migrationsRun: true,
    }),
    TypeOrmModule.forFeature([Bill]),
  ],
  controllers: [BillsController],
  providers: [BillsService, Bus],
})
export class AppModule {}
