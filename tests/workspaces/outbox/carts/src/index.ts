import express from "express";

import { connect } from "./bus.js";
import { place, withdraw } from "./carts.js";

const app = express();
app.use(express.json());
app.post("/carts", async (req, res) => {
  res.status(201).json(await place(req.body.name));
});
app.delete("/carts/:id", async (req, res) => {
  await withdraw(Number(req.params.id));
  res.sendStatus(204);
});

await connect();
app.listen(8080);
