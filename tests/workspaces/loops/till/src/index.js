const express = require('express')
const { known, reserveAll } = require('./prices')

const app = express()
app.use(express.json())

app.post('/sales', async (req, res) => {
  await known(req.body.skus)
  res.json({ reserved: (await reserveAll(req.body.skus)).length })
})

app.listen(Number(process.env.PORT ?? 8080))
