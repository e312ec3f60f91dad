// The server's life as one sees it: a folder without services, then with some; restarted, not to be found, found again; what it logs.

import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folderOfItsOwn, open } from "./workbench.mjs";

const folder = folderOfItsOwn();
const put = (file, text) => {
  fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  fs.writeFileSync(path.join(folder, file), text);
};
put("notes.md", "Nothing is here yet.\n");
const workbench = await open(folder);
const { page } = workbench;
const status = (text) => page.locator(`.statusbar-item[aria-label*="${text}"]`).first();
const said = (text) => page.locator(".welcome-view-content", { hasText: text }).first();

test("a folder without services says so", async () => {
  await workbench.command("Portolan: Focus on Services View");
  await status("There are no services here").waitFor();
  await said("compose files").waitFor();
  await workbench.command("Portolan: Show Service Map");
  await workbench.webview().locator(".empty", { hasText: "There are no services here yet" }).waitFor();
  await workbench.picture("no services");
});

test("services that are written are there at once, and go when their files go", async () => {
  put("orders/index.js", 'const app = require("express")();\napp.get("/orders", list);\napp.listen(80);\n');
  put("orders/package.json", '{ "name": "orders", "main": "index.js", "dependencies": { "express": "5" } }\n');
  put("compose.yaml", "services:\n  orders: { build: ./orders }\n  web: { build: ./web }\n");
  await status("Portolan: 2 services").waitFor();
  await workbench.webview().locator(".node", { hasText: "orders" }).waitFor();
  put("compose.yaml", "services:\n  orders: { build: ./orders }\n  web: { build: ./web\n");
  await status("Portolan: 1 service").waitFor();
  fs.rmSync(path.join(folder, "compose.yaml"));
  fs.rmSync(path.join(folder, "orders"), { recursive: true });
  await status("There are no services here").waitFor();
});

test("its output is shown, and says which server runs", async () => {
  await workbench.command("Portolan: Show Output");
  await page.locator(".panel .view-line", { hasText: "the server is" }).first().waitFor();
  await workbench.picture("output");
});

test("a server that is not to be found is told of, and another one takes its place", async () => {
  const named = (server) => put(".vscode/settings.json", JSON.stringify(server));
  named({ "portolan.server.path": "/nowhere/portolan" });
  await status("The server does not run").waitFor();
  await page.locator(".notification-toast", { hasText: "/nowhere/portolan" }).waitFor();
  await said("The server does not run").waitFor();
  await workbench.picture("no server");
  named({});
  await status("There are no services here").waitFor();
  const between = ["The server starts", "The first chart is being made"];
  await workbench.untilStatusSays(between, () => workbench.command("Portolan: Restart Server"));
  await status("There are no services here").waitFor();
});
