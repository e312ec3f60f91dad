// Drives retries against services that fail twice, and tells how often each request came and with how many keys.
import { createServer } from "node:http";
import { start } from "./service.js";

const [shop, till] = process.argv.slice(2);
let seen = [];
const server = createServer((request, response) => {
  seen.push(request.headers["idempotency-key"]);
  request.resume();
  response.statusCode = seen.length < 3 ? 503 : 201;
  response.end();
});
await new Promise((resolve) => server.listen(0, resolve));
process.env.PAYMENTS_URL = process.env.LEDGER_URL = `http://127.0.0.1:${server.address().port}`;

const { charge, chargeAll, chargeByGot, chargeByKy, insist } = await import(`${shop}/charges.js`);
const { enter, record } = await import(`${shop}/ledger.js`);
async function tell(name, work) {
  seen = [];
  const end = await work().then((end) => end, () => "failed");
  const keys = new Set(seen.filter((key) => key !== undefined));
  console.log(`${name}: ${seen.length} times, keys ${keys.size}, ${end}`);
}
for (const work of [charge, chargeAll, insist, chargeByGot, chargeByKy, enter, record]) {
  await tell(work.name, () => work(1).then(() => "done"));
}
const { post, end } = await start(till);
for (const path of ["charge", "charge-at-once", "insist"]) {
  await tell(path, async () => (await post(path, "1")).status);
}
end();
server.close();
server.closeAllConnections();
