const app = require("express")();
app.get("/items/:id", (req, res) => res.send("1"));
app.get("/items", (req, res) => res.json([]));
app.post("/taken", (req, res) => res.sendStatus(204));
app.post("/notes/:id", (req, res) => res.sendStatus(204));
app.delete("/items/:id", (req, res) => res.sendStatus(204));
app.listen(8080);
