import { pool } from './db.js'
import { producer } from './kafka.js'

export async function add(name: string, count: number) {
  const item = { name, count }
  await pool.query('INSERT INTO items (name, count) VALUES ($1, $2)', [name, count])
  await producer.send({
    topic: 'item.added',
    messages: [{ key: name, value: JSON.stringify(item), headers: { kind: 'item' } }],
  })
}
