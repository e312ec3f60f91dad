// Several folders in one window: they are charted as one, and each can be asked about the others.

import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folderOfItsOwn, open, placeOf, shop } from "./workbench.mjs";

const home = folderOfItsOwn();
const chandlery = shop(home);
const courier = path.join(home, "courier");
const window = path.join(home, "both.code-workspace");

const COURIER = {
  "compose.yaml": "services:\n  courier:\n    build: .\n    environment:\n      ORDERS_URL: http://orders:4100\n",
  "package.json": '{ "name": "courier", "main": "index.ts", "dependencies": { "axios": "1", "express": "5" } }\n',
  "index.ts": `import axios from "axios";
import express from "express";
const app = express();
app.post("/parcels/:id", async (req, res) => res.json(await axios.get(\`\${process.env.ORDERS_URL}/orders/\${req.params.id}\`)));
app.listen(80);
`,
};

fs.mkdirSync(courier);
for (const [file, text] of Object.entries(COURIER)) fs.writeFileSync(path.join(courier, file), text);
fs.writeFileSync(window, JSON.stringify({ folders: [{ path: path.basename(chandlery) }, { path: "courier" }] }));
const workbench = await open(window);
const { page } = workbench;

test("the services of all folders are counted", async () => {
  await page.locator('.statusbar-item[aria-label^="Portolan: 8 services"]').waitFor();
});

test("a definition leads from one folder into the other", async () => {
  await workbench.openAt(courier, "index.ts", "get(`");
  await page.locator(".view-line", { hasText: "orders GET /orders/{id}" }).waitFor();
  await page.keyboard.press("F12");
  const controller = "services/orders/src/orders.controller.ts";
  await workbench.at("orders.controller.ts", placeOf(chandlery, controller, "show(").line);
});

test("the map has the services of all folders, and leads into each", async () => {
  await workbench.command("Portolan: Show Service Map");
  const map = workbench.webview();
  for (const name of ["courier", "checkout"]) await map.locator(".node", { hasText: name }).first().waitFor();
  await workbench.picture("several folders");
  await map.locator('.node[data-id="service courier"]').click();
  const link = map.locator(".details .link", { hasText: "POST /parcels/{id}" });
  await workbench.follow(link, "index.ts", placeOf(courier, "index.ts", "app.post").line);
});
