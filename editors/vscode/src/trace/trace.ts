// A predicted trace as the server sends it, and as rows of a waterfall. Pure.
//
// Nothing is known of durations: a step takes one unit, a call as long as what answers it. What is shown is the order, and who waits for whom.

import type { Location } from "vscode-languageclient";
import { count, storeName, withoutPackage } from "../chart/names";

/** What a handler sets off; the answer to `portolan/trace`. */
export interface Trace {
  readonly service: string;
  readonly endpoint: string;
  readonly location: Location | null;
  /** Whether a tracer would record it; null where that cannot be told. */
  readonly recorded: boolean | null;
  /** Why none would, if that is known. */
  readonly why_dark?: string;
  readonly steps: readonly Step[];
}

/** Something that leaves the process. */
export interface Step {
  readonly kind: "call" | "publish" | "access";
  readonly label: string;
  /** Who answers, or the store; none for messages. */
  readonly service: string | null;
  readonly location: Location | null;
  /** Whether it stands in a loop. */
  readonly repeated: boolean;
  /** Whether nobody waits for it. */
  readonly detached: boolean;
  readonly recorded: boolean | null;
  /** What is set off where it arrives, if that is known. */
  readonly answer?: Trace;
}

/** OpenTelemetry's kinds of spans, and the database's client apart. */
export type SpanKind = "server" | "client" | "producer" | "database";

export interface Row {
  readonly id: string;
  readonly depth: number;
  readonly kind: SpanKind;
  readonly service: string;
  readonly label: string;
  readonly location: Location | null;
  /** From where to where its bar goes, in units. */
  readonly start: number;
  readonly end: number;
  /** Whether nothing would record it. */
  readonly dark: boolean;
  /** Why, if that is known. */
  readonly whyDark?: string;
  readonly repeated: boolean;
  readonly detached: boolean;
  readonly parent: string | undefined;
  readonly hasChildren: boolean;
}

const KINDS: Record<Step["kind"], SpanKind> = { call: "client", publish: "producer", access: "database" };

/** What a call takes of its own: on the way there, and on the way back. */
const WAY = 0.25;

/** The rows of a trace, each behind what sets it off. */
export function rowsOf(trace: Trace): Row[] {
  const rows: Row[] = [];
  visitTrace(rows, trace, { start: 0, depth: 0, parent: undefined });
  return rows;
}

interface At {
  readonly start: number;
  readonly depth: number;
  readonly parent: string | undefined;
}

/** Adds a trace and what it sets off; returns when it is done. */
function visitTrace(rows: Row[], trace: Trace, at: At): number {
  const { service, endpoint, location, recorded, why_dark: why, steps } = trace;
  const flags = { dark: recorded === false, ...(why && { whyDark: why }), repeated: false, detached: false, hasChildren: steps.length > 0 };
  const row = reserve(rows, { ...at, kind: "server", service, label: withoutPackage(endpoint), location, ...flags });
  let now = at.start + WAY;
  for (const step of steps) {
    const done = visitStep(rows, step, service, { start: now, depth: at.depth + 1, parent: row.id });
    now = step.detached ? now + WAY : done;
  }
  return row.until(steps.length ? now + WAY : at.start + 1);
}

function visitStep(rows: Row[], step: Step, service: string, at: At): number {
  const { location, recorded, repeated, detached, answer } = step;
  const flags = { dark: recorded === false, repeated, detached, hasChildren: answer !== undefined };
  const row = reserve(rows, { ...at, kind: KINDS[step.kind], service, label: named(step), location, ...flags });
  const below = answer && visitTrace(rows, answer, { start: at.start + WAY, depth: at.depth + 1, parent: row.id });
  return row.until(below === undefined ? at.start + 1 : below + WAY);
}

/** A step by its label, and who is at its other end where no row below says so. */
const named = ({ kind, label, service, answer }: Step): string => {
  const name = withoutPackage(label);
  return service && !answer ? `${name} → ${kind === "access" ? storeName(service) : service}` : name;
};

/** Puts a row where it belongs, before what follows from it is known to end. */
function reserve(rows: Row[], row: Omit<Row, "id" | "end">): { readonly id: string; until(end: number): number } {
  const index = rows.length;
  const id = String(index);
  rows.push({ ...row, id, end: row.start });
  return {
    id,
    until(end) {
      rows[index] = { ...row, id, end };
      return end;
    },
  };
}

/** The rows whose ancestors are all open. */
export function opened(rows: readonly Row[], closed: ReadonlySet<string>): Row[] {
  const hidden = new Set<string>();
  return rows.filter((row) => {
    const hides = row.parent !== undefined && (hidden.has(row.parent) || closed.has(row.parent));
    if (hides) hidden.add(row.id);
    return !hides;
  });
}

/** What of a trace stands out, in a sentence. */
export function summary(rows: readonly Row[]): string {
  const services = new Set(rows.filter((row) => row.kind === "server").map((row) => row.service));
  const dark = rows.filter((row) => row.dark).length;
  const repeated = rows.filter((row) => row.repeated).length;
  const parts = [
    `${count(rows.length, "span")} in ${count(services.size, "service")}`,
    dark && `${dark} that nothing records`,
    repeated && `${repeated} in a loop`,
  ];
  return parts.filter(Boolean).join(" · ");
}
