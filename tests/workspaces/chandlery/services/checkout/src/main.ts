import "./tracing.js";

import express from "express";

import { OrdersClient } from "./clients/orders.js";
import { PaymentsClient } from "./clients/payments.js";
import { PricingClient } from "./clients/pricing.js";
import { checkoutRouter } from "./routes.js";

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

const orders = new OrdersClient(required("ORDERS_URL"));
const payments = new PaymentsClient(required("PAYMENTS_URL"));
const pricing = new PricingClient(required("PRICING_ADDR"));

const app = express();
app.use(express.json());
app.use("/checkout", checkoutRouter(orders, payments, pricing));
app.listen(Number(process.env.PORT ?? 4000));
