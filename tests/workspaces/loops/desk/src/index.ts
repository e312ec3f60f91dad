import express from 'express';
import { reserveAll, shelves } from './shelves.js';

const app = express();
app.use(express.json());

app.post('/shelves', async (req, res) => {
  const reserved = await reserveAll(req.body.skus);
  res.json({ shelves: await shelves(req.body.skus), reserved: reserved.length });
});

app.listen(Number(process.env.PORT ?? 8080));
