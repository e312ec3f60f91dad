// What a developer of the demonstration workspace sees, in the order of a first afternoon. `run.mjs` says of which extension and where.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { includes, open, placeOf, shop } from "./workbench.mjs";

const CHARGES = "services/payments/src/server.ts";
const ROUTES = "services/checkout/src/routes.ts";
const CLIENT = "services/orders/src/inventory.client.ts";
const WORKER = "services/notifications/src/worker.ts";
/** A call whose host a variable decides that nobody sets. */
const PUZZLE = `
export const track = async (id: string) => (await fetch(\`\${process.env.PARCELS_URL}/orders/\${id}\`)).json();
`;

const folder = shop();
const workbench = await open(folder);
const { page } = workbench;
const picture = (name) => workbench.picture(name);

test("the extension starts and charts the services", async (context) => {
  const started = await since(workbench.started, page.locator('.statusbar-item[aria-label^="Portolan"]'));
  const charted = await since(workbench.started, page.locator('.statusbar-item[aria-label^="Portolan: 7 services"]'));
  context.diagnostic(
    `the extension shows itself ${started} ms after the window was asked for, the chart is there ${charted - started} ms later`,
  );
  const opened = performance.now();
  await workbench.openAt(folder, CHARGES, "import");
  context.diagnostic(
    `findings stand in a file ${await since(opened, page.locator(".squiggly-warning"))} ms after it was asked for by keys`,
  );
});

/** Milliseconds from a moment until something is seen. */
async function since(moment, seen) {
  await seen.first().waitFor();
  return Math.round(performance.now() - moment);
}

test("findings stand where they are, and in the list of problems", async () => {
  const rows = workbench.rows(".markers-panel");
  await workbench.press("Control+Shift+M", rows.first());
  await picture("problems");
  for (const rule of ["sync-chain", "shared-table-writers"]) {
    // A filter that is applied late puts the text before back.
    await workbench.persist(async (timeout) => {
      await page.locator(".panel input[placeholder^=Filter]").fill(rule, { timeout });
      await rows.filter({ hasText: rule }).first().waitFor({ timeout });
    });
  }
  await workbench.command("View: Toggle Panel Visibility");
});

test("above a handler stand its callers and what it does", async () => {
  await workbench.openAt(folder, ROUTES, "router.post(");
  const lenses = await workbench.lenses();
  includes(lenses, "1 caller in web");
  includes(lenses, "asks orders, payments, pricing");
});

test("a hover says who answers and what waits behind", async () => {
  await workbench.openAt(folder, CLIENT, "get(`/stock");
  const hover = await workbench.hover();
  for (const text of ["GET /stock/{sku}", "inventory", "compose.yaml:", "The trace goes with it"]) assert.ok(hover.includes(text), hover);
  await page.keyboard.press("Escape");
  await workbench.command("View: Toggle Primary Side Bar Visibility");
  await workbench.openAt(folder, CLIENT, "get(`/stock");
  await workbench.hover();
  await page.screenshot({ path: path.join(process.env.OUT, "vscode-hover.png"), clip: { x: 50, y: 36, width: 1240, height: 540 } });
  await page.keyboard.press("Escape");
  await workbench.command("View: Toggle Primary Side Bar Visibility");
  await page.keyboard.press("Escape");
});

test("behind a call stands who answers", async () => {
  includes(await workbench.texts(page.locator(".view-line", { hasText: "/stock/" })), "inventory GET /stock/{sku}");
});

test("a definition leads from a call in TypeScript to the handler in Rust", async () => {
  await page.keyboard.press("F12");
  await workbench.at("routes.rs", placeOf(folder, "services/inventory/src/routes.rs", "async fn show_stock").line);
  includes(await workbench.lenses(), "1 caller in orders");
  await picture("definition");
});

test("references lead from a handler to its callers, across services", async () => {
  await workbench.openAt(folder, ROUTES, 'post("/"');
  // There is one, which it goes to.
  await page.keyboard.press("Shift+F12");
  await workbench.at("api.ts", placeOf(folder, "services/web/src/lib/api.ts", "await api.post").line);
});

test("symbols find an endpoint by its path", async () => {
  await workbench.pick("Control+T", "#stock/{sku", "GET /stock/{sku}");
  await workbench.at("routes.rs", placeOf(folder, "services/inventory/src/routes.rs", "async fn show_stock").line);
});

test("a quick fix answers a finding", async () => {
  await workbench.openAt(folder, CLIENT, "axios.create");
  const squiggles = page.locator(".squiggly-warning, .squiggly-info");
  await squiggles.first().waitFor();
  const fixes = page.locator(".action-widget .monaco-list-row");
  await workbench.press("Control+.", fixes.first());
  includes(await workbench.texts(fixes), "Accept here with a comment: allow(no-timeout)");
  await picture("quick fix");
  await fixes.filter({ hasText: "wait for 30 s" }).first().click();
  await page.locator(".view-line", { hasText: "timeout: 30" }).waitFor();
  await workbench.command("File: Revert File");
});

test("a lens opens the predicted trace", async () => {
  await workbench.openAt(folder, ROUTES, "router.post(");
  await page.locator(".codelens-decoration a", { hasText: "asks orders" }).click();
  const rows = workbench.webview().locator("tr");
  const labels = await workbench.texts(rows);
  assert.match(labels[0], /checkout POST \/checkout/);
  includes(labels, "inventory GET /stock/{sku}");
  includes(labels, "in a loop");
  // The call stands in a promise around a callback.
  const quote = workbench.webview().locator("tr", { hasText: "Quote" }).first();
  assert.match(await quote.locator(".lane").getAttribute("aria-label"), /^client, recorded$/);
  await workbench.command("View: Toggle Primary Side Bar Visibility");
  await workbench.texts(rows);
  // What the mouse rests on would say what it is.
  const tip = page.locator(".monaco-hover:not(.hidden)");
  await page.mouse.move(700, 860);
  await tip.first().waitFor({ state: "detached" });
  await picture("vscode-trace");
});

test("a row of the trace leads to its line", async () => {
  const row = workbench.webview().locator("tr", { hasText: "writes stock" }).first();
  await workbench.follow(row, "stock.rs", placeOf(folder, "services/inventory/src/stock.rs", "UPDATE stock").line);
});

test("the activity view has services, findings and unresolved calls", async () => {
  await workbench.command("View: Close All Editors");
  await workbench.command("Portolan: Focus on Services View");
  const services = workbench.rows('.pane:has([aria-label^="Services"])');
  includes(await workbench.texts(services), "checkout");
  await services
    .filter({ hasText: /^\s*orders/ })
    .first()
    .click();
  await services.filter({ hasText: "Endpoints" }).first().click();
  includes(await workbench.texts(services), "POST /orders");
  await workbench.command("Portolan: Focus on Findings View");
  includes(await workbench.texts(workbench.rows('.pane:has([aria-label^="Findings"])')), "payments");
  await picture("activity");
});

test("the map shows services, stores and channels, and leads to the code", async () => {
  await workbench.command("View: Close All Editors");
  await workbench.command("View: Toggle Primary Side Bar Visibility");
  await workbench.command("Portolan: Show Service Map");
  const map = workbench.webview();
  const node = (name) => map.locator(".node", { hasText: name }).first();
  for (const name of ["gateway", "web", "checkout", "order.placed", "shared by 2 writers"]) await node(name).waitFor();
  await picture("vscode-map");
  await node("checkout").click();
  includes(await workbench.texts(map.locator(".details")), "POST /checkout");
  await picture("map selected");
  await node("checkout").dblclick();
  await page.locator('.tab.active[data-resource-name$=".ts"]').waitFor();
});

test("the map follows the code", async () => {
  const before = await workbench.texts(page.locator(".tab"));
  includes(before, "Service Map");
  fs.appendFileSync(path.join(folder, WORKER), "\nexport const ring = () => fetch(`https://bell.example/ring`);\n");
  await workbench.webview().locator(".node", { hasText: "bell.example" }).waitFor();
});

test("an unresolved call is listed while the code changes, and settled from the list", async () => {
  fs.appendFileSync(path.join(folder, WORKER), PUZZLE);
  await workbench.command("Portolan: Focus on Unresolved Calls View");
  const rows = workbench.rows('.pane:has([aria-label^="Unresolved Calls"])');
  const row = rows.filter({ hasText: "worker.ts" }).first();
  await row.hover();
  await picture("unresolved");
  await row.locator('[aria-label^="Settle"]').click();
  const choices = page.locator(".quick-input-list .monaco-list-row");
  includes(await workbench.texts(choices), "PARCELS_URL");
  await choices.filter({ hasText: "goes to orders" }).first().click();
  await page.locator('.tab[data-resource-name="portolan.toml"]').waitFor();
  await row.waitFor({ state: "detached" });
  await workbench.command("File: Save All Files");
  // It is made first, and filled when it is saved.
  const written = () => fs.readFileSync(path.join(folder, "portolan.toml"), "utf8");
  for (const end = Date.now() + 20_000; !written() && Date.now() < end; ) await sleep(100);
  assert.match(written(), /PARCELS_URL = "http:\/\/orders"/);
});

test("it was activated quickly", async (context) => {
  await workbench.command("Developer: Show Running Extensions");
  const rows = await workbench.texts(page.locator(".runtime-extensions-editor .monaco-list-row"));
  const own = rows.find((row) => row.includes("Portolan"));
  context.diagnostic(`activation: ${own}`);
  assert.ok(own);
});
