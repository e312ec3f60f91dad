// The map as a whole: toolbar, drawing, details, and what was chosen.

import type { RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PortolanChart, Site } from "../chart/document";
import { Legend, Zoom } from "./corner";
import { Details } from "./details";
import { EMPTY, graphOf, serviceNode, servicesOf } from "./graph";
import { EMPTY_LAYOUT, follow, layOut } from "./layout";
import { mermaid } from "./mermaid";
import type { Format, FromMap, ToMap } from "./messages";
import { png, svg } from "./picture";
import { Scene, type View } from "./scene";
import { Toolbar } from "./toolbar";
import { type Choice, EVERYTHING, matches, visible } from "./visible";

interface Props {
  readonly send: (message: FromMap) => void;
  readonly before: Choice | undefined;
  /** Keeps what was chosen for when the map is shown again. */
  readonly keep: (choice: Choice) => void;
}

export function App({ send, before, keep }: Props) {
  const [chart, setChart] = useState<PortolanChart>();
  const [choice, setChoice] = useState(before ?? EVERYTHING);
  const [query, setQuery] = useState("");
  const [selected, setSelected] = useState<string>();
  const [file, setFile] = useState<string | null>(null);
  const [following, setFollowing] = useState(false);
  const [arranged, setArranged] = useState(0);
  const view = useRef<View>(null);

  useEffect(() => {
    const receive = ({ data }: MessageEvent<ToMap>) => {
      if (data.type === "chart") setChart(data.chart);
      else if (data.type === "file") setFile(data.file);
      else if (data.type === "follow") setFollowing(true);
      else reveal(serviceNode(data.service));
    };
    window.addEventListener("message", receive);
    send({ type: "ready" });
    return () => window.removeEventListener("message", receive);
  }, [send]);
  useEffect(() => keep(choice), [keep, choice]);

  const graph = useMemo(() => (chart ? graphOf(chart) : EMPTY), [chart]);
  const focus = useMemo(() => (following && file ? servicesOf(graph, file) : choice.focus), [graph, following, file, choice.focus]);
  const shown = useMemo(() => visible(graph, { ...choice, focus }), [graph, choice, focus]);
  const found = useMemo(() => matches(shown, query), [shown, query]);

  const room = useRef<HTMLElement>(null);
  const upright = useUpright(room);
  const last = useRef({ layout: EMPTY_LAYOUT, arranged });
  const layout = useMemo(() => {
    const again = last.current.arranged !== arranged;
    last.current = { layout: again ? layOut(shown, upright) : follow(last.current.layout, shown, upright), arranged };
    return last.current.layout;
  }, [shown, arranged, upright]);
  // A layout with the boxes of the one before is the same picture: it stays where the eye left it.
  useLayoutEffect(() => view.current?.fit(), [layout.boxes]);

  const reveal = (id: string) => {
    setSelected(id);
    requestAnimationFrame(() => view.current?.reveal(id));
  };
  const open = useCallback((site: Site) => send({ type: "open", site }), [send]);
  // The same function for every graph, so that what is drawn of the last one need not be drawn again.
  const latest = useRef(graph);
  latest.current = graph;
  const openFirst = useCallback(
    (id: string) => {
      const of = [...latest.current.nodes, ...latest.current.edges].find((item) => item.id === id);
      const rows = of && "rows" in of ? of.rows : of?.sections.flatMap((section) => section.rows);
      const site = rows?.find((row) => row.site)?.site;
      if (site) open({ file: site.file, line: site.line });
    },
    [open],
  );
  const toggleFocus = (id: string) => {
    setFollowing(false);
    setChoice({ ...choice, focus: focus.includes(id) ? [] : [id] });
  };
  const save = async (format: Format) => {
    const scene = view.current?.svg;
    if (!scene) return;
    const content = format === "mermaid" ? mermaid(shown) : format === "svg" ? svg(scene, layout) : await png(scene, layout);
    send({ type: "export", format, content });
  };

  return (
    <div class="map">
      <Toolbar
        graph={graph}
        shown={shown}
        choice={choice}
        query={query}
        found={found.length}
        following={following}
        onChoose={setChoice}
        onQuery={setQuery}
        onFind={() => found[0] && reveal(found[0].id)}
        onFollow={setFollowing}
        onSave={save}
      />
      <main ref={room}>
        {chart && !shown.nodes.length && (
          <p class="empty">{graph.nodes.length ? "Everything is filtered away." : "There are no services here yet."}</p>
        )}
        {!chart && <p class="empty">Charting services…</p>}
        <div class="sheet">
          <Scene
            graph={shown}
            layout={layout}
            selected={selected}
            found={query.trim() ? new Set(found.map((node) => node.id)) : undefined}
            onSelect={setSelected}
            onOpen={openFirst}
            view={view}
          />
          <Legend graph={shown} />
          <Zoom
            onZoom={(factor) => view.current?.zoomBy(factor)}
            onFit={() => view.current?.fit()}
            onArrange={() => setArranged(arranged + 1)}
          />
        </div>
        {selected && (
          <Details
            graph={graph}
            selected={selected}
            focused={focus.includes(selected)}
            onOpen={open}
            onFocus={toggleFocus}
            onClose={() => setSelected(undefined)}
          />
        )}
      </main>
    </div>
  );
}

/** Whether there is more room from above to below than from left to right, as in a page beside the code. */
function useUpright(room: RefObject<HTMLElement | null>): boolean {
  const measure = () => room.current !== null && room.current.clientHeight > room.current.clientWidth;
  const [upright, setUpright] = useState(false);
  useLayoutEffect(() => {
    if (!room.current) return;
    setUpright(measure());
    const resized = new ResizeObserver(() => setUpright(measure()));
    resized.observe(room.current);
    return () => resized.disconnect();
  }, []);
  return upright;
}
