// Messages of brokers that live in one process: kept until those who send them are done, so that no context gets from one end to the other by itself.
const queue = (globalThis.queue ??= { handlers: new Map(), messages: [] });

/** Keeps a message; headers become what a broker makes of them. */
export function keep(name, message, header) {
  const headers = Object.entries(message.headers ?? {}).map(([key, value]) => [key, header(value)]);
  queue.messages.push([name, { ...message, headers: Object.fromEntries(headers) }]);
}

/** Lets a function have the messages of a name. */
export function handle(name, handler) {
  queue.handlers.set(name, handler);
}

/** What is kept, with its names. */
export const sent = () => queue.messages;

/** Hands over all that is kept. */
export async function deliver() {
  for (const [name, message] of queue.messages.splice(0)) await queue.handlers.get(name)(message);
}
