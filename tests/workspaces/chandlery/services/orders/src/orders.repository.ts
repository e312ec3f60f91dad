import { Injectable } from "@nestjs/common";
import { Pool } from "pg";

import { config } from "./config";
import type { NewOrder } from "./orders.service";

@Injectable()
export class OrdersRepository {
  private readonly pool = new Pool({ connectionString: config.databaseUrl });

  async insert(order: NewOrder): Promise<string> {
    const { rows } = await this.pool.query(
      "INSERT INTO orders (email, lines, total_cents, status) VALUES ($1, $2, $3, 'placed') RETURNING id",
      [order.email, JSON.stringify(order.lines), order.totalCents],
    );
    return rows[0].id;
  }

  async find(id: string) {
    const { rows } = await this.pool.query("SELECT id, email, total_cents, status FROM orders WHERE id = $1", [id]);
    return rows[0];
  }

  async setStatus(id: string, status: string): Promise<void> {
    await this.pool.query("UPDATE orders SET status = $2 WHERE id = $1", [id, status]);
  }
}
