const express = require('express')
const stock = require('./stock')

const app = express()
app.get('/shelves/:name', async (req, res) => {
  res.sendStatus(await stock.shelf(req.params.name))
})
app.listen(process.env.PORT ?? 8080)
