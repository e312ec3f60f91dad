import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "preact-render-to-string";
import { opened, rowsOf, type Step, summary, type Trace } from "../src/trace/trace";
import { Rows } from "../src/trace/waterfall";

const step = (label: string, more: Partial<Step> = {}): Step => ({
  kind: "call",
  label,
  service: null,
  location: null,
  repeated: false,
  detached: false,
  recorded: true,
  ...more,
});
const answer = (service: string, steps: Step[] = [], recorded: boolean | null = true): Trace => ({
  service,
  endpoint: "POST /",
  location: null,
  recorded,
  steps,
});

const trace = answer("web", [
  step("POST /orders", { service: "orders", answer: answer("orders", [step("writes orders", { kind: "access", service: "db" })], false) }),
  step("orders.placed", { kind: "publish", detached: true }),
  step("GET /stock", { service: "stock", repeated: true, recorded: null }),
  step("shop.pricing.v1.Pricing/Quote", { service: "pricing" }),
]);
const rows = rowsOf(trace);

test("rows stand in the order of the code, each below what sets it off", () => {
  const shown = rows.map((row) => `${"  ".repeat(row.depth)}${row.kind} ${row.label}`);
  assert.deepEqual(shown, [
    "server POST /",
    "  client POST /orders",
    "    server POST /",
    "      database writes orders → db",
    "  producer orders.placed",
    "  client GET /stock → stock",
    "  client Pricing/Quote → pricing",
  ]);
});

test("what is set off lies within what sets it off, and a step begins when the one before is done", () => {
  for (const row of rows) {
    const parent = rows.find((other) => other.id === row.parent);
    if (parent && !row.detached) assert.ok(parent.start <= row.start && row.end <= parent.end);
  }
  assert.equal(rows[4]?.start, rows[1]?.end);
});

test("nobody waits for what is detached", () => {
  assert.ok((rows[5]?.start ?? 0) < (rows[4]?.end ?? 0));
});

test("a row is dark that nothing records, not one of which that is unknown", () => {
  assert.deepEqual(
    rows.filter((row) => row.dark).map((row) => row.service),
    ["orders"],
  );
});

test("what is below a closed row is not shown", () => {
  assert.deepEqual(
    opened(rows, new Set(["1"])).map((row) => row.id),
    ["0", "1", "4", "5", "6"],
  );
});

test("a sentence says what stands out", () => {
  assert.equal(summary(rows), "7 spans in 2 services · 1 that nothing records · 1 in a loop");
});

test("a screen reader hears levels and marks", () => {
  const html = render(<Rows rows={rows} onOpen={() => {}} />);
  assert.match(html, /role="treegrid"/);
  assert.match(html, /aria-level="3" aria-expanded/);
  assert.match(html, /aria-label="server, not recorded"/);
  assert.match(html, /in a loop/);
});
