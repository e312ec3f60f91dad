const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool({ connectionString: process.env.DATABASE_URL });

app.post('/charges', express.json(), async (req, res) => {
  await pool.query('INSERT INTO charges (key, cents) VALUES ($1, $2)', [req.get('Idempotency-Key'), req.body.cents]);
  res.sendStatus(201);
});

app.listen(8080);
