import { Injectable } from '@nestjs/common';

export class Parcel {
  id!: string;
  label!: string;
}

@Injectable()
export class Printer {
  async print(parcel: Parcel): Promise<void> {
    console.log(parcel.label);
  }
}
