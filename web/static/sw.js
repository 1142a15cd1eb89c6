// Pages of this site open without signal: the newest that was seen, and the files they need.
"use strict";

const PAGES = "huying-pages", FILES = "huying-files", PATIENCE_MS = 5000;
const KEPT = [/^\/$/, /^\/report(\/|$)/, /^\/tickets\//, /^\/unsent$/];

const OWN = ["huying.css", "kept.js", "unsent.js", "capture.js", "phrases.js", "keys.js", "shrink.js", "originals.js", "catalogue.js", "icon.svg"].map((name) => `/static/${name}`);

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(FILES).then((files) => files.addAll(OWN)));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

function soon(request) {
  return new Promise((done, fail) => {
    const waited = setTimeout(() => fail(new Error("no answer")), PATIENCE_MS);
    fetch(request).then(done, fail).finally(() => clearTimeout(waited));
  });
}

async function page(request) {
  const pages = await caches.open(PAGES);
  try {
    const answer = await soon(request);
    if (answer.ok && !answer.redirected && answer.type === "basic") await pages.put(request.url, answer.clone());
    return answer;
  } catch (failure) {
    const seen = (await pages.match(request.url)) || (await pages.match("/unsent"));
    if (seen) return seen;
    throw failure;
  }
}

async function file(request) {
  const files = await caches.open(FILES);
  const had = await files.match(request);
  const coming = fetch(request).then(async (answer) => {
    if (answer.ok) await files.put(request, answer.clone());
    return answer;
  });
  if (!had) return coming;
  coming.catch(() => { /* without signal the one we have must do */ });
  return had;
}

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET") return;
  if (url.origin !== self.location.origin) {
    // The pinned files of others: the page checks their digests, wherever they come from.
    if (request.destination === "style" || request.destination === "script") event.respondWith(file(request));
  } else if (request.mode === "navigate" && KEPT.some((path) => path.test(url.pathname))) event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
});
