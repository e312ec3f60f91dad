import { Body, Controller, Module, Post } from "@nestjs/common";
import { ClientsModule, Transport } from "@nestjs/microservices";

import { PrismaService } from "./prisma.service.js";
import { SeatsService } from "./seats.service.js";

@Controller("seats")
export class SeatsController {
  constructor(private readonly seats: SeatsService) {}

  @Post()
  reserve(@Body("name") name: string): Promise<{ id: number }> {
    return this.seats.reserve(name);
  }
}

@Module({
  imports: [
    ClientsModule.register([
      {
        name: "EVENTS",
        transport: Transport.KAFKA,
        options: { client: { brokers: [process.env.KAFKA ?? "localhost:9092"] } },
      },
    ]),
  ],
  controllers: [SeatsController],
  providers: [PrismaService, SeatsService],
})
export class AppModule {}
