// The counts beside a loop stand on its diagram, too; they are asked again every half minute while the page is looked at.
"use strict";

(() => {
  const AGAIN = 30_000;
  const SVG = "http://www.w3.org/2000/svg", LINK = "http://www.w3.org/1999/xlink";

  function drawn(name, attributes, parent) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  function badge(node, item, size) {
    const box = node.getBBox(), link = item.querySelector("a");
    const words = item.dataset.overdue === "0" ? item.dataset.tickets : `${item.dataset.tickets} / ${item.dataset.overdue}`;
    const width = size * (14 + 8 * words.length), height = size * 22, late = item.dataset.overdue !== "0";
    const face = drawn("a", { class: `hy-badge${late ? " hy-badge-late" : ""}`, href: link.getAttribute("href") }, node);
    face.setAttributeNS(LINK, "href", link.getAttribute("href"));
    face.setAttribute("aria-label", item.textContent.trim().replace(/\s+/g, " "));
    const x = box.x + box.width - width / 2, y = box.y - height / 2;
    drawn("rect", { x, y, width, height, rx: height / 2 }, face);
    drawn("text", { x: x + width / 2, y: y + height * .7, "font-size": 13 * size, "text-anchor": "middle" }, face).textContent = words;
  }

  function draw() {
    const svg = document.querySelector("#diagram svg");
    if (!svg) return;
    // However small the diagram is drawn, its badges can be read.
    const size = Math.min(3, Math.max(1, 0.8 / svg.getScreenCTM().a));
    svg.querySelectorAll(".hy-badge").forEach((old) => old.remove());
    for (const item of document.querySelectorAll("#flow [data-node]")) {
      if (item.dataset.tickets === "0" || !item.dataset.node) continue;
      const node = svg.querySelector(`g.node[id*="state-${item.dataset.node}-"]`);
      if (node) badge(node, item, size);
    }
  }

  function again() {
    const flow = document.getElementById("flow");
    if (flow && document.visibilityState === "visible") flow.dispatchEvent(new CustomEvent("hy-again"));
  }

  function begin() {
    // Both come later than this: the diagram when it is drawn, the counts when they are asked again.
    new MutationObserver((changes) => {
      if (changes.some((one) => [...one.addedNodes].some((added) => added.id === "flow" || added.nodeName === "svg"))) draw();
    }).observe(document.querySelector("main"), { childList: true, subtree: true });
    draw();
    setInterval(again, AGAIN);
    document.addEventListener("visibilitychange", again);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
