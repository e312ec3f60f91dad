import express from 'express';
import { itemOf, itemsOf, pricesOf } from './clients.js';
import { priceOf } from './prices.js';

const app = express();

app.get('/items/:id', async (req, res) => {
  const { data: item } = await itemOf(req.params.id);
  // In cents.
  const price = await priceOf(req.params.id);
  res.json({ item, price });
});

app.get('/items', async (_req, res) => {
  const { data } = await itemsOf();
  const prices = await pricesOf();
  res.json([data, prices.data]);
});

app.listen(8080);
