// The board's map: outlines of areas, coloured by the figures of the table that stands with it.
"use strict";

(() => {
  // From few to many; one hue from light to dark is read by every eye, and in print.
  const SHADES = 5;

  function bounds(values) {
    const sorted = [...new Set(values)].sort((a, b) => a - b), found = [];
    for (let shade = 1; shade <= SHADES; shade += 1) found.push(sorted[Math.min(sorted.length - 1, Math.ceil(shade * sorted.length / SHADES) - 1)]);
    return [...new Set(found)];
  }

  // A single class is neither the palest nor the darkest.
  const shadeOf = (place, classes) => classes === 1 ? 2 : Math.round(place * (SHADES - 1) / (classes - 1));

  function begin() {
    const box = document.querySelector(".hy-heat");
    if (!box || !window.L) return;
    const rows = new Map([...document.querySelectorAll('tbody[data-for="heat"] tr')].map((row) => [row.dataset.code, row.dataset]));
    fetch(box.dataset.outlines, { headers: { Accept: "application/json" } })
      .then((answer) => answer.ok ? answer.json() : { features: [] })
      .then((outlines) => { if (outlines.features.length) draw(box, rows, outlines); })
      // Without outlines the table says the same.
      .catch(() => {});
  }

  function draw(box, rows, outlines) {
    const mean = Boolean(box.dataset.mean), legend = document.querySelector(".hy-heat-legend"), kinds = document.querySelector(".hy-heat-kinds");
    const said = (kind, value) => kind === "n" ? String(value) : mean ? value.toFixed(2) : `${(100 * value).toFixed(1)}%`;
    const read = (code, kind) => {
      const text = rows.get(code)?.[kind];
      return text === undefined || text === "" ? null : Number(text);
    };
    box.hidden = legend.hidden = kinds.hidden = false;
    const map = L.map(box, { attributionControl: Boolean(box.dataset.tiles), maxZoom: 18, zoomControl: false, zoomSnap: .25, scrollWheelZoom: false });
    L.control.zoom(document.documentElement.lang === "en" ? {} : { zoomInTitle: "放大 / Zoom in", zoomOutTitle: "缩小 / Zoom out" }).addTo(map);
    if (box.dataset.tiles) {
      map.attributionControl.setPrefix(false);
      const credit = document.createElement("span");
      credit.textContent = box.dataset.credit;
      L.tileLayer(box.dataset.tiles, { attribution: credit.innerHTML, maxNativeZoom: 18, maxZoom: 18 }).addTo(map);
    }
    const drawn = L.geoJSON(outlines, { style: { className: "hy-heat-area" } }).addTo(map);
    map.fitBounds(drawn.getBounds(), { padding: [8, 8], animate: false });

    function colour(kind) {
      const values = outlines.features.map((one) => read(one.properties.code, kind)).filter((value) => value !== null);
      const ends = bounds(values);
      const shade = (value) => value === null ? "none" : String(shadeOf(ends.findIndex((end) => value <= end), ends.length));
      drawn.eachLayer((layer) => {
        const { code, name } = layer.feature.properties, value = read(code, kind), row = rows.get(code), element = layer.getElement();
        if (!element) return;
        element.setAttribute("class", `hy-heat-area hy-heat-${shade(value)} leaflet-interactive`);
        const words = `${name}  ${value === null ? "—" : said(kind, value)}${row ? `  n = ${row.n}` : ""}`;
        layer.unbindTooltip().bindTooltip(words, { sticky: true });
        layer.off("click");
        if (row) layer.on("click", () => location.assign(row.url));
      });
      legend.replaceChildren(...ends.map((end, place) => {
        const item = document.createElement("li"), mark = document.createElement("span");
        mark.className = `hy-heat-mark hy-heat-mark-${shadeOf(place, ends.length)}`;
        item.append(mark, ` ≤ ${said(kind, end)}`);
        return item;
      }));
      for (const button of kinds.querySelectorAll("button")) {
        const on = button.dataset.heat === kind;
        button.setAttribute("aria-pressed", String(on));
        button.classList.toggle("btn-primary", on);
      }
    }

    kinds.addEventListener("click", (event) => {
      const kind = event.target.closest("button")?.dataset.heat;
      if (kind) colour(kind);
    });
    colour("n");
    box.closest("section").querySelector("details").open = false;
    box.dataset.drawn = "1";
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
