// The predicted trace as a waterfall: a row for each span, each a way to its code.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { withoutPackage } from "../chart/names";
import type { FromTrace, ToTrace } from "./messages";
import { opened, type Row, rowsOf, type SpanKind, summary } from "./trace";

const NAMES: Record<SpanKind, string> = {
  server: "answers",
  client: "calls",
  producer: "publishes",
  database: "database",
};

export function Waterfall({ send }: { readonly send: (message: FromTrace) => void }) {
  const [shown, setShown] = useState<ToTrace>();
  useEffect(() => {
    const receive = ({ data }: MessageEvent<ToTrace>) => setShown(data);
    window.addEventListener("message", receive);
    send({ type: "ready" });
    return () => window.removeEventListener("message", receive);
  }, [send]);
  const rows = useMemo(() => (shown ? rowsOf(shown.trace) : []), [shown]);
  if (!shown) return <p class="summary">Reading the code…</p>;
  return (
    <>
      <header>
        <h1>
          {withoutPackage(shown.trace.endpoint)} <small>{shown.trace.service}</small>
        </h1>
        <p class="summary" role="status">
          {summary(rows)}
          {shown.stale && " · the handler is gone; this is what it last did"}
        </p>
        <Legend rows={rows} />
      </header>
      <Rows rows={rows} onOpen={({ location }) => location && send({ type: "open", location })} />
      <footer>Order and nesting as the code has them. Nothing ran: the bars are no durations.</footer>
    </>
  );
}

function Legend({ rows }: { readonly rows: readonly Row[] }) {
  const kinds = (Object.keys(NAMES) as SpanKind[]).filter((kind) => rows.some((row) => row.kind === kind));
  return (
    <ul class="legend" aria-hidden="true">
      {kinds.map((kind) => (
        <li key={kind}>
          <i class={`bar ${kind}`} /> {NAMES[kind]}
        </li>
      ))}
      {rows.some((row) => row.dark) && (
        <li>
          <i class="bar server dark" /> not recorded
        </li>
      )}
      {rows.some((row) => row.detached) && (
        <li>
          <i class="bar server detached" /> nobody waits
        </li>
      )}
    </ul>
  );
}

interface RowsProps {
  readonly rows: readonly Row[];
  readonly onOpen: (row: Row) => void;
}

export function Rows({ rows, onOpen }: RowsProps) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState("0");
  const body = useRef<HTMLTableSectionElement>(null);
  const total = Math.max(1, ...rows.map((row) => row.end));
  const seen = opened(rows, closed);
  const toggle = (row: Row, close: boolean) => {
    const without = new Set([...closed].filter((id) => id !== row.id));
    setClosed(close ? without.add(row.id) : without);
  };
  const move = (row: Row | undefined) => {
    if (!row) return;
    setCurrent(row.id);
    body.current?.querySelector<HTMLElement>(`[data-row="${row.id}"]`)?.focus();
  };
  const keys = (event: KeyboardEvent, row: Row, index: number) => {
    const open = row.hasChildren && !closed.has(row.id);
    if (event.key === "ArrowDown") move(seen[index + 1]);
    else if (event.key === "ArrowUp") move(seen[index - 1]);
    else if (event.key === "ArrowRight") row.hasChildren && !open ? toggle(row, false) : move(seen[index + 1]);
    else if (event.key === "ArrowLeft") open ? toggle(row, true) : move(seen.find((other) => other.id === row.parent));
    else if (event.key === "Enter" || event.key === " ") onOpen(row);
    else return;
    event.preventDefault();
  };
  return (
    <table role="treegrid" aria-label="Predicted trace">
      <tbody ref={body}>
        {seen.map((row, index) => (
          <tr
            key={row.id}
            data-row={row.id}
            aria-level={row.depth + 1}
            aria-expanded={row.hasChildren ? !closed.has(row.id) : undefined}
            tabIndex={row.id === current ? 0 : -1}
            onFocus={() => setCurrent(row.id)}
            onKeyDown={(event) => keys(event, row, index)}
            onClick={() => onOpen(row)}
          >
            <td class="name" title={title(row)} style={{ paddingLeft: `${row.depth * 12}px` }}>
              <Twistie row={row} closed={closed.has(row.id)} onToggle={() => toggle(row, !closed.has(row.id))} />
              <span class="service">{row.service}</span> <span class="label">{row.label}</span>
            </td>
            <td class="lane" aria-label={spoken(row)}>
              <i class={bar(row)} style={{ left: percent(row.start, total), width: percent(row.end - row.start, total) }} />
              {row.repeated && (
                <span class="loop" style={besides(row, total)}>
                  ↻ in a loop
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Twistie({ row, closed, onToggle }: { readonly row: Row; readonly closed: boolean; readonly onToggle: () => void }) {
  if (!row.hasChildren) return <span class="twistie" />;
  const toggle = (event: Event) => {
    event.stopPropagation();
    onToggle();
  };
  return (
    // biome-ignore lint/a11y: for the mouse; the keyboard has its arrows on the row
    <span class="twistie" onClick={toggle}>
      {closed ? "▸" : "▾"}
    </span>
  );
}

const title = ({ service, label, whyDark }: Row): string => `${service} ${label}${whyDark ? `, dark: ${whyDark}` : ""}`;

const percent = (part: number, total: number): string => `${((100 * part) / total).toFixed(2)}%`;

/** Where there is room beside a bar: right of it, or left of one that ends far to the right. */
const besides = ({ start, end }: Row, total: number) =>
  end < total * 0.7 ? { left: percent(end, total) } : { right: percent(total - start, total) };

const bar = (row: Row): string =>
  ["bar", row.kind, row.dark && "dark", row.repeated && "repeated", row.detached && "detached"].filter(Boolean).join(" ");

const spoken = (row: Row): string =>
  [row.kind, row.dark ? "not recorded" : "recorded", row.repeated && "in a loop", row.detached && "nobody waits"]
    .filter(Boolean)
    .join(", ");
