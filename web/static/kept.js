// What is kept on this phone until the server has it: forms without signal wait here with their photos, and what is
// being typed survives a closed page. Everything belongs to the person who is signed in; nothing leaves before its
// case number has come, and what is refused stays with the reason.
"use strict";

const kept = (() => {
  const NAME = "huying", PAGES = "huying-pages", FIRST_MS = 2 * 1000, EVERY_MS = 30 * 1000;
  const STORES = { forms: "key", drafts: "id", originals: "sha256", catalogue: "id" };
  let opened = null;

  function open() {
    opened ??= new Promise((done, fail) => {
      const asked = indexedDB.open(NAME, 2);
      asked.onupgradeneeded = () => {
        for (const [store, keyPath] of Object.entries(STORES)) {
          if (!asked.result.objectStoreNames.contains(store)) asked.result.createObjectStore(store, { keyPath });
        }
      };
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    });
    return opened;
  }

  async function on(store, mode, work) {
    const db = await open();
    return new Promise((done, fail) => {
      const transaction = db.transaction(store, mode);
      const asked = work(transaction.objectStore(store));
      transaction.oncomplete = () => done(asked ? asked.result : undefined);
      transaction.onerror = transaction.onabort = () => fail(transaction.error);
    });
  }

  const person = () => document.body.dataset.person || "";
  const put = (store, one) => on(store, "readwrite", (s) => s.put(one));
  const get = (store, key) => on(store, "readonly", (s) => s.get(key));
  const drop = (store, key) => on(store, "readwrite", (s) => s.delete(key));

  async function mine(store = "forms") {
    const all = await on(store, "readonly", (s) => s.getAll());
    return all.filter((one) => one.person === person()).sort((a, b) => a.saved_at - b.saved_at);
  }

  // -- a form as it is kept: names with texts and files; the token is fetched when it is sent ------------------------

  function read(form) {
    return [...new FormData(form).entries()].filter(
      ([name, value]) => name !== "csrf" && !(value instanceof File && !value.name),
    );
  }

  function entry(form) {
    const fields = read(form);
    const said = (name) => fields.find(([one]) => one === name)?.[1];
    return {
      key: said("key"), person: person(), url: form.getAttribute("action"), page: location.pathname + location.search,
      title: form.dataset.keepTitle || document.title, about: said("description") || said("note") || said("result") || "",
      fields, saved_at: Date.now(), state: "waiting", reason: "",
    };
  }

  async function token() {
    const asked = await fetch("/csrf", { headers: { Accept: "application/json" }, cache: "no-store" });
    if (asked.status === 401) return null;
    if (!asked.ok) throw new Error(`csrf ${asked.status}`);
    return asked.json();
  }

  async function post(one) {
    const me = await token();
    if (me?.login !== one.person) return { state: "signin" };
    const body = new FormData();
    body.append("csrf", me.csrf);
    for (const [name, value] of one.fields) body.append(name, value);
    const answer = await fetch(one.url, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok) return { state: "sent", ...(await answer.json()) };
    if (answer.status === 401 || answer.status === 403) return { state: "signin" };
    if (answer.status >= 500 || answer.status === 408 || answer.status === 429) throw new Error(`${answer.status}`);
    const problem = await answer.json().catch(() => ({}));
    return { state: "refused", reason: problem.detail || `${answer.status}` };
  }

  // -- sending: one at a time, in the order in which they were kept, in one window ------------------------------------

  let under_way = null, timer = 0, pause = FIRST_MS;

  function flush(again = false) {
    clearTimeout(timer);
    under_way ??= locked(() => send_all(again)).finally(() => { under_way = null; show().then(later); });
    return under_way;
  }

  async function later() {
    // Not every browser says when the signal is back: what waits is tried again, soon at first, then every half minute.
    const waiting = (await mine()).some((one) => one.state === "waiting");
    pause = waiting ? Math.min(pause * 2, EVERY_MS) : FIRST_MS;
    clearTimeout(timer);
    timer = setTimeout(() => (document.visibilityState === "visible" ? flush() : later()), waiting ? pause : EVERY_MS);
  }

  function locked(work, name = "huying-send") {
    return navigator.locks ? navigator.locks.request(name, work) : work();
  }

  async function send_all(again) {
    for (const one of await mine()) {
      if (one.state === "refused" && !again) continue;
      let outcome;
      try {
        outcome = await post(one);
      } catch {
        return; // no signal, or the server is away: they all wait
      }
      if (outcome.state === "signin") return tell("signin");
      if (outcome.state === "sent") {
        await drop("forms", one.key);
        tell("sent", outcome);
      } else {
        await put("forms", { ...one, ...outcome });
      }
    }
  }

  // -- what people see -----------------------------------------------------------------------------------------------

  const WORDS = {
    kept: "没有信号，已保存在本机，有信号后自动发送 / No signal: kept on this phone, sent by itself later",
    signin: "有内容待发送，请重新登录 / Something waits to be sent: please sign in again",
    sent: "已发送 / Sent",
    draft: "已恢复上次填写的内容 / What you typed before is back",
  };

  function tell(what, outcome) {
    const place = document.getElementById("hy-kept");
    if (!place) return;
    place.replaceChildren(WORDS[what] || "");
    if (outcome?.case_no) {
      const link = Object.assign(document.createElement("a"), { href: outcome.url, textContent: outcome.case_no });
      place.append(" ", link);
    }
    place.hidden = false;
  }

  async function show() {
    const badge = document.getElementById("hy-unsent");
    if (!badge) return;
    const count = (await mine()).length;
    badge.hidden = count === 0;
    badge.querySelector("b").textContent = String(count);
    document.dispatchEvent(new CustomEvent("hy:kept"));
  }

  async function submitted(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.keep || event.submitter?.formNoValidate) return;
    if (form.dataset.keep === "offline" && navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    if (button) button.disabled = true;
    const one = await keep(form);
    let outcome = null;
    try {
      outcome = await locked(() => post(one));
    } catch { /* it waits */ }
    if (outcome?.state === "sent") {
      await drop("forms", one.key);
      location.href = outcome.url;
    } else if (outcome?.state === "refused") {
      // The server's own page shows what is wrong, with everything that was typed.
      await drop("forms", one.key);
      form.submit();
    } else {
      if (button) button.disabled = false;
      waits(form, outcome ? "signin" : "kept");
    }
  }

  async function keep(form) {
    const one = entry(form);
    await put("forms", one);
    await drop("drafts", draft_id(form));
    return one;
  }

  function waits(form, why) {
    tell(why);
    form.reset();
    const key = form.elements.namedItem("key");
    if (key) key.value = crypto.randomUUID();
    // Resetting leaves hidden fields as they are; what they say of these photos is nothing of the next ones.
    for (const field of form.querySelectorAll("[name^='capture.'], [name^='original.']")) field.value = "";
    window.scrollTo({ top: 0 });
    show().then(later);
  }

  async function lost(event) {
    // htmx sent a form and nothing came back: a phone does not always know that it has no signal.
    // A search within the form that found no signal sends nothing of it.
    const form = event.target.matches?.("[hx-get]") ? null : event.target.closest?.("form[data-keep]");
    if (!form || !(event.detail?.error instanceof TypeError)) return;
    await keep(form);
    waits(form, "kept");
  }

  // -- what is being typed --------------------------------------------------------------------------------------------

  const draft_id = (form) => `${person()} ${form.getAttribute("action")}`;
  let typing = 0;

  function typed(event) {
    const form = event.target.form;
    if (!form?.dataset.keep) return;
    clearTimeout(typing);
    typing = setTimeout(() => put("drafts", { id: draft_id(form), fields: read(form), at: Date.now() }), 400);
  }

  async function restore(form) {
    const draft = await get("drafts", draft_id(form));
    // A page that came back with a refusal holds what was typed already.
    if (!draft || form.closest(".hy-form")?.querySelector("[role=alert]")) return;
    let any = false;
    for (const [name, value] of draft.fields) {
      if (name === "key" || name === "seen" || name === "expected") continue;
      any = fill(form, name, value) || any;
    }
    if (any) tell("draft");
  }

  function fill(form, name, value) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "file" && value instanceof File) {
        const files = new DataTransfer();
        for (const file of [...field.files, value]) files.items.add(file);
        field.files = files.files;
      } else if (field.type === "checkbox" || field.type === "radio") {
        if (field.value !== value) continue;
        field.checked = true;
      } else if (typeof value === "string" && value && field.value !== value) {
        field.value = value;
        if (field.type === "hidden") return false;
      } else continue;
      return true;
    }
    return false;
  }

  // -- pages that open without signal ---------------------------------------------------------------------------------

  async function fetched(url) {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    const pages = await caches.open(PAGES);
    await pages.put(url, answer.clone());
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  async function stock() {
    // Reports, and the acts that wait for this person: fetched while there is signal.
    const report = await fetched("/report");
    await fetched("/unsent");
    const starts = [...(report?.querySelectorAll("a[href^='/report/']") ?? [])].map((a) => a.getAttribute("href"));
    for (const start of starts.slice(0, 10)) await fetched(start);
    const waiting = [...document.querySelectorAll("[data-waiting] a.hy-row")].map((a) => a.getAttribute("href"));
    for (const ticket of waiting.slice(0, 10)) {
      const page = await fetched(ticket);
      const acts = [...(page?.querySelectorAll("a[href*='/do/']") ?? [])].map((a) => a.getAttribute("href").split("#")[0]);
      for (const act of acts.slice(0, 8)) await fetched(act);
    }
  }

  async function forget_pages() {
    if ("caches" in window) await caches.delete(PAGES);
  }

  function begin() {
    if (!("indexedDB" in window)) return;
    if (!person()) return forget_pages();
    document.addEventListener("submit", submitted, true);
    document.addEventListener("htmx:error", lost);
    document.addEventListener("input", typed);
    document.addEventListener("change", typed);
    document.querySelector("form[action='/signout']")?.addEventListener("submit", forget_pages);
    document.querySelectorAll("form[data-keep]").forEach(restore);
    window.addEventListener("online", () => { pause = FIRST_MS; flush(); });
    flush();
    if (window.isSecureContext && "serviceWorker" in navigator) {
      navigator.serviceWorker.register("/sw.js");
      if (location.pathname === "/" && navigator.onLine) stock().catch(() => { /* the signal went meanwhile */ });
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
  return { mine, get, drop, flush, put, token, locked };
})();
