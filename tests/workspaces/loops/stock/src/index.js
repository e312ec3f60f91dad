const app = require('express')();
app.get('/stock/:sku', (req, res) => res.json({ sku: req.params.sku, left: 1 }));
app.post('/reservations', (req, res) => res.json({ sku: 'any', left: 0 }));
app.listen(8080);
