import { SpanKind, trace } from "@opentelemetry/api";
import amqp from "amqplib";

const tracer = trace.getTracer("mail");

export async function listen(): Promise<void> {
  const connection = await amqp.connect(process.env.AMQP_URL ?? "amqp://localhost");
  const channel = await connection.createChannel();
  await channel.assertQueue("slips");
  await channel.consume("slips", (message) => {
    const span = tracer.startSpan("slip", { kind: SpanKind.CONSUMER });
    console.log(span.spanContext().traceId);
    if (message) channel.ack(message);
    span.end();
  });
}
