// Maps: what the page lists as points is drawn by Leaflet, on the outlines of grids, and on tiles where an installation
// has some. Each point is reached by Tab and opened by Enter; Escape closes it and comes back to it.
"use strict";

(() => {
  const NEAR = 1e-5; // degrees: a metre; points so close are one marker
  const GRAVE = ["", "blue", "yellow", "orange", "red"];

  function spots(box) {
    const found = new Map();
    for (const item of box.querySelectorAll("li[data-lon]")) {
      const lon = Number(item.dataset.lon), lat = Number(item.dataset.lat);
      const key = `${Math.round(lon / NEAR)},${Math.round(lat / NEAR)}`;
      const spot = found.get(key) ?? { lon, lat, items: [], light: "", here: false };
      spot.items.push(item);
      if (GRAVE.indexOf(item.dataset.light) > GRAVE.indexOf(spot.light)) spot.light = item.dataset.light;
      spot.here ||= item.hasAttribute("data-here");
      found.set(key, spot);
    }
    return [...found.values()];
  }

  function words(item) {
    return item.textContent.trim().replace(/\s+/g, " ");
  }

  function popup(spot) {
    const list = document.createElement("ul");
    list.className = "hy-popup";
    for (const item of spot.items) {
      const line = document.createElement("li");
      for (const part of item.children) line.append(part.cloneNode(true), " ");
      list.append(line);
    }
    return list;
  }

  function icon(spot) {
    const grave = spot.items.find((item) => item.dataset.light === spot.light && !spot.here) ?? spot.items[0];
    const face = document.createElement("span");
    face.append(grave.querySelector("svg").cloneNode(true));
    if (spot.items.length > 1) {
      const count = document.createElement("b");
      count.textContent = String(spot.items.length);
      face.append(count);
    }
    return L.divIcon({ html: face, className: "hy-marker", iconSize: [26, 26], popupAnchor: [0, -12] });
  }

  function mark(map, spot) {
    const marker = L.marker([spot.lat, spot.lon], { icon: icon(spot), riseOnHover: true, zIndexOffset: spot.here ? 1000 : 100 * GRAVE.indexOf(spot.light) });
    marker.bindPopup(() => popup(spot), { maxWidth: 260 });
    const said = spot.items[0].dataset.said;
    // Beside a ticket each of the others says how far away it is.
    if (said && !spot.here) marker.bindTooltip(said, { permanent: true, direction: "top", offset: [0, -10] });
    marker.addTo(map);
    const element = marker.getElement();
    const many = spot.items.length > 1 ? `${spot.items.length} · ` : "";
    element.setAttribute("aria-label", many + spot.items.map(words).join("; "));
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      marker.openPopup();
      marker.getPopup().getElement()?.querySelector("a")?.focus();
    });
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !marker.isPopupOpen()) return;
      event.stopPropagation();
      marker.closePopup();
      element.focus();
    });
  }

  async function outline(map, box) {
    const answer = await fetch(`/map/grids?box=${box}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const drawn = L.geoJSON(await answer.json(), {
      interactive: false,
      style: { className: "hy-outline", weight: 1.5, fillOpacity: .06 },
      onEachFeature: (feature, layer) => layer.bindTooltip(feature.properties.name, { permanent: true, direction: "center", className: "hy-outline-name" }),
    });
    drawn.addTo(map);
  }

  function draw(box) {
    const element = box.querySelector(".hy-map"), found = spots(box);
    if (element.dataset.drawn || !found.length) return;
    element.dataset.drawn = "1";
    element.hidden = false;
    const map = L.map(element, { attributionControl: Boolean(element.dataset.tiles), maxZoom: 20, zoomControl: false });
    L.control.zoom(document.documentElement.lang === "en" ? {} : { zoomInTitle: "放大 / Zoom in", zoomOutTitle: "缩小 / Zoom out" }).addTo(map);
    if (element.dataset.tiles) {
      map.attributionControl.setPrefix(false);
      const credit = document.createElement("span");
      credit.textContent = element.dataset.credit;
      L.tileLayer(element.dataset.tiles, { attribution: credit.innerHTML, maxNativeZoom: 18, maxZoom: 20 }).addTo(map);
    }
    map.fitBounds(L.latLngBounds(found.map((spot) => [spot.lat, spot.lon])).pad(.15), { maxZoom: element.classList.contains("hy-map-small") ? 20 : 16, animate: false });
    for (const spot of found) mark(map, spot);
    // Without outlines the points still say where they lie to one another.
    outline(map, element.dataset.box).catch(() => {});
  }

  function all() {
    if (window.L) document.querySelectorAll(".hy-mapped").forEach(draw);
  }

  function begin() {
    new MutationObserver(all).observe(document.body, { childList: true, subtree: true });
    all();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
