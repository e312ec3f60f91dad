// The outline, the call hierarchy, links in manifests, and what settings turn off: on the demonstration workspace, like `shop.test.mjs`.

import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { includes, open, placeOf, shop } from "./workbench.mjs";

const CHECKOUT = "services/checkout/src/routes.ts";
const INVENTORY = "services/inventory/src/routes.rs";
const CLIENT = "services/orders/src/inventory.client.ts";
const CHARGES = "services/payments/src/server.ts";
const CHARGE = "services/checkout/src/clients/payments.ts";

const folder = shop();
const workbench = await open(folder);
const { page } = workbench;

test("the outline has a file's endpoints", async () => {
  await workbench.openAt(folder, INVENTORY, "async fn start_stocktake");
  await workbench.command("Explorer: Focus on Outline View");
  const rows = workbench.rows('.pane:has([aria-label^="Outline"])');
  const endpoint = rows.filter({ hasText: "POST /reservations" }).first();
  await endpoint.waitFor();
  const symbols = await workbench.texts(rows);
  for (const name of ["GET /stock/{sku}", "POST /stocktakes"]) includes(symbols, name);
  await workbench.picture("outline");
  await endpoint.click();
  await workbench.at("routes.rs", placeOf(folder, INVENTORY, "async fn reserve").line);
});

test("the call hierarchy goes from a handler to its callers in other services, and on", async () => {
  await workbench.openAt(folder, INVENTORY, "show_stock(State");
  const rows = workbench.rows(".sidebar");
  await workbench.command("Calls: Show Call Hierarchy");
  includes(await workbench.texts(rows), "GET /stock/{sku}");
  await rows.filter({ hasText: "POST /orders" }).first().waitFor();
  await rows.filter({ hasText: "POST /orders" }).first().click();
  await page.keyboard.press("ArrowRight");
  await rows.filter({ hasText: "POST /checkout" }).first().waitFor();
  await workbench.picture("call hierarchy");
});

test("links in manifests lead to services and files, and services have lenses there", async () => {
  await workbench.openAt(folder, "compose.yaml", "deploy/payments.env");
  const link = page.locator(".view-line .detected-link", { hasText: "payments.env" }).first();
  await link.waitFor();
  await page.locator(".codelens-decoration a:visible", { hasText: "called by checkout" }).first().waitFor();
  await workbench.picture("links");
  await workbench.command("Open Link");
  await page.locator('.tab.active[data-resource-name="payments.env"]').waitFor();
  await workbench.openAt(folder, "compose.yaml", "http://orders:4100");
  const address = page.locator(".view-line .detected-link", { hasText: "orders:4100" }).first();
  await address.waitFor();
  await workbench.command("Open Link");
  await workbench.at("compose.yaml", placeOf(folder, "compose.yaml", "orders:\n").line);
});

test("a file that is renamed takes along its findings and what it answers", async () => {
  const [old, renamed] = [CHARGES, CHARGES.replace("server.ts", "app.ts")];
  await workbench.openAt(folder, old, "app.post");
  const problems = workbench.rows(".markers-panel");
  await workbench.press("Control+Shift+M", problems.first());
  await page.locator(".panel input[placeholder^=Filter]").fill("**/payments/**");
  const file = (name) => problems.filter({ hasText: new RegExp(`^\\W*${name}\\s*services/payments/src`) });
  await file("server.ts").waitFor();
  const edited = page.locator(".explorer-item-edited input");
  await workbench.persist(async (timeout) => {
    // Each time anew, as the file may be shown only after the key, and what ends a try takes the choice back.
    await workbench.command("File: Reveal Active File in Explorer View");
    await page.keyboard.press("F2");
    await edited.waitFor({ timeout });
  });
  await edited.fill("app.ts");
  await edited.press("Enter");
  await page.locator('.tab.active[data-resource-name="app.ts"]').waitFor();
  await file("app.ts").waitFor();
  await file("server.ts").waitFor({ state: "detached" });
  await workbench.picture("renamed");
  await workbench.command("View: Toggle Panel Visibility");
  await workbench.openAt(folder, CHARGE, "post(");
  // What TypeScript itself knows may stand beside it.
  await workbench.command("Peek Definition");
  await page.locator(".peekview-widget", { hasText: "app.ts" }).first().waitFor();
  await page.keyboard.press("Escape");
  await workbench.pick("Control+T", "#/charges", "POST /charges");
  await workbench.at("app.ts", placeOf(folder, renamed, "app.post").line);
});

test("lenses, hints, links and findings can be turned off, and come back", async () => {
  const set = (on) => {
    const settings = ["codeLens", "inlayHints", "documentLinks", "diagnostics"].map((name) => [`portolan.${name}.enable`, on]);
    fs.mkdirSync(path.join(folder, ".vscode"), { recursive: true });
    fs.writeFileSync(path.join(folder, ".vscode/settings.json"), JSON.stringify(Object.fromEntries(settings)));
  };
  const lens = page.locator(".codelens-decoration a", { hasText: "1 caller in web" });
  const hint = page.locator(".view-line", { hasText: "inventory GET /stock/{sku}" });
  const finding = page.locator(".squiggly-warning, .squiggly-info");
  await workbench.openAt(folder, CHECKOUT, "router.post(");
  await lens.waitFor();
  set(false);
  await lens.waitFor({ state: "detached" });
  await workbench.openAt(folder, CLIENT, "get(`/stock");
  await hint.waitFor({ state: "detached" });
  await finding.first().waitFor({ state: "detached" });
  await workbench.picture("turned off");
  await workbench.openAt(folder, "compose.yaml", "deploy/payments.env");
  const link = page.locator(".view-line .detected-link", { hasText: "payments.env" });
  await link.waitFor({ state: "detached" });
  await workbench.openAt(folder, CLIENT, "get(`/stock");
  set(true);
  await hint.first().waitFor();
  await finding.first().waitFor();
  // Links alone are asked for when a file is shown, and not told to be asked for again.
  await workbench.openAt(folder, "compose.yaml", "deploy/payments.env");
  await link.first().waitFor();
});
