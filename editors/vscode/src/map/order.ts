// In what order the nodes of each layer stand, so that few edges cross: sweeps of barycentres, as layered drawings have them. dagre has the same,
// on graphs by names, in half of the time that a layout takes; here are arrays of numbers. Pure but for the `order` that it leaves at nodes.

import type { graphlib } from "@dagrejs/dagre";

/** Sweeps that bring nothing end the search after so many. */
const PATIENCE = 4;

/** Orders a graph whose edges go from one layer to the next, in place. */
export function order(graph: graphlib.Graph): void {
  const names = graph.nodes();
  const numbers = new Map(names.map((name, number) => [name, number]));
  const behind: number[][] = names.map(() => []);
  const before: number[][] = names.map(() => []);
  for (const { v, w } of graph.edges()) {
    const [from, to] = [numbers.get(v) ?? 0, numbers.get(w) ?? 0];
    behind[from]?.push(to);
    before[to]?.push(from);
  }
  const rank = names.map((name) => graph.node(name).rank as number);
  const layers = firstOrder(rank, behind);
  const place = new Float64Array(names.length);
  for (const layer of layers) number(layer, place);

  let fewest = Number.POSITIVE_INFINITY;
  let best = Float64Array.from(place);
  for (let sweep = 0, idle = 0; idle < PATIENCE && fewest > 0; sweep++, idle++) {
    const down = sweep % 2 === 0;
    const bias = sweep % 4 >= 2;
    for (const layer of down ? layers : layers.toReversed()) settle(layer, down ? before : behind, place, bias);
    const crossings = layers.reduce((sum, layer) => sum + crossed(layer, behind, place), 0);
    if (crossings >= fewest) continue;
    fewest = crossings;
    best = Float64Array.from(place);
    idle = 0;
  }
  for (const [number, name] of names.entries()) graph.node(name).order = best[number];
}

/** Layers in the order in which a walk along the edges comes to their nodes. */
function firstOrder(rank: readonly number[], behind: readonly number[][]): number[][] {
  const layers: number[][] = Array.from({ length: Math.max(-1, ...rank) + 1 }, () => []);
  const seen = new Set<number>();
  const starts = [...rank.keys()].sort((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0));
  // As deep as there are layers.
  const visit = (node: number) => {
    if (seen.has(node)) return;
    seen.add(node);
    layers[rank[node] ?? 0]?.push(node);
    for (const next of behind[node] ?? []) visit(next);
  };
  for (const node of starts) visit(node);
  return layers;
}

function number(layer: readonly number[], place: Float64Array): void {
  for (const [index, node] of layer.entries()) place[node] = index;
}

/** Moves each node of a layer to the middle of its neighbours; one without any keeps its place among the others. */
function settle(layer: number[], neighbours: readonly number[][], place: Float64Array, bias: boolean): void {
  const middle = new Map<number, number>();
  for (const node of layer) {
    const near = neighbours[node] ?? [];
    if (near.length) middle.set(node, near.reduce((sum, other) => sum + (place[other] ?? 0), 0) / near.length);
  }
  const moved = layer.filter((node) => middle.has(node));
  const ranked = bias ? moved.toReversed() : moved;
  ranked.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
  let next = 0;
  for (const [index, node] of layer.entries()) if (middle.has(node)) layer[index] = ranked[next++] ?? node;
  number(layer, place);
}

/** How many edges behind a layer cross: pairs whose ends stand the other way round, counted in a Fenwick tree. */
function crossed(layer: readonly number[], behind: readonly number[][], place: Float64Array): number {
  const ends = layer.flatMap((node) => (behind[node] ?? []).map((to) => place[to] ?? 0).sort((a, b) => a - b));
  const tree = new Int32Array(Math.max(0, ...ends) + 2);
  let crossings = 0;
  for (const [passed, end] of ends.entries()) {
    crossings += passed;
    for (let at = end + 1; at > 0; at -= at & -at) crossings -= tree[at] ?? 0;
    for (let at = end + 1; at < tree.length; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
  }
  return crossings;
}
