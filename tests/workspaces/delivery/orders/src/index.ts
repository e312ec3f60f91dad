import express from "express";

import { place } from "./orders.js";

const app = express();
app.post("/orders/:name", async (req, res) => {
  await place(req.params.name);
  res.sendStatus(201);
});

app.listen(Number(process.env.PORT ?? 8080));
