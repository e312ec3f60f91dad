import express from "express";

import { connect } from "./bus.js";
import { listen } from "./losses.js";
import { place, withdraw } from "./parcels.js";

const app = express();
app.use(express.json());
app.post("/parcels", async (req, res) => {
  res.status(201).json(await place(req.body.name));
});
app.delete("/parcels/:id", async (req, res) => {
  await withdraw(Number(req.params.id));
  res.sendStatus(204);
});

await connect();
await listen();
app.listen(8080);
