const express = require('express');

const app = express();
app.get('/orders', (req, res) => res.json([]));
app.post('/orders', (req, res) => res.json({}));
app.get('/orders/:id', (req, res) => res.json({}));
app.delete('/orders/:id', (req, res) => res.sendStatus(204));
app.post('/orders/pay', (req, res) => res.sendStatus(204));
app.listen(8080);
