import express from "express";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.use(express.json());
app.post("/charges", async (req, res) => {
  await pool.query("INSERT INTO charges (id) VALUES ($1)", [req.body.id]);
  res.sendStatus(201);
});
app.post("/charges/:id/refund", async (req, res) => {
  await pool.query("DELETE FROM charges WHERE id = $1", [req.params.id]);
  res.sendStatus(204);
});
app.listen(8080);
