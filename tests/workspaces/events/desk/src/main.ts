import 'reflect-metadata';
import { Body, Controller, Delete, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, Transport } from '@nestjs/microservices';

import { LabelsService } from './labels.service';
import { Parcel, ParcelsService } from './parcels.service';

@Controller()
class DeskController {
  constructor(private readonly parcels: ParcelsService) {}

  @Post('parcels')
  register(@Body() parcel: Parcel) {
    return this.parcels.registerParcel(parcel);
  }

  @Delete('labels/:id')
  drop(@Param('id') id: string) {
    this.parcels.dropLabel(id);
  }
}

@Module({
  imports: [ClientsModule.register([{ name: 'EVENTS', transport: Transport.NATS, options: { servers: ['nats:4222'] } }])],
  controllers: [DeskController],
  providers: [LabelsService, ParcelsService],
})
class DeskModule {}

async function main() {
  const app = await NestFactory.create(DeskModule);
  await app.listen(8080);
}

void main();
