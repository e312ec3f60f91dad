import { handle, keep } from "./queue.js";

const send = async ({ topic, messages }) => {
  if (globalThis.isAway) throw new Error("the broker is away");
  for (const message of messages) keep(topic, message, (value) => Buffer.from(String(value)));
};

export class Kafka {
  producer() {
    return { send, sendBatch: async ({ topicMessages }) => Promise.all(topicMessages.map(send)) };
  }

  consumer() {
    const topics = [];
    return {
      subscribe: async ({ topic }) => topics.push(topic),
      run: async ({ eachMessage }) => topics.forEach((topic) => handle(topic, (message) => eachMessage({ topic, message }))),
    };
  }
}
