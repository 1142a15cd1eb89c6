// The catalogue on this phone: items are found without signal by name, initials of sounds, code and filing condition, in
// the order in which the server finds them. The server checks what was chosen when it is sent.
"use strict";

const catalogue = (() => {
  const ID = "items", FRESH_MS = 3600 * 1000, FOUND = 20;
  const FIELD = "input[type=search][hx-get^='/find/item']";

  async function refresh() {
    const had = await kept.get("catalogue", ID);
    if (had && Date.now() - had.at < FRESH_MS) return;
    const headers = { Accept: "application/json", ...(had ? { "If-None-Match": had.etag } : {}) };
    const answer = await fetch("/catalogue", { headers, cache: "no-store" });
    if (answer.status === 304) await kept.put("catalogue", { ...had, at: Date.now() });
    else if (answer.ok && !answer.redirected) {
      const { items } = await answer.json();
      await kept.put("catalogue", { id: ID, items, etag: answer.headers.get("ETag"), at: Date.now() });
    }
  }

  function found(items, typed) {
    const text = typed.split("/")[0].toLowerCase(), options = [];
    const holds = (words) => words.some((word) => word.toLowerCase().includes(text));
    const near = items.filter(([code, name, sounds, kind, standards]) =>
      holds([code, name, sounds, kind, ...standards.map(([, filing]) => filing)]));
    for (const [code, name, , kind, standards] of near.slice(0, FOUND)) {
      options.push({ value: code, text: name, group: kind });
      for (const [each, filing, limit] of standards) {
        options.push({ value: each, text: `${name} · ${filing}（${limit || "—"}）`, group: kind });
      }
    }
    return options.slice(0, FOUND);
  }

  const made = (tag, more) => Object.assign(document.createElement(tag), more);

  function drawn(input, options) {
    const name = input.name.replace(/^find\./, ""), type = input.getAttribute("hx-get").includes("many=1") ? "checkbox" : "radio";
    const parts = [];
    let group = "";
    for (const one of options) {
      if (one.group !== group) parts.push(made("div", { className: "hy-checks-group", textContent: (group = one.group) }));
      const label = made("label", { className: "form-check" });
      label.append(
        made("input", { className: "form-check-input", type, name, value: one.value }),
        made("span", { className: "form-check-label", textContent: one.text }),
      );
      parts.push(label);
    }
    if (!options.length) parts.push(made("div", { className: "hy-empty", textContent: "本机目录中没有找到 / Nothing found on this phone" }));
    return parts;
  }

  async function search(input) {
    const typed = input.value.trim(), had = await kept.get("catalogue", ID);
    const place = input.closest("fieldset")?.querySelector(".hy-found");
    if (!place || !had || input.value.trim() !== typed) return;
    place.replaceChildren(...(typed ? drawn(input, found(had.items, typed)) : []));
  }

  const offline = (input) => input?.matches?.(FIELD) && !navigator.onLine;

  function begin() {
    document.addEventListener("input", (event) => { if (offline(event.target)) search(event.target); });
    // A phone does not always know that it has no signal.
    document.addEventListener("htmx:error", (event) => {
      if (event.target.matches?.(FIELD) && event.detail?.error instanceof TypeError) search(event.target);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && offline(event.target)) event.preventDefault();
    });
    document.addEventListener("click", (event) => {
      const button = event.target.closest?.("button[name=look]"), input = button?.closest(".input-group")?.querySelector(FIELD);
      if (!offline(input)) return;
      event.preventDefault();
      search(input);
    });
    if (navigator.onLine) refresh().catch(() => { /* what is here already must do */ });
  }

  if (document.body.dataset.person && "indexedDB" in window) begin();
  return { refresh, search };
})();
