import express from "express";

import { mark, note, prices } from "./prices.js";
import { add, fill, shelf } from "./stock.js";

const app = express();
app.use(express.json());
app.get("/shelves/:name", async (req, res) => {
  res.json(await shelf(req.params.name));
});
app.put("/shelves/:name", async (req, res) => {
  await fill(req.params.name, req.body.count);
  res.sendStatus(204);
});
app.post("/shelves", async (req, res) => {
  await add(req.body.name);
  res.sendStatus(201);
});
app.get("/prices/:name", async (req, res) => {
  res.json(await prices(req.params.name));
});
app.delete("/prices/:name", async (req, res) => {
  await mark(req.params.name);
  res.sendStatus(204);
});
app.post("/prices", async (req, res) => {
  await note(req.body.name);
  res.sendStatus(201);
});
app.listen(process.env.PORT ?? 8080);
