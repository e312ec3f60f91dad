// How the server does, in the words of the status bar. Pure.

import { count } from "./chart/names";

/** What the server says of itself: `portolan/status`. */
export interface Status {
  /** Grows with every chart; 0 before the first. */
  readonly revision: number;
  /** Whether it has seen every change. */
  readonly quiescent: boolean;
  readonly services: number;
  readonly edges: number;
  readonly findings: number;
  readonly unresolved: number;
}

export type Condition =
  | { readonly phase: "stopped"; readonly problem: string | undefined }
  | { readonly phase: "starting" }
  /** There is no chart yet. */
  | { readonly phase: "reading" }
  /** There is one; `stale` while the server has not seen all changes. */
  | { readonly phase: "ready" | "stale"; readonly status: Status };

/** `State` of vscode-languageclient, whose module needs an editor around it. */
const RUNNING = 2;
const STARTING = 3;

export function conditionOf(state: number, status: Status | undefined, problem: string | undefined): Condition {
  if (state === STARTING) return { phase: "starting" };
  if (state !== RUNNING) return { phase: "stopped", problem };
  if (!status?.revision) return { phase: "reading" };
  return { phase: status.quiescent ? "ready" : "stale", status };
}

/** Text of the status bar, and the whole sentence. */
export function words(condition: Condition): { text: string; sentence: string } {
  switch (condition.phase) {
    case "stopped":
      return {
        text: "$(error) Portolan",
        sentence: condition.problem ? `The server does not run: ${condition.problem}` : "The server does not run.",
      };
    case "starting":
      return { text: "$(loading~spin) Portolan", sentence: "The server starts." };
    case "reading":
      return { text: "$(loading~spin) Charting services", sentence: "The first chart is being made." };
    default: {
      const { services, edges, findings, unresolved } = condition.status;
      const counts = [count(services, "service"), count(edges, "edge"), count(findings, "finding")].join(", ");
      const rest = unresolved ? `; ${count(unresolved, "call")} could not be followed` : "";
      const all = services ? `${counts}${rest}` : "There are no services here";
      const numbers = services ? `${services} $(arrow-swap) ${edges} $(lightbulb) ${findings}` : "No services";
      const stale = condition.phase === "stale";
      return {
        text: `$(${stale ? "sync~spin" : "compass"}) ${numbers}`,
        sentence: `${all}${stale ? "; being brought up to date" : ""}.`,
      };
    }
  }
}
