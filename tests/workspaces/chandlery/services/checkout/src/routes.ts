import { Router } from "express";

import type { OrdersClient } from "./clients/orders.js";
import type { PaymentsClient } from "./clients/payments.js";
import type { PricingClient } from "./clients/pricing.js";

export function checkoutRouter(orders: OrdersClient, payments: PaymentsClient, pricing: PricingClient): Router {
  const router = Router();

  router.post("/", async (req, res) => {
    const { email, lines, card } = req.body;
    const quote = await pricing.quote(lines);
    const order = await orders.place({ email, lines, totalCents: quote.totalCents });
    await payments.charge({ orderId: order.id, cents: quote.totalCents, card });
    res.status(201).json({ orderId: order.id });
  });

  return router;
}
