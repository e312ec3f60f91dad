import { Queue } from 'bullmq'

interface Job {
  label: number
  at: Date
}

export class PrintQueue {
  private static queue: Queue<Job> | undefined

  static getInstance(): Queue<Job> | undefined {
    if (process.env.REDIS_URL === undefined) return undefined
    PrintQueue.queue ??= new Queue('print', { connection: { url: process.env.REDIS_URL } })
    return PrintQueue.queue
  }
}
