import { handle, keep } from "./queue.js";

const send = (queue, content, { headers, messageId } = {}) => keep(queue, { content, headers, messageId }, String);

const channel = {
  assertQueue: async () => {},
  publish: (_exchange, key, content, options) => send(key, content, options),
  sendToQueue: send,
  consume: async (queue, handler) => handle(queue, ({ content, ...properties }) => handler({ content, properties })),
  ack: () => {},
};

export default { connect: async () => ({ createChannel: async () => channel }) };
