import { nats } from "./bus.js";

export function leave(truck: { id: string }): void {
  nats.publish("truck.left", JSON.stringify(truck));
}

export async function registerTruck(truck: { id: string; load: number }): Promise<void> {
  await fetch(`${process.env.DOCK_URL}/bays`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(truck),
    signal: AbortSignal.timeout(5_000),
  });
}
