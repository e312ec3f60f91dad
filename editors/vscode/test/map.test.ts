import assert from "node:assert/strict";
import { test } from "node:test";
import dagre from "@dagrejs/dagre";
import { languagesOf, requestName, storeName } from "../src/chart/names";
import { graphOf, servicesOf } from "../src/map/graph";
import { EMPTY_LAYOUT, follow, layOut, next } from "../src/map/layout";
import { mermaid } from "../src/map/mermaid";
import { order } from "../src/map/order";
import { EVERYTHING, matches, visible } from "../src/map/visible";
import { chart } from "./chart";

const graph = graphOf(chart());
const ids = (items: readonly { id: string }[]) => items.map((item) => item.id);
const node = (id: string) => graph.nodes.find((node) => node.id === id);
const edge = (id: string) => graph.edges.find((edge) => edge.id === id);

test("services, channels, stores and hosts outside are nodes", () => {
  const store = "store postgres://db/shop";
  const services = ["service billing", "service orders", "service web"];
  assert.deepEqual(ids(graph.nodes), ["channel kafka orders.placed", "external api.bank.example", ...services, store]);
});

test("calls of the same two services are one edge, and ambiguous ones none", () => {
  assert.equal(edge("service web > service orders")?.label, "2 calls");
  assert.equal(edge("service web > service billing"), undefined);
});

test("an edge is inferred only if all that crosses it is", () => {
  assert.equal(edge("service web > service orders")?.likely, false);
  assert.equal(edge("service orders > service billing")?.likely, true);
});

test("services that wait for each other are a cycle; who waits for them is not part of it", () => {
  assert.ok(node("service orders")?.cyclic && node("service billing")?.cyclic);
  assert.equal(node("service web")?.cyclic, false);
  assert.equal(edge("service web > service orders")?.cyclic, false);
});

test("a message makes no cycle", () => {
  const { calls, ...rest } = chart();
  const back = calls.filter((call) => call.from !== "orders");
  assert.ok(graphOf({ ...rest, calls: back }).nodes.every((node) => !node.cyclic));
});

test("a service that asks itself is no cycle, and its edge comes back to the same side of its box", () => {
  const { calls, ...rest } = chart();
  const own = graphOf({ ...rest, calls: calls.slice(0, 1).map((call) => ({ ...call, to: call.from })) });
  assert.ok([...own.nodes, ...own.edges].every((item) => !item.cyclic));
  for (const upright of [false, true]) {
    const { boxes, ways } = layOut(own, upright);
    const [box, [from, to]] = [boxes.get("service web"), ways.get("service web > service web") ?? []];
    assert.ok(box && from && to && (upright ? from.x === to.x && to.x < box.x : from.y === to.y && to.y < box.y));
  }
});

test("of a service whose code is not read that is said", () => {
  assert.deepEqual(languagesOf({ languages: ["go", "python"] }), ["go, not read"]);
  assert.deepEqual(languagesOf({ languages: ["elixir", "javascript"] }), ["elixir", "javascript"]);
  assert.deepEqual(languagesOf({ languages: [] }), []);
});

test("a service is dark that is known to start no tracer, not one of which nothing is known", () => {
  assert.deepEqual(ids(graph.nodes.filter((node) => node.dark)), ["service web"]);
});

test("a store is shared by those who write the same of it", () => {
  assert.equal(node("store postgres://db/shop")?.caption, "postgres · shared by 2 writers");
});

test("a store that may be several databases is not shared", () => {
  const { stores, ...rest } = chart();
  const unknown = graphOf({ ...rest, stores: stores.map((store) => ({ ...store, identified: false })) });
  assert.ok(unknown.nodes.every((node) => !node.shared));
});

test("what is long is said short", () => {
  assert.equal(requestName({ method: null, path: "shop.pricing.v1.Pricing/Quote" }), "Pricing/Quote");
  assert.equal(requestName({ method: "GET", path: "/v1.2/prices/list" }), "GET /v1.2/prices/list");
  assert.equal(storeName("postgresql:db:5432/shop"), "shop");
  assert.equal(storeName("mongodb:unknown"), "mongodb");
  assert.equal(storeName("mongodb:unknown@orders"), "mongodb");
  assert.equal(storeName("redis:packages/shared/src/redis.ts#34"), "redis");
});

test("who reads and writes is said by the stronger verb", () => {
  assert.equal(edge("service billing > store postgres://db/shop")?.label, "writes");
});

test("a file belongs to the service in whose folder it lies, or else to those that have code in it", () => {
  assert.deepEqual(servicesOf(graph, "services/orders/deep/file.ts"), ["service orders"]);
  assert.deepEqual(servicesOf(graph, "compose.yaml"), ["service billing", "service orders", "service web"]);
  assert.deepEqual(servicesOf(graph, "README.md"), []);
});

test("channels go with their messages, stores with their data", () => {
  const shown = visible(graph, { ...EVERYTHING, hiddenKinds: ["message", "data"], outside: false });
  assert.deepEqual(ids(shown.nodes), ["service billing", "service orders", "service web"]);
  assert.ok(shown.edges.every((edge) => edge.kind === "call"));
});

test("a neighbourhood reaches through a store to who else uses it", () => {
  const data = visible(graph, { ...EVERYTHING, hiddenKinds: ["call", "message"], focus: ["service orders"] });
  assert.deepEqual(ids(data.nodes), ["service billing", "service orders", "store postgres://db/shop"]);
});

test("a focus that is not there shows everything", () => {
  assert.equal(visible(graph, { ...EVERYTHING, focus: ["service gone"] }).nodes.length, graph.nodes.length);
});

test("search is by part of the name, in any case", () => {
  assert.deepEqual(ids(matches(graph, " BILL ")), ["service billing"]);
  assert.deepEqual(matches(graph, " "), []);
});

test("who waits stands left of who answers, and no two boxes overlap", () => {
  const { boxes } = layOut(graph);
  const x = (id: string) => boxes.get(id)?.x ?? 0;
  assert.ok(x("service web") < x("service orders"));
  const all = [...boxes.values()];
  for (const [index, a] of all.entries())
    for (const b of all.slice(index + 1))
      assert.ok(Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2);
});

test("upright, who waits stands above who answers, and no two boxes overlap", () => {
  const upright = layOut(graph, true);
  const { boxes } = upright;
  const y = (id: string) => boxes.get(id)?.y ?? 0;
  assert.ok(y("service web") < y("service orders"));
  const all = [...boxes.values()];
  for (const [index, a] of all.entries())
    for (const b of all.slice(index + 1))
      assert.ok(Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2);
  assert.equal(follow(upright, graph, true).boxes, boxes);
  assert.notEqual(follow(upright, graph, false).boxes, boxes);
  // An edge that is new leaves below one box and comes from above to the other.
  const web = boxes.get("service web");
  const fresh = follow({ ...upright, ways: new Map() }, graph, true).ways.get("service web > service orders")?.[0];
  assert.deepEqual(fresh, web && { x: web.x, y: web.y + web.height / 2 });
});

test("layers are ordered so that fewer edges cross", () => {
  const layered = new dagre.graphlib.Graph();
  const put = (name: string, rank: number) => layered.setNode(name, { rank });
  for (const name of ["a", "b", "c"]) put(name, 0);
  for (const name of ["x", "y", "z"]) put(name, 1);
  for (const [from, to] of [
    ["a", "z"],
    ["a", "x"],
    ["b", "y"],
    ["c", "x"],
  ] as const)
    layered.setEdge(from, to);
  order(layered);
  const at = (name: string) => layered.node(name).order as number;
  const edges = layered.edges().map(({ v, w }) => [at(v), at(w)] as const);
  const crossing = edges.filter(([a, x], index) => edges.slice(index + 1).some(([b, y]) => (a - b) * (x - y) < 0));
  assert.deepEqual(crossing, []);
  for (const names of ["abc", "xyz"]) assert.deepEqual([...names].map(at).sort(), [0, 1, 2]);
});

test("an edge turns between layers alone, where no box is in its way", () => {
  const { boxes, ways } = layOut(graph);
  for (const points of ways.values())
    for (const [index, to] of points.entries()) {
      const from = points[index - 1];
      if (!from || from.y === to.y) continue;
      const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
      for (const box of boxes.values()) assert.ok(box.x + box.width / 2 <= left + 1 || box.x - box.width / 2 >= right - 1);
    }
});

test("boxes keep still while the nodes are the same", () => {
  const before = follow(EMPTY_LAYOUT, graph);
  const after = follow(before, { nodes: graph.nodes, edges: graph.edges.slice(1) });
  assert.equal(after.boxes, before.boxes);
  assert.equal(after.ways.size, graph.edges.length - 1);
});

test("an arrow key goes to the nearest box in its direction", () => {
  const layout = layOut(graph);
  assert.equal(next(layout, "service web", "left"), undefined);
  const right = next(layout, "service web", "right");
  assert.ok(right && (layout.boxes.get(right)?.x ?? 0) > (layout.boxes.get("service web")?.x ?? 0));
});

test("two hundred services are laid out", () => {
  const nodes = Array.from({ length: 200 }, (_, index) => ({ ...graph.nodes[2], id: `${index}` }) as (typeof graph.nodes)[0]);
  const edges = Array.from({ length: 350 }, (_, index) => {
    const [from, to] = [index % 160, (index % 160) + 1 + ((index * 7) % 39)];
    return { ...graph.edges[0], id: `${from} > ${to}`, from: `${from}`, to: `${to}` } as (typeof graph.edges)[0];
  });
  assert.equal(layOut({ nodes, edges }).boxes.size, 200);
});

test("Mermaid has a shape for each kind, and quotes names", () => {
  const text = mermaid({ ...graph, nodes: graph.nodes.map((node) => ({ ...node, label: `"${node.label}"` })) });
  assert.match(text, /^flowchart LR\n/);
  assert.match(text, /n0\(\["#quot;orders\.placed#quot;"\]\)/);
  assert.match(text, /n5\[\("#quot;shop#quot;"\)\]/);
  assert.match(text, /n4\["#quot;web#quot;"\]:::dark/);
  assert.match(text, /n4 -->\|"2 calls"\| n3/);
});
