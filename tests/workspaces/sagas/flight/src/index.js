import express from "express";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.use(express.json());
app.post("/seats/reserve", async (req, res) => {
  await pool.query("UPDATE seats SET taken = true WHERE id = $1", [req.body.id]);
  res.sendStatus(201);
});
app.post("/seats/release", async (req, res) => {
  await pool.query("UPDATE seats SET taken = false WHERE id = $1", [req.body.id]);
  res.sendStatus(201);
});
app.listen(8080);
