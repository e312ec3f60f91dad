// The lower corners of the map: what its marks mean, and how near one looks.

import type { Graph } from "./graph";

export function Legend({ graph }: { readonly graph: Graph }) {
  const has = (mark: "dark" | "shared" | "cyclic") => graph.nodes.some((node) => node[mark]);
  return (
    <ul class="legend" aria-label="Marks">
      {has("dark") && (
        <li>
          <svg class="mark" viewBox="0 0 12 12" aria-hidden="true">
            <rect class="dark-band" width="12" height="12" />
          </svg>
          not traced
        </li>
      )}
      {has("shared") && (
        <li>
          <i class="mark shared" /> written by several
        </li>
      )}
      {has("cyclic") && (
        <li>
          <i class="mark cyclic" /> cycle of calls
        </li>
      )}
      {graph.nodes.some((node) => node.findings > 0) && (
        <li>
          <i class="mark findings" /> findings about it
        </li>
      )}
    </ul>
  );
}

interface ZoomProps {
  readonly onZoom: (factor: number) => void;
  readonly onFit: () => void;
  readonly onArrange: () => void;
}

export function Zoom({ onZoom, onFit, onArrange }: ZoomProps) {
  return (
    <div class="zoom" role="toolbar" aria-label="Zoom">
      <button type="button" aria-label="Zoom out" title="Zoom out" onClick={() => onZoom(0.8)}>
        −
      </button>
      <button type="button" aria-label="Zoom in" title="Zoom in" onClick={() => onZoom(1.25)}>
        +
      </button>
      <button type="button" onClick={onFit}>
        Fit
      </button>
      <button type="button" title="Lay everything out anew" onClick={onArrange}>
        Arrange
      </button>
    </div>
  );
}
