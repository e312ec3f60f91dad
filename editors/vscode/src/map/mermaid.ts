// A graph as a Mermaid flowchart, for a page. Pure.

import type { Edge, Graph, Node } from "./graph";

const SHAPES: Record<Node["kind"], [open: string, close: string]> = {
  service: ["[", "]"],
  gateway: ["[/", "/]"],
  channel: ["([", "])"],
  store: ["[(", ")]"],
  external: ["{{", "}}"],
};

const ARROWS: Record<Edge["kind"], string> = { call: "-->", message: "-.->", data: "---" };

/** The text of the flowchart. */
export function mermaid(graph: Graph): string {
  const names = new Map(graph.nodes.map((node, index) => [node.id, `n${index}`]));
  const nodes = graph.nodes.map((node) => {
    const [open, close] = SHAPES[node.kind];
    return `  ${names.get(node.id)}${open}"${quoted(node.label)}"${close}${node.dark ? ":::dark" : ""}`;
  });
  const edges = graph.edges.map((edge) => `  ${names.get(edge.from)} ${ARROWS[edge.kind]}|"${quoted(edge.label)}"| ${names.get(edge.to)}`);
  return ["flowchart LR", ...nodes, ...edges, "  classDef dark stroke-dasharray: 4 3", ""].join("\n");
}

const quoted = (text: string): string => text.replaceAll("#", "#35;").replaceAll('"', "#quot;");
