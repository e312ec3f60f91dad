import { connect } from "@nats-io/transport-node";

export const nats = await connect({ servers: process.env.NATS_URL ?? "localhost:4222" });
