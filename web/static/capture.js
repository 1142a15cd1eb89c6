// When and where a picture was taken, said by the page that sends it: only of a picture taken just now, and only where
// the phone lets it. Without this script, or without leave to know the place, the form works the same.
"use strict";

const FRESH_MS = 5 * 60 * 1000;

function said(files, position) {
  return files.map((file) => {
    if (Math.abs(Date.now() - file.lastModified) > FRESH_MS) return {};
    const one = { taken_at: new Date(file.lastModified).toISOString() };
    if (position) {
      one.lon = position.coords.longitude;
      one.lat = position.coords.latitude;
      one.accuracy_m = Math.min(position.coords.accuracy, 100000);
    }
    return one;
  });
}

// A picture that was made smaller meanwhile is the same picture.
const same = (one, other) => one.name === other.name && one.lastModified === other.lastModified;

document.addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.type !== "file" || !input.dataset.capture) return;
  const hidden = input.form.elements.namedItem(input.dataset.capture);
  const files = [...input.files];
  const write = (position) => {
    const here = [...input.files];
    if (here.length === files.length && here.every((file, i) => same(file, files[i]))) {
      hidden.value = files.length ? JSON.stringify(said(files, position)) : "";
    }
  };
  write(null);
  const fresh = files.some((file) => Math.abs(Date.now() - file.lastModified) <= FRESH_MS);
  if (fresh && navigator.geolocation) {
    navigator.geolocation.getCurrentPosition(write, () => {}, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
  }
});
