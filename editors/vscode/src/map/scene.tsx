// The drawing: a graph where its layout says, as SVG that the keyboard and a screen reader can walk through.

import { select } from "d3-selection";
import { type ZoomBehavior, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import type { Ref } from "preact";
import { memo } from "preact/compat";
import { useEffect, useImperativeHandle, useRef } from "preact/hooks";
import { count } from "../chart/names";
import type { Edge, Graph, Node } from "./graph";
import { type Box, type Direction, type Layout, next, type Point } from "./layout";

/** What the toolbar may ask of the drawing. */
export interface View {
  /** Shows all of it. */
  fit(): void;
  /** Brings a node into the middle, if it is not in sight. */
  reveal(id: string): void;
  zoomBy(factor: number): void;
  readonly svg: SVGSVGElement | null;
}

interface Props {
  readonly graph: Graph;
  readonly layout: Layout;
  readonly selected: string | undefined;
  /** Nodes that a search found; all others are dimmed. */
  readonly found: ReadonlySet<string> | undefined;
  readonly onSelect: (id: string | undefined) => void;
  readonly onOpen: (id: string) => void;
  readonly view: Ref<View>;
}

const NOWHERE: readonly Point[] = [];

/** The scale below which no label can be read. */
const FAR = 0.3;

/** What the legend and the buttons take of the height. */
const CORNERS = 40;

const ARROWS: Record<string, Direction> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

export function Scene({ graph, layout, selected, found, onSelect, onOpen, view }: Props) {
  const svg = useRef<SVGSVGElement>(null);
  const stage = useRef<SVGGElement>(null);
  const behaviour = useRef<ZoomBehavior<SVGSVGElement, unknown> | null>(null);
  const latest = useRef(layout);
  latest.current = layout;

  /** Whether all of it is shown, as nobody has moved it since. */
  const fitted = useRef(false);

  const at = () => svg.current && behaviour.current && { on: select(svg.current), zoom: behaviour.current };
  const fit = () => {
    const it = at();
    const { width, height } = latest.current;
    if (!it || !svg.current || !width || !height) return;
    const size = svg.current.getBoundingClientRect();
    const room = Math.max(size.height - CORNERS, 1);
    const scale = Math.min(1.25, size.width / width, room / height);
    const middle = zoomIdentity.translate((size.width - width * scale) / 2, (room - height * scale) / 2);
    it.on.call(it.zoom.transform, middle.scale(scale));
    fitted.current = true;
  };

  useEffect(() => {
    if (!svg.current) return;
    const moved = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.05, 3])
      .on("zoom", (event) => {
        fitted.current = false;
        stage.current?.setAttribute("transform", event.transform.toString());
        stage.current?.classList.toggle("far", event.transform.k < FAR);
      });
    behaviour.current = moved;
    select(svg.current).call(moved).on("dblclick.zoom", null);
    const resized = new ResizeObserver(() => fitted.current && fit());
    resized.observe(svg.current);
    return () => resized.disconnect();
  }, []);

  useImperativeHandle(
    view,
    (): View => ({
      svg: svg.current,
      fit,
      reveal(id) {
        const [it, box] = [at(), latest.current.boxes.get(id)];
        if (it && box && svg.current && !inSight(svg.current, box)) it.on.call(it.zoom.translateTo, box.x, box.y);
      },
      zoomBy(factor) {
        const it = at();
        it?.on.call(it.zoom.scaleBy, factor);
      },
    }),
    [],
  );

  const first = graph.nodes[0]?.id;
  const current = graph.nodes.some((node) => node.id === selected) ? selected : first;
  const keys = (event: KeyboardEvent) => {
    const focused = (event.target as Element).closest<SVGGElement>("[data-id]")?.dataset.id;
    const direction = ARROWS[event.key];
    const to = direction && focused ? next(layout, focused, direction) : undefined;
    if (to) {
      svg.current?.querySelector<SVGGElement>(`[data-id="${CSS.escape(to)}"]`)?.focus();
      onSelect(to);
    } else if (event.key === "Enter" && focused) onOpen(focused);
    else if (event.key === " " && focused) onSelect(focused);
    else if (!direction) return;
    event.preventDefault();
  };
  const near = (edge: Edge) => edge.id === selected || edge.from === selected || edge.to === selected;
  const dimmed = (node: Node) => found !== undefined && !found.has(node.id);

  return (
    <svg ref={svg} class="scene" role="group" aria-label={described(graph)} onKeyDown={keys} onClick={() => onSelect(undefined)}>
      <title>Service map</title>
      <defs>
        {["call", "message", "data", "cyclic", "near"].map((kind) => (
          <marker
            key={kind}
            id={`arrow-${kind}`}
            class={`arrow ${kind}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M0 0 8 4 0 8z" />
          </marker>
        ))}
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path class="hatch" d="M0 0V6" />
        </pattern>
      </defs>
      <g ref={stage}>
        <g aria-hidden="true">
          {graph.edges.map((edge) => (
            <EdgeLine
              key={edge.id}
              edge={edge}
              way={layout.ways.get(edge.id) ?? NOWHERE}
              upright={layout.upright}
              near={near(edge)}
              faint={found !== undefined}
              onSelect={onSelect}
              onOpen={onOpen}
            />
          ))}
        </g>
        {graph.nodes.map((node) => {
          const box = layout.boxes.get(node.id);
          return (
            box && (
              <NodeBox
                key={node.id}
                node={node}
                box={box}
                selected={node.id === selected}
                dimmed={dimmed(node)}
                reachable={node.id === current}
                onSelect={onSelect}
                onOpen={onOpen}
              />
            )
          );
        })}
      </g>
    </svg>
  );
}

/** Whether all of a box is shown. */
function inSight(svg: SVGSVGElement, { x, y, width, height }: Box): boolean {
  const [from, to] = [zoomTransform(svg).apply([x - width / 2, y - height / 2]), zoomTransform(svg).apply([x + width / 2, y + height / 2])];
  return from[0] >= 0 && from[1] >= 0 && to[0] <= svg.clientWidth && to[1] <= svg.clientHeight;
}

/** What crosses an edge, a line each. */
const crossing = (edge: Edge): string => edge.rows.map((row) => row.text).join("\n") || edge.label;

interface EdgeProps {
  readonly edge: Edge;
  readonly way: readonly Point[];
  readonly upright: boolean;
  readonly near: boolean;
  readonly faint: boolean;
  readonly onSelect: (id: string) => void;
  readonly onOpen: (id: string) => void;
}

const EdgeLine = memo(({ edge, way, upright, near, faint, onSelect, onOpen }: EdgeProps) => {
  const kind = near ? "near" : edge.cyclic ? "cyclic" : edge.kind;
  const path = edge.from === edge.to ? loop(way) : curve(way, upright);
  const classes = ["edge", edge.kind, edge.cyclic && "cyclic", edge.likely && "likely", near && "near", faint && "dimmed"]
    .filter(Boolean)
    .join(" ");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: for the mouse; the keyboard finds the same rows at the nodes
    <g class={classes} onClick={stopping(() => onSelect(edge.id))} onDblClick={stopping(() => onOpen(edge.id))}>
      <title>{crossing(edge)}</title>
      <path class="reach" d={path} />
      <path class="line" d={path} marker-end={`url(#arrow-${kind})`} />
    </g>
  );
}, sameEdge);

/** With every chart all nodes and edges are made anew, most of them as they were: those are not drawn again. */
function sameEdge(before: EdgeProps, after: EdgeProps): boolean {
  const looks = ({ edge }: EdgeProps) => [edge.id, edge.kind, edge.cyclic, edge.likely, crossing(edge)].join();
  return before.way === after.way && before.near === after.near && before.faint === after.faint && looks(before) === looks(after);
}

interface NodeProps {
  readonly node: Node;
  readonly box: Box;
  readonly selected: boolean;
  readonly dimmed: boolean;
  readonly reachable: boolean;
  readonly onSelect: (id: string) => void;
  readonly onOpen: (id: string) => void;
}

const NodeBox = memo(({ node, box, selected, dimmed, reachable, onSelect, onOpen }: NodeProps) => {
  const { width, height } = box;
  // Below the lid of a drum.
  const sunk = node.kind === "store" ? 4 : 0;
  const marks = { dark: node.dark, shared: node.shared, cyclic: node.cyclic, selected, dimmed };
  const classes = ["node", node.kind, ...Object.entries(marks).flatMap(([name, on]) => (on ? [name] : []))].join(" ");
  return (
    <g
      class={classes}
      transform={`translate(${box.x - width / 2} ${box.y - height / 2})`}
      data-id={node.id}
      tabindex={reachable ? 0 : -1}
      role="button"
      aria-label={spoken(node)}
      aria-pressed={selected}
      onClick={stopping(() => onSelect(node.id))}
      onDblClick={stopping(() => onOpen(node.id))}
    >
      <title>{spoken(node)}</title>
      <path class="shape" d={SHAPES[node.kind](width, height)} />
      {node.dark && <path class="dark-band" d={`M1 5a4 4 0 0 1 4 -4h7v${height - 2}h-7a4 4 0 0 1 -4 -4z`} />}
      <text class="label" x={width / 2} y={height / 2 - 4 + sunk}>
        {shortened(node.label, width)}
      </text>
      <text class="caption" x={width / 2} y={height / 2 + 12 + sunk}>
        {shortened(node.caption, width * 1.25)}
      </text>
      {node.findings > 0 && (
        <g class="badge" transform={`translate(${width - 4} 4)`}>
          <circle r="9" />
          <text y="3.5">{node.findings}</text>
        </g>
      )}
    </g>
  );
}, sameNode);

function sameNode(before: NodeProps, after: NodeProps): boolean {
  const marked = before.selected === after.selected && before.dimmed === after.dimmed && before.reachable === after.reachable;
  return marked && before.box === after.box && before.node.id === after.node.id && spoken(before.node) === spoken(after.node);
}

const stopping = (act: () => void) => (event: Event) => {
  event.stopPropagation();
  act();
};

/** Outlines by kind: a box, a box that leans, a pill, a drum, a tag. */
const SHAPES: Record<Node["kind"], (width: number, height: number) => string> = {
  service: (w, h) => `M5 0H${w - 5}a5 5 0 0 1 5 5V${h - 5}a5 5 0 0 1 -5 5H5a5 5 0 0 1 -5 -5V5a5 5 0 0 1 5 -5z`,
  gateway: (w, h) => `M10 0H${w}L${w - 10} ${h}H0z`,
  channel: (w, h) => `M${h / 2} 0H${w - h / 2}a${h / 2} ${h / 2} 0 0 1 0 ${h}H${h / 2}a${h / 2} ${h / 2} 0 0 1 0 ${-h}z`,
  store: (w, h) => `M0 6a${w / 2} 6 0 0 1 ${w} 0V${h - 6}a${w / 2} 6 0 0 1 ${-w} 0zM0 6a${w / 2} 6 0 0 0 ${w} 0`,
  external: (w, h) => `M10 0H${w - 10}L${w} ${h / 2}L${w - 10} ${h}H10L0 ${h / 2}z`,
};

/** A curve through points that at each of them goes in the direction of the layers. */
function curve([first, ...rest]: readonly Point[], upright: boolean): string {
  if (!first) return "";
  let from = first;
  const segments = rest.map((to) => {
    const middle = upright ? (from.y + to.y) / 2 : (from.x + to.x) / 2;
    const bends = upright ? `${from.x} ${middle} ${to.x} ${middle}` : `${middle} ${from.y} ${middle} ${to.y}`;
    const segment = `C${bends} ${to.x} ${to.y}`;
    from = to;
    return segment;
  });
  return [`M${first.x} ${first.y}`, ...segments].join("");
}

/** A curve that leaves a box and comes back to the same side of it. */
function loop([from, to]: readonly Point[]): string {
  if (!from || !to) return "";
  const [dx, dy] = from.y === to.y ? [0, -26] : [-26, 0];
  return `M${from.x} ${from.y}C${from.x + dx} ${from.y + dy} ${to.x + dx} ${to.y + dy} ${to.x} ${to.y}`;
}

const shortened = (text: string, width: number): string => {
  const room = Math.floor(width / 7.6) - 2;
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
};

function spoken(node: Node): string {
  const marks = [node.dark && "not traced", node.shared && "written by several services", node.cyclic && "part of a cycle of calls"];
  const findings = node.findings && count(node.findings, "finding");
  return [node.label, node.kind, node.caption, ...marks, findings].filter(Boolean).join(", ");
}

function described(graph: Graph): string {
  const kinds = (["service", "channel", "store"] as const).map((kind) =>
    count(graph.nodes.filter((node) => node.kind === kind).length, kind),
  );
  return `Service map: ${kinds.join(", ")}. Arrow keys go from node to node, Enter opens the code.`;
}
