import { Inject, Injectable } from "@nestjs/common";
import { ClientKafka } from "@nestjs/microservices";
import { lastValueFrom } from "rxjs";

import { PrismaService } from "./prisma.service.js";

@Injectable()
export class SeatsService {
  constructor(
    private readonly prisma: PrismaService,
    @Inject("EVENTS") private readonly events: ClientKafka,
  ) {}

  /** Reserves a seat, of which mails are sent. */
  async reserve(name: string): Promise<{ id: number }> {
    const seat = await this.prisma.seat.create({ data: { name } });
    await lastValueFrom(this.events.emit("seat.reserved", { key: name, value: { id: seat.id, name } }));
    return seat;
  }
}
