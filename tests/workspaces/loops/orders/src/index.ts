import express from 'express';
import { check, gone, missing, place } from './orders.js';

const app = express();
app.use(express.json());

app.post('/orders', async (req, res) => {
  await check(new Set<string>(req.body.skus));
  res.json({ missing: await missing(req.body.lines), placed: await place(req.body.lines) });
});

app.get('/gone', async (req, res) => {
  res.json(await gone(req.body.lines));
});

app.listen(Number(process.env.PORT ?? 8080));
