import { Body, Controller, Delete, Param, Post } from "@nestjs/common";

import { Bill } from "./bill.entity.js";
import { BillsService } from "./bills.service.js";

@Controller("bills")
export class BillsController {
  constructor(private readonly bills: BillsService) {}

  @Post()
  place(@Body("name") name: string): Promise<Bill> {
    return this.bills.place(name);
  }

  @Delete(":id")
  withdraw(@Param("id") id: string): Promise<void> {
    return this.bills.withdraw(Number(id));
  }
}
