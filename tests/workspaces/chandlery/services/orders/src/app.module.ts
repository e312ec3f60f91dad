import { Module } from "@nestjs/common";

import { InventoryClient } from "./inventory.client";
import { OrderEvents } from "./orders.events";
import { OrdersController } from "./orders.controller";
import { OrdersRepository } from "./orders.repository";
import { OrdersService } from "./orders.service";

@Module({
  controllers: [OrdersController],
  providers: [OrdersService, OrdersRepository, OrderEvents, InventoryClient],
})
export class AppModule {}
