const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool({ connectionString: process.env.DATABASE_URL });

app.post('/lines', express.json(), async (req, res) => {
  await pool.query('INSERT INTO lines (cents) VALUES ($1)', [req.body.cents]);
  res.sendStatus(201);
});

app.listen(8080);
