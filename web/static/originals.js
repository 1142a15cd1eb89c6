// Originals of photos that were sent smaller: they stay on this phone and follow on a good network, each once, only when
// the server knows of the promise and only what it says has not come yet.
"use strict";

const originals = (() => {
  /** How long an original waits for a form that was never sent. */
  const FORGET_MS = 30 * 24 * 3600 * 1000;
  let under_way = null;

  function good() {
    if (!navigator.onLine) return false;
    const net = navigator.connection;
    // Not every browser says what network it is on: there they follow while a page is open.
    if (!net) return true;
    return !net.saveData && (["wifi", "ethernet"].includes(net.type) || net.effectiveType === "4g");
  }

  async function mine() {
    return (await kept.mine("originals")).sort((a, b) => a.at - b.at);
  }

  function follow(now = false) {
    if (!now && !good()) return Promise.resolve();
    under_way ??= kept.locked(() => send_all(now), "huying-originals").finally(() => { under_way = null; });
    return under_way;
  }

  async function send_all(again) {
    const held = await mine();
    if (!held.length) return;
    const asked = await fetch("/originals", { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!asked.ok) return;
    const { awaited, received } = await asked.json();
    for (const one of held) {
      if (received.includes(one.sha256) || (!awaited.includes(one.sha256) && Date.now() - one.at > FORGET_MS)) await drop(one);
      else if (awaited.includes(one.sha256) && (again || !one.reason)) await send(one);
    }
  }

  async function send(one) {
    const me = await kept.token();
    if (me?.login !== one.person) return;
    const body = new FormData();
    body.append("csrf", me.csrf);
    body.append("file", one.file, one.name);
    const answer = await fetch(`/originals/${one.sha256}`, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok) await drop(one);
    else if (answer.status >= 400 && answer.status < 500 && ![401, 403, 404, 408, 429].includes(answer.status)) {
      const problem = await answer.json().catch(() => ({}));
      await kept.put("originals", { ...one, reason: problem.detail || `${answer.status}` });
      said();
    }
  }

  async function drop(one) {
    await kept.drop("originals", one.sha256);
    said();
  }

  const said = () => document.dispatchEvent(new CustomEvent("hy:originals"));
  // No signal: they stay where they are, and are tried again whenever what was kept is looked through.
  const quietly = () => follow().catch(() => {});

  if (document.body.dataset.person && "indexedDB" in window) {
    document.addEventListener("hy:kept", quietly);
    navigator.connection?.addEventListener?.("change", quietly);
  }
  return { mine, follow, drop };
})();
