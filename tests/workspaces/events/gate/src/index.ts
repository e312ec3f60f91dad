import express from "express";

import { leave, registerTruck } from "./trucks.js";

const app = express();
app.use(express.json());
app.post("/trucks", async (req, res) => {
  await registerTruck(req.body);
  res.sendStatus(201);
});
app.delete("/trucks/:id", (req, res) => {
  leave({ id: req.params.id });
  res.sendStatus(204);
});
app.listen(8080);
