export const config = {
  port: Number(process.env.PORT ?? 4100),
  databaseUrl: process.env.DATABASE_URL,
  kafka: { brokers: (process.env.KAFKA_BROKERS ?? "localhost:9092").split(",") },
  services: {
    inventory: process.env.INVENTORY_URL ?? "http://localhost:4300",
  },
};
