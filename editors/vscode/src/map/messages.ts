// What the map and the extension tell each other.

import type { PortolanChart, Site } from "../chart/document";

/** From the extension to the map. */
export type ToMap =
  | { readonly type: "chart"; readonly chart: PortolanChart }
  /** The file in the active editor, by its path in the chart. */
  | { readonly type: "file"; readonly file: string | null }
  /** Show a service, or the neighbourhood of the current file. */
  | { readonly type: "reveal"; readonly service: string }
  | { readonly type: "follow" };

export type Format = "svg" | "png" | "mermaid";

/** From the map to the extension. */
export type FromMap =
  | { readonly type: "ready" }
  | { readonly type: "open"; readonly site: Site }
  /** A picture or a diagram; a PNG in base64. */
  | { readonly type: "export"; readonly format: Format; readonly content: string };
