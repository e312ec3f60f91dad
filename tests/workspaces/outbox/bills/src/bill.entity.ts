import { Column, Entity, PrimaryGeneratedColumn } from "typeorm";

@Entity("bills")
export class Bill {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: "text", unique: true })
  name!: string;

  @Column({ type: "boolean", default: false })
  withdrawn!: boolean;
}
