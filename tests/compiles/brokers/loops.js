// Drives loops against a service that counts how many ask it at the same time, and answers those later who asked earlier.
import { createServer } from "node:http";
import { start } from "./service.js";

const [orders, desk, till, packer] = process.argv.slice(2);
const skus = Array.from({ length: 20 }, (_, at) => `s${at}`);
const lines = skus.map((sku, at) => ({ sku, count: at }));
let [asked, open, most] = [0, 0, 0];

const server = createServer((request, response) => {
  open += 1;
  asked += 1;
  most = Math.max(most, open);
  setTimeout(() => {
    open -= 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ sku: request.url.split("/").pop(), left: 0 }));
  }, Math.max(60 - asked, 20));
});
await new Promise((resolve) => server.listen(0, resolve));
process.env.STOCK_URL = `http://127.0.0.1:${server.address().port}`;

const { check, gone, missing, place } = await import(`${orders}/orders.js`);
const { reserveAll, shelves } = await import(`${desk}/shelves.js`);
const prices = await import(`${till}/prices.js`);

async function tell(name, work) {
  [asked, most] = [0, 0];
  const result = await work();
  console.log(`${name}: ${asked} asked, ${most} at a time${result === undefined ? "" : `, ${result}`}`);
}

const inOrder = (found, wanted) => (JSON.stringify(found) === JSON.stringify(wanted) ? "in order" : JSON.stringify(found));
await tell("missing", async () => inOrder((await missing(lines)).map((stock) => stock.sku), skus.map((sku) => sku.toUpperCase())));
await tell("check", () => check(new Set(skus)));
await tell("place", async () => inOrder((await place(lines)).map((one) => one.line), lines.map((_, at) => at + 1)));
await tell("gone", async () => inOrder(await gone(lines), lines.map((line) => line.count).filter((count) => count % 2 === 1)));
await tell("shelves", async () => inOrder((await shelves(skus)).map((shelf) => shelf.sku), skus));
await tell("desk", async () => (await reserveAll(skus)).length);
await tell("known", () => prices.default.known(skus));
await tell("till", async () => (await prices.default.reserveAll(skus)).length);

const { post, end } = await start(packer);
const pack = async (path) => (await post(path, JSON.stringify(skus), "application/json")).text();
await tell("packer's missing", async () => inOrder(JSON.parse(await pack("missing")), skus));
await tell("packer's count", () => pack("count"));
await tell("packer's shelves", async () => inOrder(JSON.parse(await pack("shelves")).reverse(), skus));
await tell("packer's left", () => pack("left"));
await tell("packer's odd", async () => inOrder(JSON.parse(await pack("odd")), skus.filter((_, at) => at % 2 === 1)));
end();
server.close();
server.closeAllConnections();
