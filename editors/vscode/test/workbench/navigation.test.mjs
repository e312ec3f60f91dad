// The outline, the call hierarchy, links in manifests, and what settings turn off: on the demonstration workspace, like `shop.test.mjs`.

import fs from "node:fs";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { copyOf, includes, open, placeOf } from "./workbench.mjs";

const { VSIX, WORKSPACE } = process.env;
const { folder, remove } = copyOf(WORKSPACE);

const CHECKOUT = "services/checkout/src/routes.ts";
const INVENTORY = "services/inventory/src/routes.rs";
const CLIENT = "services/orders/src/inventory.client.ts";

let workbench;
let page;

before(async () => {
  workbench = await open(VSIX, folder);
  page = workbench.page;
  await page.locator('.statusbar-item[aria-label^="Portolan: 7 services"]').waitFor();
});

afterEach(async (context) => {
  if (context.passed === false) await workbench.picture(`failed ${context.name}`);
});

after(async () => {
  await workbench?.close();
  remove();
});

test("the outline has a file's endpoints", async () => {
  await workbench.openAt(folder, INVENTORY, "async fn reserve");
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
