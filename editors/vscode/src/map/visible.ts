// Which part of a graph is shown. Pure: a graph and what was chosen in, a smaller graph out.

import type { Edge, EdgeKind, Graph, Node } from "./graph";

/** What is left out, and around what. */
export interface Choice {
  /** Kinds of edges that are not shown; channels and stores go with theirs. */
  readonly hiddenKinds: readonly EdgeKind[];
  /** Nodes that are not shown. */
  readonly hiddenNodes: readonly string[];
  /** Whether what is outside of the workspace is shown. */
  readonly outside: boolean;
  /** Nodes whose neighbourhood alone is shown; all if there are none. */
  readonly focus: readonly string[];
}

export const EVERYTHING: Choice = { hiddenKinds: [], hiddenNodes: [], outside: true, focus: [] };

/** The part of the graph that was chosen. */
export function visible(graph: Graph, choice: Choice): Graph {
  const hidden = new Set(choice.hiddenNodes);
  const kindHidden = (node: Node) =>
    (node.kind === "external" && !choice.outside) ||
    (node.kind === "channel" && choice.hiddenKinds.includes("message")) ||
    (node.kind === "store" && choice.hiddenKinds.includes("data"));
  const kept = within(graph, (node) => !hidden.has(node.id) && !kindHidden(node), choice.hiddenKinds);
  const focus = new Set(choice.focus.filter((id) => kept.nodes.some((node) => node.id === id)));
  if (!focus.size) return kept;
  const near = neighbourhood(kept, focus);
  return within(kept, (node) => near.has(node.id), []);
}

/** The nodes themselves, all that an edge away from them, and what lies behind a channel or a store in between. */
function neighbourhood(graph: Graph, focus: ReadonlySet<string>): Set<string> {
  const near = new Set(focus);
  const kinds = new Map(graph.nodes.map((node) => [node.id, node.kind]));
  const step = (from: ReadonlySet<string>) => {
    for (const edge of graph.edges) {
      if (from.has(edge.from)) near.add(edge.to);
      if (from.has(edge.to)) near.add(edge.from);
    }
  };
  step(focus);
  step(new Set([...near].filter((id) => kinds.get(id) === "channel" || kinds.get(id) === "store")));
  return near;
}

function within(graph: Graph, keep: (node: Node) => boolean, hiddenKinds: readonly EdgeKind[]): Graph {
  const nodes = graph.nodes.filter(keep);
  const ids = new Set(nodes.map((node) => node.id));
  const shown = (edge: Edge) => ids.has(edge.from) && ids.has(edge.to) && !hiddenKinds.includes(edge.kind);
  return { nodes, edges: graph.edges.filter(shown) };
}

/** The nodes whose name contains the query. */
export function matches(graph: Graph, query: string): readonly Node[] {
  const wanted = query.trim().toLowerCase();
  return wanted ? graph.nodes.filter((node) => node.label.toLowerCase().includes(wanted)) : [];
}
