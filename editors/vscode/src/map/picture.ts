// The drawing as a picture of its own: as it looks in the editor, readable without the editor's style sheets.

import type { Layout } from "./layout";

const PROPERTIES = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "opacity",
  "stroke-opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
];
const MARGIN = 12;

/** The text of an SVG file. */
export function svg(scene: SVGSVGElement, layout: Layout): string {
  // A file can be looked at from near.
  const far = scene.querySelector(".far");
  far?.classList.remove("far");
  const copy = scene.cloneNode(true) as SVGSVGElement;
  const originals = scene.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, index) => {
    const original = originals[index];
    if (!original || element.closest("defs") === element || element.tagName === "title") return;
    const style = getComputedStyle(original);
    for (const property of PROPERTIES) element.setAttribute(property, style.getPropertyValue(property));
    for (const name of ["tabindex", "role", "aria-pressed", "aria-label", "data-id"]) element.removeAttribute(name);
  });
  far?.classList.add("far");
  for (const unseen of copy.querySelectorAll(".reach")) unseen.remove();
  copy.querySelector("g")?.removeAttribute("transform");
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${width} ${height}`);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.setAttribute("style", `background:${getComputedStyle(document.body).backgroundColor}`);
  return new XMLSerializer().serializeToString(copy);
}

/** The picture as a PNG of twice the size, in base64. */
export async function png(scene: SVGSVGElement, layout: Layout): Promise<string> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg(scene, layout))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width * 2, image.height * 2];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png").replace(/^data:[^,]*,/, "");
}
