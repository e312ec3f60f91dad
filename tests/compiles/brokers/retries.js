// Drives retries against services that fail twice, and tells how often each request came and with how many keys.
import { createServer } from "node:http";

const [shop] = process.argv.slice(2);
let seen = [];
const server = createServer((request, response) => {
  seen.push(request.headers["idempotency-key"]);
  request.resume();
  response.statusCode = seen.length < 3 ? 503 : 201;
  response.end();
});
await new Promise((resolve) => server.listen(0, resolve));
process.env.PAYMENTS_URL = process.env.LEDGER_URL = `http://127.0.0.1:${server.address().port}`;

const { charge, chargeAll, insist } = await import(`${shop}/charges.js`);
const { enter, record } = await import(`${shop}/ledger.js`);
for (const work of [charge, chargeAll, insist, enter, record]) {
  seen = [];
  const end = await work(1).then(() => "done", () => "failed");
  const keys = new Set(seen.filter((key) => key !== undefined));
  console.log(`${work.name}: ${seen.length} times, keys ${keys.size}, ${end}`);
}
server.close();
server.closeAllConnections();
