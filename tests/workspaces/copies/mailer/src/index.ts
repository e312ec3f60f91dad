import express from "express";

import { noteOf } from "./notes.js";

const app = express();
app.get("/mails/:order", async (req, res) => {
  res.json(await noteOf(Number(req.params.order)));
});
app.listen(8080);
