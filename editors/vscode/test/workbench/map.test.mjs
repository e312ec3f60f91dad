// The map as one works with it: search, filters, the keyboard, and what it saves; on the demonstration workspace, like `shop.test.mjs`.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { includes, open, shop } from "./workbench.mjs";

const folder = shop();
const workbench = await open(folder);
const { page } = workbench;
const map = workbench.webview();
const node = (name) => map.locator(".node", { hasText: name }).first();
const labels = async () => (await workbench.texts(map.locator(".node .label"))).sort();

test("the map is there", async () => {
  await page.locator('.statusbar-item[aria-label^="Portolan: 7 services"]').waitFor();
  await workbench.command("View: Toggle Primary Side Bar Visibility");
  await workbench.command("Portolan: Show Service Map");
  await node("checkout").waitFor();
});

test("a search tells what it finds, dims the rest, and goes there", async () => {
  const search = map.locator('input[type="search"]');
  await search.fill("ORDER");
  await map.locator(".status", { hasText: "3 found" }).waitFor();
  assert.equal(await map.locator(".node:not(.dimmed)").count(), 3);
  await workbench.picture("map search");
  await search.fill("notif");
  await search.press("Enter");
  includes(await workbench.texts(map.locator(".details h2")), "notifications");
  await search.fill("nobody");
  await map.locator(".status", { hasText: "0 found" }).waitFor();
  await search.fill("");
  await map.locator(".node.dimmed").first().waitFor({ state: "detached" });
  await map.locator('.details button[aria-label="Close"]').click();
});

test("kinds of edges are filtered, and what is outside", async () => {
  const all = await labels();
  const toggle = (name) => map.locator(".toolbar button", { hasText: name }).click();
  for (const name of ["Messages", "Data", "Outside"]) await toggle(name);
  await node("order.placed").waitFor({ state: "detached" });
  assert.deepEqual(await labels(), ["checkout", "gateway", "inventory", "notifications", "orders", "payments", "pricing", "web"]);
  assert.equal(await map.locator(".edge.message, .edge.data").count(), 0);
  await workbench.picture("map calls only");
  for (const name of ["Messages", "Data", "Outside"]) await toggle(name);
  await node("order.placed").waitFor();
  assert.deepEqual(await labels(), all);
});

test("services are filtered one by one", async () => {
  await map.locator(".services summary").click();
  await map.locator(".services label", { hasText: "pricing" }).click();
  await node("pricing").waitFor({ state: "detached" });
  await map.locator(".services summary", { hasText: "7 of 8" }).waitFor();
  await workbench.picture("map services");
  await map.locator(".services button", { hasText: "None" }).click();
  await map.locator(".services summary", { hasText: "0 of 8" }).waitFor();
  await map.locator(".services button", { hasText: "All" }).click();
  await node("pricing").waitFor();
  await map.locator(".services summary").click();
});

test("a neighbourhood is what lies around one node", async () => {
  await node("notifications").click();
  await map.locator(".details button", { hasText: "Only its neighbourhood" }).click();
  await node("checkout").waitFor({ state: "detached" });
  const near = await labels();
  for (const name of ["notifications", "order.placed", "orders", "api.pigeonpost.example"]) includes(near, name);
  await workbench.picture("map neighbourhood");
  await map.locator(".details button", { hasText: "Show everything" }).click();
  await node("checkout").waitFor();
  await map.locator('.details button[aria-label="Close"]').click();
});

test("the map shows what lies around the current file, and follows it", async () => {
  await workbench.openAt(folder, "services/notifications/src/worker.ts", "import");
  await workbench.command("Portolan: Show Service Map Around This File");
  await node("notifications").waitFor();
  await node("checkout").waitFor({ state: "detached" });
  await workbench.openAt(folder, "services/checkout/src/routes.ts", "import");
  await workbench.command("Portolan: Show Service Map");
  await node("checkout").waitFor();
  await node("notifications").waitFor({ state: "detached" });
  await map.locator(".toolbar button", { hasText: "Current file" }).click();
  await node("notifications").waitFor();
});

test("arrow keys go from node to node, and Enter opens the code", async () => {
  await map.locator('input[type="search"]').click();
  const focused = map.locator(".node:focus");
  for (let stops = 12; stops && !(await focused.count()); stops--) await page.keyboard.press("Tab");
  const spoken = () => focused.getAttribute("aria-label");
  assert.match(await spoken(), /^order.placed, channel, kafka/);
  await page.keyboard.press("ArrowRight");
  assert.match(await spoken(), /^notifications, service, .*, 3 findings$/);
  assert.equal(await focused.getAttribute("aria-pressed"), "true");
  includes(await workbench.texts(map.locator(".details h2")), "notifications");
  await workbench.picture("map by keyboard");
  await page.keyboard.press("Enter");
  await page.locator('.tab.active[data-resource-name="worker.ts"]').waitFor();
  await workbench.command("View: Close Editor");
  await map.locator('.details button[aria-label="Close"]').click();
});

test("the map is saved as SVG, PNG and Mermaid", async () => {
  const saved = async (format, extension) => {
    await map.locator('select[aria-label="Save as"]').selectOption(format);
    const file = path.join(folder, `service-map.${extension}`);
    const input = page.locator(".quick-input-widget input.input");
    await input.waitFor();
    // The dialog fills itself in.
    await page.waitForFunction((name) => document.querySelector(".quick-input-widget input.input")?.value.endsWith(name), `.${extension}`);
    assert.equal(await input.inputValue(), file);
    await input.press("Enter");
    await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    const written = () => fs.existsSync(file) && fs.statSync(file).size > 0;
    for (let tries = 100; tries && !written(); tries--) await sleep(100);
    return fs.readFileSync(file);
  };
  const svg = String(await saved("svg", "svg"));
  assert.match(svg, /^<svg[^>]*viewBox/);
  for (const name of ["checkout", "order.placed", "api.cardnetwork.example"]) assert.ok(svg.includes(`>${name}<`), `no ${name}`);
  assert.ok(!svg.includes("var(--"), "it needs the editor's style sheets");
  const png = await saved("png", "png");
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  assert.ok(png.readUInt32BE(16) > 1000, "it is small");
  fs.copyFileSync(path.join(folder, "service-map.png"), path.join(process.env.OUT, "map saved.png"));
  const mermaid = String(await saved("mermaid", "mmd"));
  assert.match(mermaid, /^flowchart LR\n/);
  assert.match(mermaid, /\["checkout"\]/);
  // The file alone, as any viewer shows it.
  const alone = await page
    .context()
    .browser()
    .newPage({ viewport: { width: 1440, height: 500 } });
  await alone.setContent(`<body style="margin:0">${svg}</body>`);
  await alone.screenshot({ path: path.join(process.env.OUT, "map saved as svg.png") });
  await alone.close();
});
