// What is known of the node or edge that is selected, each line a way to the code.

import type { Site } from "../chart/document";
import type { Edge, Graph, Node, Row, Section } from "./graph";

interface Props {
  readonly graph: Graph;
  readonly selected: string;
  readonly focused: boolean;
  readonly onOpen: (site: Site) => void;
  readonly onFocus: (id: string) => void;
  readonly onClose: () => void;
}

export function Details({ graph, selected, focused, onOpen, onFocus, onClose }: Props) {
  const node = graph.nodes.find((node) => node.id === selected);
  const edge = graph.edges.find((edge) => edge.id === selected);
  const shown = node ? ofNode(node) : edge ? ofEdge(graph, edge) : undefined;
  if (!shown) return null;
  return (
    <aside class="details" aria-label={`About ${shown.title}`}>
      <header>
        <h2>{shown.title}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      <p class="caption">{shown.caption}</p>
      {node && (
        <button type="button" aria-pressed={focused} onClick={() => onFocus(node.id)}>
          {focused ? "Show everything" : "Only its neighbourhood"}
        </button>
      )}
      {shown.sections.map((section) => (
        <section key={section.title}>
          <h3>{section.title}</h3>
          <Rows rows={section.rows} onOpen={onOpen} />
        </section>
      ))}
    </aside>
  );
}

function Rows({ rows, onOpen }: { readonly rows: readonly Row[]; readonly onOpen: (site: Site) => void }) {
  return (
    <ul>
      {rows.map((row, index) => (
        <li key={index}>
          <Line row={row} onOpen={onOpen} />
          {row.evidence && row.evidence.length > 0 && (
            <details>
              <summary>why</summary>
              <Rows rows={row.evidence} onOpen={onOpen} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function Line({ row: { text, site }, onOpen }: { readonly row: Row; readonly onOpen: (site: Site) => void }) {
  if (!site) return <span>{text}</span>;
  return (
    <button type="button" class="link" title={`${site.file}:${site.line}`} onClick={() => onOpen({ file: site.file, line: site.line })}>
      {text}
    </button>
  );
}

interface Shown {
  readonly title: string;
  readonly caption: string;
  readonly sections: readonly Section[];
}

const ofNode = (node: Node): Shown => ({ title: node.label, caption: node.caption, sections: node.sections });

function ofEdge(graph: Graph, edge: Edge): Shown {
  const label = (id: string) => graph.nodes.find((node) => node.id === id)?.label ?? id;
  const kinds = { call: "waits for the answer", message: "does not wait", data: "reads and writes" };
  const caption = [kinds[edge.kind], edge.cyclic && "part of a cycle"].filter(Boolean).join(" · ");
  return {
    title: `${label(edge.from)} → ${label(edge.to)}`,
    caption,
    sections: edge.rows.length ? [{ title: "What crosses", rows: edge.rows }] : [],
  };
}
