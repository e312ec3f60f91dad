// Where the nodes and edges of a graph are drawn: layers from left to right, so that who waits stands left of who answers; or from above to below,
// where there is more room in that direction. Pure.

import dagre from "@dagrejs/dagre";
import type { Edge, Graph, Node } from "./graph";
import { order } from "./order";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A node's box, by its centre. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** Whether the layers go from above to below. */
  readonly upright: boolean;
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
  /** The way of each edge, from the border of one node to the border of the other. */
  readonly ways: ReadonlyMap<string, readonly Point[]>;
}

export const EMPTY_LAYOUT: Layout = { upright: false, width: 0, height: 0, boxes: new Map(), ways: new Map() };

const HEIGHT = 46;
/** About the width of a letter of the label and of the caption, and of what surrounds them. */
const LABEL = 7.6;
const CAPTION = 5.9;
const PADDING = 34;

const size = (node: Node) => ({
  width: Math.round(Math.max(96, Math.min(240, Math.max(node.label.length * LABEL, node.caption.length * CAPTION) + PADDING))),
  height: node.kind === "store" ? HEIGHT + 8 : HEIGHT,
});

/** The same place when left to right becomes above to below. */
const turned = ({ x, y }: Point): Point => ({ x: y, y: x });
const turnedBox = ({ x, y, width, height }: Box): Box => ({ x: y, y: x, width: height, height: width });

/** More nodes than this stand closer together. */
const CROWD = 60;

/** With more nodes than this it takes too long to lead every edge around what stands in its way. */
const MANY = 120;

/** How many times as long a crowd's layers may become, until the drawing is as long as it is broad. */
const MOST_APART = 3;

/** Lays a graph out from nothing. */
export function layOut(graph: Graph, upright = false): Layout {
  const crowded = graph.nodes.length > CROWD;
  const layers = new dagre.graphlib.Graph();
  layers.setGraph({
    rankdir: "LR",
    ranker: "tight-tree",
    acyclicer: "greedy",
    nodesep: crowded ? 14 : 22,
    edgesep: crowded ? 3 : 12,
    ranksep: upright ? 44 : 64,
    marginx: 24,
    marginy: 24,
  });
  // All is laid out from left to right, and turned in the end.
  const sizes = (node: Node) => (upright ? { width: size(node).height, height: size(node).width } : size(node));
  for (const node of graph.nodes) layers.setNode(node.id, sizes(node));
  // Calls decide the layers; what is behind a message or in a store lies where it fits.
  for (const edge of graph.nodes.length > MANY ? oneOfEachStore(graph.edges) : graph.edges)
    if (edge.from !== edge.to) layers.setEdge(edge.from, edge.to, { weight: edge.kind === "call" ? 3 : 1 });
  dagre.layout(layers, { customOrder: order });
  const { width: narrow = 0, height = 0 } = layers.graph();
  // Many nodes in few layers would be a tower, with all edges in the narrow gaps.
  const apart = crowded && narrow ? Math.min(Math.max(height / narrow, 1), MOST_APART) : 1;
  const spread = <P extends Point>(point: P): P => ({ ...point, x: point.x * apart });
  const width = narrow * apart;
  const boxes = new Map(graph.nodes.map((node) => [node.id, spread(layers.node(node.id) as Box)]));
  const columns = columnsOf(boxes);
  const ways = new Map(
    graph.edges.map((edge) => {
      const points = layers.edge(edge.from, edge.to)?.points as Point[] | undefined;
      const bends = (points ?? []).slice(1, -1).map(spread);
      return [edge.id, way(boxes, edge, (start, end) => (points ? level(columns, start, end, bends) : bends))];
    }),
  );
  if (!upright) return { upright, width, height, boxes, ways };
  return { upright, width: height, height: width, boxes: mapped(boxes, turnedBox), ways: mapped(ways, (points) => points.map(turned)) };
}

/** Edges of which a store has but one, so that it stands behind the first service that uses it; its other edges go straight there. */
function oneOfEachStore(edges: readonly Edge[]): readonly Edge[] {
  const first = new Map(
    edges
      .filter(({ kind }) => kind === "data")
      .toReversed()
      .map((edge) => [edge.to, edge]),
  );
  return edges.filter((edge) => edge.kind !== "data" || first.get(edge.to) === edge);
}

const mapped = <T, U>(map: ReadonlyMap<string, T>, of: (value: T) => U): Map<string, U> =>
  new Map([...map].map(([id, value]) => [id, of(value)]));

/**
 * The layout of a graph that follows on another one. While the nodes are the same everything stays where it is, so that the map keeps still
 * under an edit; edges that are new then go straight.
 */
export function follow(before: Layout, graph: Graph, upright = false): Layout {
  const same =
    before.upright === upright && before.boxes.size === graph.nodes.length && graph.nodes.every((node) => before.boxes.has(node.id));
  if (!same) return layOut(graph, upright);
  const straight = (edge: Edge) =>
    upright ? way(mapped(before.boxes, turnedBox), edge, () => []).map(turned) : way(before.boxes, edge, () => []);
  const ways = new Map(graph.edges.map((edge) => [edge.id, before.ways.get(edge.id) ?? straight(edge)]));
  return { ...before, ways };
}

/** How wide the widest box of each layer is, by the middle of the layer. */
type Columns = ReadonlyMap<number, number>;

function columnsOf(boxes: ReadonlyMap<string, Box>): Columns {
  const columns = new Map<number, number>();
  for (const { x, width } of boxes.values()) columns.set(Math.round(x), Math.max(width, columns.get(Math.round(x)) ?? 0));
  return columns;
}

/** Bends that pass the boxes of each layer level, so that a way turns between layers alone, where nothing is in its way. */
function level(columns: Columns, start: Box, end: Box, bends: readonly Point[]): readonly Point[] {
  const within = [start, ...bends.filter((bend) => columns.has(Math.round(bend.x))), end];
  const across = within.flatMap(({ x, y }) => {
    const half = ((start.x < end.x ? 1 : -1) * (columns.get(Math.round(x)) ?? 0)) / 2;
    return [-half, half].map((dx) => ({ x: x + dx, y }));
  });
  return across.slice(1, -1);
}

/** How far apart the ends of a way are that leads back to its own box. */
const LOOP = 28;

/** Out of one box at its side, through the bends between them, into the other at its side; on top of a box for the way to itself. */
function way(boxes: ReadonlyMap<string, Box>, { from, to }: Edge, between: (start: Box, end: Box) => readonly Point[]): readonly Point[] {
  const [start, end] = [boxes.get(from), boxes.get(to)];
  if (!start || !end) return [];
  if (start === end) return [-LOOP, LOOP].map((dx) => ({ x: start.x + dx / 2, y: start.y - start.height / 2 }));
  const bends = between(start, end);
  return [side(start, bends[0] ?? end), ...bends, side(end, bends.at(-1) ?? start)];
}

/** The middle of the left or right side of a box, whichever is nearer to a point. */
const side = (box: Box, towards: Point): Point => ({ x: box.x + (towards.x < box.x ? -box.width : box.width) / 2, y: box.y });

export type Direction = "left" | "right" | "up" | "down";

/** The node that lies next in a direction; for the arrow keys. */
export function next(layout: Layout, id: string, direction: Direction): string | undefined {
  const from = layout.boxes.get(id);
  if (!from) return layout.boxes.keys().next().value;
  const sideways = direction === "left" || direction === "right";
  const sign = direction === "left" || direction === "up" ? -1 : 1;
  let best: { id: string; cost: number } | undefined;
  for (const [id, box] of layout.boxes) {
    const [dx, dy] = [box.x - from.x, box.y - from.y];
    const [along, across] = sideways ? [dx * sign, Math.abs(dy)] : [dy * sign, Math.abs(dx)];
    const cost = along + 2 * across;
    if (along > 1 && (!best || cost < best.cost)) best = { id, cost };
  }
  return best?.id;
}
