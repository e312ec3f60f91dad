import { Topics, type OrderPlaced } from "@chandlery/events";
import { Injectable, type OnModuleInit } from "@nestjs/common";
import { Kafka } from "kafkajs";

import { config } from "./config";

@Injectable()
export class OrderEvents implements OnModuleInit {
  private readonly producer = new Kafka({ clientId: "orders", brokers: config.kafka.brokers }).producer();

  onModuleInit() {
    return this.producer.connect();
  }

  async placed(event: OrderPlaced): Promise<void> {
    await this.producer.send({
      topic: Topics.orderPlaced,
      messages: [{ key: event.orderId, value: JSON.stringify(event) }],
    });
  }
}
