// What the map takes for two hundred services, measured in its page.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folderOfItsOwn, open } from "./workbench.mjs";

const SERVICES = 200;
const folder = folderOfItsOwn();

const THINGS =
  "orders stock prices carts users mails bills taxes parcels returns media search reviews offers gifts banks audits quotes routes plans";
const PARTS = ["edge", "front", "api", "core", "rules", "jobs", "sync", "store", "feed", "archive"];
/** Names that a number alone told apart would be replicas of one service. */
const name = (index) => `${THINGS.split(" ")[index % 20]}-${PARTS[Math.floor(index / 20)]}`;

/** Services that ask one or two of those behind them, now and then one before; a table each for some, and a topic. */
function code(index) {
  const behind = SERVICES - 1 - index;
  const asked = behind < 5 ? [] : [index + 1 + ((index * 7) % (behind - 1)), index + 1 + ((index * 13) % (behind - 1))];
  if (index % 40 === 39) asked.push(index - 20);
  const calls = [...new Set(asked)].map((other) => `  await axios.get("http://${name(other)}:8080/things");`);
  if (index % 4 === 0) calls.push(`  await pool.query("INSERT INTO things_${index % 12} (id) VALUES (1)");`);
  if (index % 5 === 0) calls.push(`  await producer.send({ topic: "thing.${index % 15}", messages: [] });`);
  return `import axios from "axios";
import express from "express";
import { Kafka } from "kafkajs";
import { Pool } from "pg";
const pool = new Pool({ connectionString: "postgres://db-${index % 8}/things" });
const producer = new Kafka({ brokers: ["kafka:9092"] }).producer();
const app = express();
app.get("/things", async (req, res) => {
${calls.join("\n")}
  res.json([]);
});
app.listen(8080);
`;
}

/** Writes all of them, with what deploys them. */
function write() {
  const services = Array.from({ length: SERVICES }, (_, index) => index);
  const put = (file, text) => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  };
  put("compose.yaml", `services:\n${services.map((index) => `  ${name(index)}:\n    build: ./${name(index)}\n`).join("")}`);
  const dependencies = { axios: "1", express: "5", kafkajs: "2", pg: "8" };
  for (const index of services) {
    put(`${name(index)}/package.json`, JSON.stringify({ name: name(index), main: "index.ts", dependencies }));
    put(`${name(index)}/index.ts`, code(index));
  }
}

write();
const workbench = await open(folder);

test("the status bar says that the services are being charted, and then how many there are", async () => {
  await workbench.page.locator(`.statusbar-item[aria-label^="Portolan: ${SERVICES} services"]`).waitFor();
  const said = await workbench.statusSaid();
  const first = (text) => said.findIndex((label) => label.includes(text));
  const order = ["Portolan: The first chart is being made", `Portolan: ${SERVICES} services`].map(first);
  assert.ok(order[0] >= 0 && order[0] < order[1], JSON.stringify(said, null, 1));
});

test("the map of two hundred services is drawn and follows the code", async (context) => {
  await workbench.command("Portolan: Show Service Map");
  const map = workbench.webview();
  await map.locator(".node").nth(SERVICES).waitFor();
  const [nodes, edges] = [await map.locator(".node").count(), await map.locator(".edge").count()];
  const taken = async (element, act) => Math.round(await element.evaluate(act));
  const arrange = map.locator("button", { hasText: "Arrange" });
  const drawn = await taken(arrange, async (button) => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    const start = performance.now();
    button.click();
    await frame();
    await frame();
    return performance.now() - start;
  });
  context.diagnostic(`${nodes} nodes and ${edges} edges are laid out and drawn in ${drawn} ms`);
  const scene = map.locator(".scene");
  await scene.evaluate(() =>
    addEventListener("message", ({ data }) => data.type === "chart" && Object.assign(window, { chart: data.chart })),
  );
  fs.appendFileSync(path.join(folder, name(0), "index.ts"), `export const ring = () => axios.get("http://${name(199)}:8080/things");\n`);
  await map.locator(".edge").nth(edges).waitFor({ state: "attached" });
  // One edge less, and the next time one more, as when somebody types.
  const updates = [];
  for (let time = 0; time < 9; time++)
    updates.push(
      await scene.evaluate(
        async (_, left) => {
          const frame = () => new Promise(requestAnimationFrame);
          await frame();
          const start = performance.now();
          const chart = { ...window.chart, calls: window.chart.calls.slice(left) };
          dispatchEvent(new MessageEvent("message", { data: { type: "chart", chart } }));
          await frame();
          await frame();
          return Math.round(performance.now() - start);
        },
        (time + 1) % 2,
      ),
    );
  updates.sort((a, b) => a - b);
  context.diagnostic(`an edge that comes or goes is redrawn in ${updates[4]} ms, median of ${updates.join(", ")}`);
  await workbench.picture("large map");
  assert.ok(nodes > SERVICES && edges > SERVICES);
});
