// The desk by keyboard. A key clicks what bears it (`data-key`) and is shown on it; the acts of a ticket are counted
// from 1. Nothing happens while somebody types, with Ctrl, Alt or Meta held, or while a dialog is open.
"use strict";

(() => {
  const ACTS = "main .hy-deeds .btn:not([data-key])", ROWS = "a.hy-row", SEARCH = "input[type=search][name=q]";
  // What was asked for by a key gets the cursor when it comes.
  let awaiting = false;

  const shown = (element) => element.getClientRects().length > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);

  function typing(target) {
    if (target instanceof HTMLInputElement) return !["checkbox", "submit", "button"].includes(target.type);
    return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
  }

  function label(element, key) {
    if (element.dataset.keyShown === key) return;
    element.querySelector(":scope > kbd")?.remove();
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    element.append(" ", kbd);
    element.dataset.keyShown = key;
    element.setAttribute("aria-keyshortcuts", key);
  }

  function draw() {
    for (const element of document.querySelectorAll("[data-key]:not([data-key-quiet])")) label(element, element.dataset.key);
    all(ACTS).slice(0, 9).forEach((act, number) => label(act, String(number + 1)));
    const field = awaiting && document.querySelector("#act form :is(textarea, select, input:not([type=hidden], [type=file]))");
    if (field) {
      awaiting = false;
      field.focus();
    }
  }

  function move(step) {
    const rows = all(ROWS), at = rows.indexOf(document.activeElement?.closest?.(".hy-tickable")?.querySelector(ROWS) ?? document.activeElement);
    const row = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }

  function search() {
    const field = all(SEARCH)[0];
    if (field) field.select();
    else location.assign("/tickets#find");
  }

  function press(element) {
    if (!element) return false;
    awaiting = element.hasAttribute("hx-get");
    element.click();
    return true;
  }

  const OWN = {
    "j": () => move(1),
    "k": () => move(-1),
    "/": search,
    "x": () => document.activeElement?.closest(".hy-tickable")?.querySelector("input[type=checkbox]")?.click(),
    "q": () => location.assign("/queue"),
    "h": () => location.assign("/"),
    "?": () => document.getElementById("hy-keys")?.showModal(),
  };

  function pressed(event) {
    if (event.isComposing || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      if (event.key === "Enter" && event.ctrlKey && event.target.form) event.target.form.requestSubmit();
      return;
    }
    if (event.ctrlKey) return;
    const help = event.key === "?";
    const done = help ? (OWN["?"](), true) : /^[1-9]$/.test(event.key)
      ? press(all(ACTS)[Number(event.key) - 1])
      : press(all(`[data-key="${CSS.escape(event.key)}"]`)[0]) || (Object.hasOwn(OWN, event.key) && (OWN[event.key](), true));
    if (done) event.preventDefault();
  }

  function begin() {
    document.documentElement.classList.add("hy-scripted");
    document.addEventListener("keydown", pressed);
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
      else if (event.target.closest("[data-key='?']")) OWN["?"]();
    });
    // Fragments come and go; drawing changes nothing that is drawn already.
    new MutationObserver(draw).observe(document.body, { childList: true, subtree: true });
    draw();
    if (location.hash === "#find") search();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
