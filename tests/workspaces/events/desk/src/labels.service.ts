import { Inject, Injectable } from '@nestjs/common';
import { ClientProxy } from '@nestjs/microservices';

@Injectable()
export class LabelsService {
  constructor(@Inject('EVENTS') private readonly events: ClientProxy) {}

  archive(label: { id: string }): void {
    this.events.emit('label.archived', label);
  }
}
