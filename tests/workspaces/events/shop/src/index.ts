import express from "express";

import { connect } from "./bus.js";
import { leaveCart } from "./carts.js";
import { placeOrder, withdrawOrder } from "./orders.js";

const app = express();
app.use(express.json());
app.post("/orders", async (req, res) => {
  res.status(201).json(await placeOrder(req.body));
});
app.post("/orders/:id/withdrawal", async (req, res) => {
  await withdrawOrder(req.params.id, String(req.query.reason));
  res.sendStatus(204);
});
app.delete("/cart", async (req, res) => {
  await leaveCart(req.body);
  res.sendStatus(204);
});

await connect();
app.listen(8080);
