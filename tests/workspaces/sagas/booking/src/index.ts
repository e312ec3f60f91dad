import axios from "axios";
import express from "express";

import { pool } from "./db.js";

const app = express();
app.use(express.json());

app.post("/bookings", async (req, res) => {
  const { id } = req.body;
  await axios.post(`${process.env.FLIGHT_URL}/seats/reserve`, { id });
  await axios.post(`${process.env.PAYMENT_URL}/charges`, { id });
  await pool.query("INSERT INTO bookings (id) VALUES ($1)", [id]);
  res.sendStatus(201);
});

app.listen(8080);
