import { Injectable } from "@nestjs/common";
import axios from "axios";

import { config } from "./config";

@Injectable()
export class InventoryClient {
  private readonly http = axios.create({ baseURL: config.services.inventory });

  async stock(sku: string): Promise<{ available: number }> {
    const { data } = await this.http.get(`/stock/${sku}`);
    return data;
  }

  async reserve(lines: { sku: string; quantity: number }[]): Promise<void> {
    await this.http.post("/reservations", { lines });
  }
}
