import express from 'express';
import { charge, chargeAll, chargeByGot, chargeByKy, insist } from './charges.js';
import { enter, record } from './ledger.js';

const app = express();
app.use(express.json());

app.post('/orders', async (req, res) => {
  const { cents } = req.body;
  await charge(cents);
  await chargeAll(cents);
  await insist(cents);
  await chargeByGot(cents);
  await chargeByKy(cents);
  await enter(cents);
  await record(cents);
  res.sendStatus(201);
});

app.listen(Number(process.env.PORT ?? 8080));
