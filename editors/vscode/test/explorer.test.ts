import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf, type Item, servicesOf, unresolvedOf } from "../src/explorer/items";
import { chart } from "./chart";

const lines = (items: readonly Item[], depth = 0): string[] =>
  items.flatMap((item) => [
    `${"  ".repeat(depth)}${[item.label, item.description].filter(Boolean).join(" | ")}`,
    ...lines(item.children ?? [], depth + 1),
  ]);

test("a service has below it what it answers, calls, sends, receives, reads, writes and traces", () => {
  const billing = servicesOf(chart()).filter((item) => item.id === "billing");
  assert.deepEqual(lines(billing), [
    "billing | typescript",
    "  Endpoints | 1",
    "    POST /bills | list",
    "  Calls | 2",
    "    orders | GET /orders",
    "    api.bank.example | GET /transfers",
    "  Channels | 1",
    "    orders.placed | receives",
    "  Stores | 2",
    "    orders | writes",
    "    orders | reads",
  ]);
});

test("a service without a tracer says so", () => {
  assert.equal(servicesOf(chart()).find((item) => item.id === "web")?.description, "typescript · not traced");
});

test("an endpoint leads to its handler", () => {
  const endpoint = servicesOf(chart())[1]?.children?.[0]?.children?.[0];
  assert.equal(endpoint?.context, "endpoint");
  assert.deepEqual([endpoint?.site?.file, endpoint?.site?.line], ["services/orders/handlers.ts", 7]);
});

test("a finding stands under each service that it is about", () => {
  const message = "    orders and billing wait for each other | sync-chain".slice(2);
  assert.deepEqual(lines(findingsOf(chart())), ["billing | 1", message, "    then here", "orders | 1", message, "    then here"]);
});

test("what could not be followed stands under its reason, to be settled", () => {
  assert.deepEqual(lines(unresolvedOf(chart())), ["SHOP_URL is set nowhere | 1", "  GET /orders/{} | web · api.ts:4"]);
  assert.equal(unresolvedOf(chart())[0]?.children?.[0]?.context, "unresolved");
});

test("no two items have one id", () => {
  const ids = (items: readonly Item[]): string[] => items.flatMap((item) => [item.id, ...ids(item.children ?? [])]);
  for (const items of [servicesOf(chart()), findingsOf(chart()), unresolvedOf(chart())]) {
    const all = ids(items);
    assert.equal(new Set(all).size, all.length);
  }
});
