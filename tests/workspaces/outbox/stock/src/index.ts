import './tracing.js'
import express from 'express'

import { add } from './items.js'
import { producer } from './kafka.js'

const app = express()
app.post('/items/:name', async (req, res) => {
  await add(req.params.name, Number(req.query.count))
  res.sendStatus(201)
})

await producer.connect()
app.listen(8080, () => console.log('listening'))
