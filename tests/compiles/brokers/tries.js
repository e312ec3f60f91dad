// Drives requests to a service that fails, that says no, and that is silent, and tells how often each came.
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [web, desk, depot] = process.argv.slice(2);
let answers = [];
let came = 0;
const server = createServer((request, response) => {
  const status = answers[Math.min(came, answers.length - 1)];
  came += 1;
  request.resume();
  if (status === undefined) return;
  response.statusCode = status;
  response.end("{}");
});
await new Promise((resolve) => server.listen(0, resolve));
process.env.STOCK_URL = `http://127.0.0.1:${server.address().port}`;

const { add, fill, shelf } = await import(`${web}/stock.js`);
const { mark, note, prices } = await import(`${web}/prices.js`);
const other = createRequire(`${desk}/index.js`)("./stock");
async function tell(name, statuses, work) {
  [answers, came] = [statuses, 0];
  const end = await work().then((end) => end, (error) => error.name);
  console.log(`${name} ${statuses.join(" ")}: ${came} times, ${end}`);
}
for (const statuses of [[200], [404], [500, 500, 200], [503], []]) {
  await tell("shelf", statuses, () => shelf("tea").then(() => "done"));
}
await tell("fill", [502, 204], () => fill("tea", 1).then(() => "done"));
await tell("add", [500, 201], () => add("tea").then(() => "done"));
await tell("desk's shelf", [500, 200], () => other.shelf("tea"));
for (const [work, statuses] of [[prices, [500, 200]], [prices, [404]], [mark, [503, 503, 204]], [note, [503, 201]]]) {
  await tell(work.name, statuses, () => work("tea").then(() => "done"));
}
const run = (work) =>
  new Promise((resolve, reject) => {
    execFile(depot, [work], (error, told) => (error ? reject(error) : resolve(told.trim())));
  });
for (const statuses of [[200], [404], [500, 500, 200], [503], []]) {
  await tell("depot's shelf", statuses, () => run("shelf"));
}
await tell("depot's fill", [502, 204], () => run("fill"));
await tell("depot's add", [500, 201], () => run("add"));
server.close();
server.closeAllConnections();
