import express from "express";

import { consumeCarts } from "./consumers.js";
import { sendReceipt } from "./receipts.js";

const app = express();
app.use(express.json());
app.post("/receipts", async (req, res) => {
  await sendReceipt(req.body);
  res.sendStatus(202);
});
app.delete("/receipts/:id", async (req, res) => {
  console.log(`${req.params.id} is void: ${req.body.reason}`);
  res.sendStatus(204);
});
app.listen(8080);

await consumeCarts();
