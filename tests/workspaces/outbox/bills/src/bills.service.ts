import { Injectable } from "@nestjs/common";
import { InjectRepository } from "@nestjs/typeorm";
import { Repository } from "typeorm";

import { Bill } from "./bill.entity.js";
import { Bus } from "./bus.js";

@Injectable()
export class BillsService {
  constructor(
    @InjectRepository(Bill) private readonly bills: Repository<Bill>,
    private readonly bus: Bus,
  ) {}

  /** Takes a bill, of which mails are sent. */
  async place(name: string): Promise<Bill> {
    const bill = await this.bills.save({ name });
    await this.bus.publish("bill.placed", { id: bill.id, name });
    return bill as Bill;
  }

  async withdraw(id: number): Promise<void> {
    await this.takeBack(id);
    await this.bus.publish("bill.withdrawn", { id });
  }

  private async takeBack(id: number): Promise<void> {
    await this.bills.update({ id }, { withdrawn: true });
  }
}
