import './tracing.js'
import express from 'express'

import { add } from './print/labels.js'

const app = express()
app.post('/labels/:text', async (req, res) => {
  await add(req.params.text)
  res.sendStatus(201)
})

async function main() {
  const server = app.listen(8080, () => console.log('listening'))
  server.keepAliveTimeout = 65_000
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
