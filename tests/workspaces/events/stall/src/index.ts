import express from "express";

import { file } from "./slips.js";

const app = express();
app.use(express.json());
app.post("/meals", async (req, res) => {
  await fetch(`${process.env.KITCHEN_URL}/dishes`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(req.body),
    signal: AbortSignal.timeout(5_000),
  });
  res.sendStatus(201);
});
app.post("/slips", (req, res) => {
  file(req.body);
  res.sendStatus(201);
});
app.listen(8080);
