import { Injectable, type OnModuleInit } from "@nestjs/common";
import { InjectRepository } from "@nestjs/typeorm";
import { Kafka } from "kafkajs";
import { Repository } from "typeorm";

import { Payment } from "./payment.entity.js";

interface Order {
  id: string;
  cents: number;
}

@Injectable()
export class PaymentsConsumer implements OnModuleInit {
  private readonly consumer = new Kafka({ brokers: [process.env.KAFKA ?? "localhost:9092"] }).consumer({ groupId: "bank" });

  constructor(@InjectRepository(Payment) private readonly payments: Repository<Payment>) {}

  async onModuleInit(): Promise<void> {
    await this.consumer.subscribe({ topic: "order.placed" });
    await this.consumer.run({
      eachMessage: async ({ message }) => {
        const order: Order = JSON.parse(message.value?.toString() ?? "null");
        await this.take(order);
      },
    });
  }

  private async take(order: Order): Promise<void> {
    await this.payments.insert({ account: order.id, cents: order.cents });
  }
}
