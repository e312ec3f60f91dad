import { JsonClient } from "./http.js";

export interface Charge {
  orderId: string;
  cents: number;
  card: string;
}

export class PaymentsClient extends JsonClient {
  charge(charge: Charge): Promise<{ id: string }> {
    return this.post("/charges", charge);
  }
}
