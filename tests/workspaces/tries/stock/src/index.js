const express = require("express");

const shelves = new Map();

const app = express();
app.use(express.json());
app.get("/shelves/:name", (req, res) => res.json(shelves.get(req.params.name)));
app.put("/shelves/:name", (req, res) => {
  shelves.set(req.params.name, req.body);
  res.sendStatus(204);
});
app.post("/shelves", (req, res) => {
  shelves.set(req.body.name, req.body);
  res.sendStatus(201);
});
app.get("/prices/:name", (req, res) => res.json([]));
app.delete("/prices/:name", (req, res) => {
  shelves.delete(req.params.name);
  res.sendStatus(204);
});
app.post("/prices", (req, res) => res.sendStatus(201));
app.listen(8080);
