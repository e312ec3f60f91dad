import { channel } from "./rabbit.js";

export function file(slip: { id: string }): void {
  channel.sendToQueue("slips", Buffer.from(JSON.stringify(slip)), { persistent: true });
}
