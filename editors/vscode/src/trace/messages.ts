// What the waterfall and the extension tell each other.

import type { Location } from "vscode-languageclient";
import type { Trace } from "./trace";

/** From the extension to the waterfall. */
export type ToTrace =
  /** The trace; `stale` where the handler is no longer found and this is what it last was. */
  { readonly type: "trace"; readonly trace: Trace; readonly stale: boolean };

/** From the waterfall to the extension. */
export type FromTrace = { readonly type: "ready" } | { readonly type: "open"; readonly location: Location };
