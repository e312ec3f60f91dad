import { ConflictException, Injectable } from "@nestjs/common";

import { InventoryClient } from "./inventory.client";
import { OrderEvents } from "./orders.events";
import { OrdersRepository } from "./orders.repository";

export interface NewOrder {
  email: string;
  lines: { sku: string; quantity: number }[];
  totalCents: number;
}

@Injectable()
export class OrdersService {
  constructor(
    private readonly repository: OrdersRepository,
    private readonly inventory: InventoryClient,
    private readonly events: OrderEvents,
  ) {}

  async create(order: NewOrder) {
    for (const line of order.lines) {
      const stock = await this.inventory.stock(line.sku);
      if (stock.available < line.quantity) throw new ConflictException(`${line.sku} is sold out`);
    }
    await this.inventory.reserve(order.lines);
    const id = await this.repository.insert(order);
    await this.events.placed({ version: 1, orderId: id, email: order.email, totalCents: order.totalCents });
    return { id };
  }

  find(id: string) {
    return this.repository.find(id);
  }

  cancel(id: string) {
    return this.repository.setStatus(id, "cancelled");
  }
}
