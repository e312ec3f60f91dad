import { Column, Entity, PrimaryGeneratedColumn } from "typeorm";

@Entity("payments")
export class Payment {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: "text" })
  account!: string;

  @Column({ type: "integer" })
  cents!: number;
}
