import amqp from "amqplib";

const connection = await amqp.connect(process.env.AMQP_URL ?? "amqp://localhost");
const channel = await connection.createChannel();

export function print(slip: string): void {
  channel.sendToQueue("slips", Buffer.from(slip), { persistent: true });
}

export function cancel(slip: string): void {
  channel.publish("", "slips", Buffer.from(slip));
}
