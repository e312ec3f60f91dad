import { database } from '../db.js'
import { PrintQueue } from './queue.js'

export async function add(text: string) {
  const label = await database.label.create({ data: { text } })
  console.debug('added', label.id)
  await PrintQueue.getInstance()?.add('print', { label: label.id, at: new Date() })
}
