// Search, filters that are the legend of the edges too, and what can be saved.

import { count } from "../chart/names";
import type { EdgeKind, Graph } from "./graph";
import type { Format } from "./messages";
import type { Choice } from "./visible";

interface Props {
  readonly graph: Graph;
  readonly shown: Graph;
  readonly choice: Choice;
  readonly query: string;
  readonly found: number;
  readonly following: boolean;
  readonly onChoose: (choice: Choice) => void;
  readonly onQuery: (query: string) => void;
  readonly onFind: () => void;
  readonly onFollow: (following: boolean) => void;
  readonly onSave: (format: Format) => void;
}

const KINDS: readonly [EdgeKind, string, string][] = [
  ["call", "Calls", "The sender waits for the answer"],
  ["message", "Messages", "The sender does not wait"],
  ["data", "Data", "What is read and written"],
];

export function Toolbar(props: Props) {
  const { graph, shown, choice, query, found, following } = props;
  const toggleKind = (kind: EdgeKind) => props.onChoose({ ...choice, hiddenKinds: toggled(choice.hiddenKinds, kind) });
  return (
    <div class="toolbar" role="toolbar" aria-label="Map">
      <input
        type="search"
        placeholder="Find…"
        aria-label="Find a service, channel or store"
        value={query}
        onInput={(event) => props.onQuery(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && props.onFind()}
      />
      {KINDS.map(([kind, label, title]) => (
        <button key={kind} type="button" title={title} aria-pressed={!choice.hiddenKinds.includes(kind)} onClick={() => toggleKind(kind)}>
          <svg class="swatch" viewBox="0 0 24 8" aria-hidden="true">
            <path class={`edge-line ${kind}`} d="M0 4H24" />
          </svg>
          {label}
        </button>
      ))}
      <button type="button" aria-pressed={choice.outside} onClick={() => props.onChoose({ ...choice, outside: !choice.outside })}>
        Outside
      </button>
      <Services graph={graph} choice={choice} onChoose={props.onChoose} />
      <button
        type="button"
        title="Only the neighbourhood of the file in the editor"
        aria-pressed={following}
        onClick={() => props.onFollow(!following)}
      >
        Current file
      </button>
      <span class="status" role="status">
        {summary(shown, query, found)}
      </span>
      <select aria-label="Save as" value="" onChange={(event) => save(event.currentTarget, props.onSave)}>
        <option value="">Save as…</option>
        <option value="svg">SVG</option>
        <option value="png">PNG</option>
        <option value="mermaid">Mermaid</option>
      </select>
    </div>
  );
}

function Services({ graph, choice, onChoose }: Pick<Props, "graph" | "choice" | "onChoose">) {
  const services = graph.nodes.filter((node) => node.kind === "service" || node.kind === "gateway");
  const hidden = services.filter((node) => choice.hiddenNodes.includes(node.id)).length;
  return (
    <details class="services">
      <summary>Services{hidden ? ` (${services.length - hidden} of ${services.length})` : ""}</summary>
      <fieldset>
        <legend class="hidden">Services that are shown</legend>
        {services.map((node) => (
          <label key={node.id}>
            <input
              type="checkbox"
              checked={!choice.hiddenNodes.includes(node.id)}
              onChange={() => onChoose({ ...choice, hiddenNodes: toggled(choice.hiddenNodes, node.id) })}
            />
            {node.label}
          </label>
        ))}
        <button type="button" onClick={() => onChoose({ ...choice, hiddenNodes: [] })}>
          All
        </button>
        <button type="button" onClick={() => onChoose({ ...choice, hiddenNodes: services.map((node) => node.id) })}>
          None
        </button>
      </fieldset>
    </details>
  );
}

const toggled = <T,>(list: readonly T[], item: T): T[] => (list.includes(item) ? list.filter((other) => other !== item) : [...list, item]);

function save(select: HTMLSelectElement, onSave: (format: Format) => void) {
  if (select.value) onSave(select.value as Format);
  select.value = "";
}

function summary(shown: Graph, query: string, found: number): string {
  if (query.trim()) return `${found} found`;
  const services = shown.nodes.filter((node) => node.kind === "service").length;
  const cycles = shown.edges.some((edge) => edge.cyclic) ? " · a cycle of calls" : "";
  return `${count(services, "service")} · ${count(shown.edges.length, "edge")}${cycles}`;
}
