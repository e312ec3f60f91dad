import { Injectable, type OnModuleInit } from "@nestjs/common";
import { Kafka } from "kafkajs";

@Injectable()
export class Bus implements OnModuleInit {
  private readonly producer = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] }).producer();

  async onModuleInit(): Promise<void> {
    await this.producer.connect();
  }

  async publish(topic: string, event: object): Promise<void> {
    await this.producer.send({ topic, messages: [{ value: JSON.stringify(event) }] });
  }
}
