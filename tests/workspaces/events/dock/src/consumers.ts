import type { NatsConnection } from "@nats-io/transport-node";

import { free } from "./bays.js";

export async function consumeDepartures(nats: NatsConnection): Promise<void> {
  const departures = nats.subscribe("truck.left", { queue: "dock" });
  for await (const message of departures) {
    const truck = message.json<{ id: string }>();
    free(truck.id);
  }
}
