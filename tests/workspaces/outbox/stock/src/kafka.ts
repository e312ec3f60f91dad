import { Kafka } from 'kafkajs'

export const producer = new Kafka({ brokers: [process.env.KAFKA ?? 'localhost:9092'] }).producer()
