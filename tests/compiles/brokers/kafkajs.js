import { handle, keep, sent } from "./queue.js";

const api = await import("@opentelemetry/api").catch(() => undefined);

/** What makes spans, where the service traces. */
export const tracer = () => api.trace.getTracer("test");

const instrumented = (headers) => {
  const carrier = { ...headers };
  if (globalThis.isInstrumented) api.propagation.inject(api.context.active(), carrier);
  return carrier;
};

const send = async ({ topic, messages }) => {
  if (globalThis.isAway) throw new Error("the broker is away");
  for (const message of messages) {
    const [offset, timestamp] = [String(sent().length), String(Date.now())];
    keep(topic, { ...message, offset, timestamp, headers: instrumented(message.headers) }, (value) => Buffer.from(String(value)));
  }
};

export class Kafka {
  producer() {
    return { connect: async () => {}, send, sendBatch: async ({ topicMessages }) => Promise.all(topicMessages.map(send)) };
  }

  consumer() {
    const topics = [];
    return {
      subscribe: async ({ topic }) => topics.push(topic),
      run: async ({ eachMessage }) => topics.forEach((topic) => handle(topic, (message) => eachMessage({ topic, partition: 0, message }))),
    };
  }
}
