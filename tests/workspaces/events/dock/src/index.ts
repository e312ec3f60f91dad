import { connect } from "@nats-io/transport-node";
import express from "express";

import { take } from "./bays.js";
import { consumeDepartures } from "./consumers.js";

const app = express();
app.use(express.json());
app.post("/bays", async (req, res) => {
  await take(req.body);
  res.sendStatus(202);
});
app.listen(8080);

const nats = await connect({ servers: process.env.NATS_URL ?? "localhost:4222" });
void consumeDepartures(nats);
