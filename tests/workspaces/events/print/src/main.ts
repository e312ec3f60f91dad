import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';

import { Parcel, Printer } from './printer';

@Controller()
class PrintController {
  constructor(private readonly printer: Printer) {}

  @Post('parcels')
  async print(@Body() parcel: Parcel) {
    await this.printer.print(parcel);
  }

  @EventPattern('label.archived')
  archived(@Payload() label: { id: string }) {
    console.log(label.id);
  }
}

@Module({ controllers: [PrintController], providers: [Printer] })
class PrintModule {}

async function main() {
  const app = await NestFactory.create(PrintModule);
  app.connectMicroservice({ transport: Transport.NATS, options: { servers: ['nats:4222'] } });
  await app.startAllMicroservices();
  await app.listen(8080);
}

void main();
