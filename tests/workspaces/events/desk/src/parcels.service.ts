import { Injectable } from '@nestjs/common';

import { LabelsService } from './labels.service';

export interface Parcel {
  id: string;
  label: string;
}

@Injectable()
export class ParcelsService {
  constructor(private readonly labels: LabelsService) {}

  async registerParcel(parcel: Parcel): Promise<string> {
    await fetch(`${process.env.PRINT_URL}/parcels`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(parcel),
      signal: AbortSignal.timeout(5_000),
    });
    return parcel.id;
  }

  dropLabel(id: string): void {
    this.labels.archive({ id });
  }
}
