const app = require("express")();
app.get("/prices/:id", (req, res) => res.send("1"));
app.get("/prices", (req, res) => res.json([]));
app.listen(8080);
