// Draws a diagram with PlantUML's own engine, and fails as that does.
//
// The package leaves PlantUML's standard library out, so the macros of C4 that exports use are declared here, with the parameters that C4's
// documentation gives them. Node has no letters to measure: all have one width.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";
import { JSDOM } from "jsdom";

const element = (macro, shape) =>
  `!unquoted procedure ${macro}($alias, $label, $techn="", $descr="")\n${shape} "$label" as $alias\n!endprocedure`;
const macros = [
  "!unquoted procedure LAYOUT_LEFT_RIGHT()\nleft to right direction\n!endprocedure",
  '!unquoted procedure System_Boundary($alias, $label)\nrectangle "$label" as $alias\n!endprocedure',
  '!unquoted procedure System_Ext($alias, $label, $descr="")\nrectangle "$label" as $alias\n!endprocedure',
  element("Container", "rectangle"),
  element("Container_Ext", "rectangle"),
  element("ContainerDb", "database"),
  element("ContainerQueue", "queue"),
  '!unquoted procedure Rel($from, $to, $label, $techn="")\n$from --> $to : $label\n!endprocedure',
];

function page() {
  const { window } = new JSDOM("", { url: "http://localhost/" });
  const width = (text) => 7 * text.length;
  const metrics = { actualBoundingBoxAscent: 10, actualBoundingBoxDescent: 3, fontBoundingBoxAscent: 10, fontBoundingBoxDescent: 3 };
  window.HTMLCanvasElement.prototype.getContext = () => ({ measureText: (text) => ({ width: width(text), ...metrics }) });
  window.Element.prototype.getBBox = function () {
    return { x: 0, y: 0, width: width(this.textContent), height: 13 };
  };
  const library = (_, done) => {
    globalThis.PLANTUML_STDLIB = { c4: { c4_container: macros.flatMap((macro) => macro.split("\n")) } };
    globalThis.PLANTUML_STDLIB_INFO = { c4: "" };
    done();
  };
  const { document, XMLSerializer, DOMParser } = window;
  Object.assign(globalThis, { window: globalThis, document, XMLSerializer, DOMParser, PLANTUML_STDLIB_LOADER: library });
}

/** The diagram as SVG. The engine takes a message about an error for a diagram, too: that is told by what it says. */
export async function draw(text) {
  page();
  const require = createRequire(import.meta.url);
  runInThisContext(readFileSync(require.resolve("@plantuml/core/viz-global.js"), "utf8"));
  const { renderToString } = await import("@plantuml/core/plantuml.js");
  const log = console.log;
  console.log = () => {};
  try {
    const svg = await new Promise((resolve, reject) => renderToString(text.split("\n"), resolve, (why) => reject(new Error(why))));
    if (svg.includes("[From ")) throw new Error(svg.replace(/<[^>]*>/g, "\n").replace(/\n+/g, "\n"));
    return svg;
  } finally {
    console.log = log;
  }
}
