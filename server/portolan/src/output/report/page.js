// A click on a node of the map shows what it is joined to; a second click, or Escape, shows all again.
for (const figure of document.querySelectorAll("figure")) {
  const svg = figure.querySelector("svg.map");
  const nodes = [...svg.querySelectorAll(".node")];
  const edges = [...svg.querySelectorAll(".edge")];
  const detail = figure.querySelector(".detail");
  for (const edge of edges) {
    if (nodes[edge.dataset.to].dataset.kind === "outside") edge.classList.add("to-outside");
  }
  const add = (tag, text) => detail.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
  const show = (chosen) => {
    const at = nodes.indexOf(chosen);
    detail.replaceChildren();
    svg.classList.toggle("chosen-one", at >= 0);
    for (const node of nodes) node.classList.remove("near", "chosen");
    for (const edge of edges) edge.classList.remove("near");
    if (at < 0) return;
    chosen.classList.add("near", "chosen");
    for (const [title, own, other] of [["From here", "from", "to"], ["To here", "to", "from"]]) {
      const joined = edges.filter((edge) => Number(edge.dataset[own]) === at);
      if (joined.length) add("h4", title === "From here" ? `${chosen.dataset.name} →` : `→ ${chosen.dataset.name}`);
      for (const edge of joined) {
        const node = nodes[edge.dataset[other]];
        node.classList.add("near");
        edge.classList.add("near");
        add("div", `${node.dataset.name}: ${edge.dataset.label}`);
      }
    }
  };
  const choose = (node) => show(node.classList.contains("chosen") ? null : node);
  for (const node of nodes) {
    node.addEventListener("click", () => choose(node));
    node.addEventListener("keydown", (event) => event.key === "Enter" && choose(node));
  }
  document.addEventListener("keydown", (event) => event.key === "Escape" && show(null));
  for (const box of figure.querySelectorAll("input[data-hides]")) {
    box.addEventListener("change", () => svg.classList.toggle(box.dataset.hides, !box.checked));
  }
}
