import amqp from 'amqplib'

import { pool } from './db.js'

interface Payment {
  account: string
  cents: number
}

const connection = await amqp.connect(process.env.AMQP_URL ?? 'amqp://localhost')
const channel = await connection.createChannel()
await channel.consume('payments', async (message) => {
  if (message === null) return
  const payment: Payment = JSON.parse(message.content.toString())
  await pool.query('INSERT INTO entries (account, cents) VALUES ($1, $2)', [payment.account, payment.cents])
  await pool.query('UPDATE accounts SET cents = cents + $1 WHERE name = $2', [payment.cents, payment.account])
  channel.ack(message)
})
