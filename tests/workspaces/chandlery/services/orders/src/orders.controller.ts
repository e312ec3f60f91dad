import { Body, Controller, Get, Param, Post } from "@nestjs/common";

import { OrdersService, type NewOrder } from "./orders.service";

@Controller("orders")
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  create(@Body() order: NewOrder) {
    return this.orders.create(order);
  }

  @Get(":id")
  show(@Param("id") id: string) {
    return this.orders.find(id);
  }

  @Post(":id/cancel")
  cancel(@Param("id") id: string) {
    return this.orders.cancel(id);
  }
}
