import { JsonClient } from "./http.js";

export interface NewOrder {
  email: string;
  lines: { sku: string; quantity: number }[];
  totalCents: number;
}

export class OrdersClient {
  private readonly http: JsonClient;

  constructor(baseUrl: string) {
    this.http = new JsonClient(baseUrl);
  }

  place(order: NewOrder): Promise<{ id: string }> {
    return this.http.post("/orders", order);
  }
}
