// A photo from the camera is made smaller before it is kept or sent: 1600 pixels are enough for the eye, and a tenth of
// the bytes. The original's hash goes with it and the original follows later. What the camera wrote (EXIF) moves over
// as it is, so that time and place still stand in the picture itself. Where any of it cannot be done, the original is
// sent as it is.
"use strict";

const shrink = (() => {
  const LONGEST = 1600, QUALITY = 0.8, TYPE = "image/jpeg";
  /** Bytes of an original that the server takes; of a larger one only the hash goes along. */
  const MOST_BYTES = 20 * 1024 * 1024;
  const under_way = new Map();

  const able = () => Boolean(window.isSecureContext && crypto.subtle && window.createImageBitmap && window.DataTransfer);

  // -- a JPEG from outside: its size, and the segment in which the camera wrote ---------------------------------------

  function read(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
    const found = { longest: 0, exif: null };
    for (let at = 2; at + 9 < view.byteLength; ) {
      const mark = view.getUint16(at), length = view.getUint16(at + 2);
      if (mark < 0xff00 || length < 2) return null;
      const kind = mark & 0xff;
      if (kind === 0xe1 && !found.exif && text(view, at + 4, 6) === "Exif\0\0") found.exif = bytes.slice(at, at + 2 + length);
      if (kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc) {
        found.longest = Math.max(view.getUint16(at + 5), view.getUint16(at + 7));
        return found;
      }
      at += 2 + length;
    }
    return null;
  }

  function text(view, at, length) {
    if (at + length > view.byteLength) return "";
    return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));
  }

  function upright(exif) {
    // The smaller picture stands upright already: to be turned again it would lie.
    const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength), start = 10;
    const little = view.getUint16(start) === 0x4949;
    const first = start + view.getUint32(start + 4, little);
    for (let n = view.getUint16(first, little), at = first + 2; n > 0; n -= 1, at += 12) {
      if (view.getUint16(at, little) === 0x0112) view.setUint16(at + 8, 1, little);
    }
    return exif;
  }

  // -- smaller --------------------------------------------------------------------------------------------------------

  async function drawn(file) {
    const whole = await createImageBitmap(file, { imageOrientation: "from-image" });
    const by = Math.min(1, LONGEST / Math.max(whole.width, whole.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(whole.width * by);
    canvas.height = Math.round(whole.height * by);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(whole, 0, 0, canvas.width, canvas.height);
    whole.close();
    const blob = await new Promise((done) => canvas.toBlob(done, TYPE, QUALITY));
    return blob && new Uint8Array(await blob.arrayBuffer());
  }

  async function digest(bytes) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...hash].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  async function smaller(file) {
    if (file.type !== TYPE) return null;
    const bytes = new Uint8Array(await file.arrayBuffer());
    const seen = read(bytes);
    if (!seen || seen.longest <= LONGEST) return null;
    const small = await drawn(file);
    if (!small || small.length >= bytes.length) return null;
    const parts = seen.exif ? [small.slice(0, 2), upright(seen.exif), small.slice(2)] : [small];
    return {
      file: new File(parts, file.name, { type: TYPE, lastModified: file.lastModified }),
      original: { sha256: await digest(bytes), size: bytes.length },
    };
  }

  async function held(file, original) {
    // Somebody signed in keeps the original on this phone, to follow; others keep it in their own album.
    const person = document.body.dataset.person;
    if (!person || original.size > MOST_BYTES) return;
    await kept.put("originals", { ...original, person, file, name: file.name, at: Date.now(), reason: "" });
  }

  async function one(file) {
    try {
      const made = await smaller(file);
      if (made) await held(file, made.original);
      return made || { file, original: {} };
    } catch {
      return { file, original: {} }; // a picture that no browser reads, or a phone that is full: the server decides
    }
  }

  // -- where photos are chosen, and before they are sent --------------------------------------------------------------

  async function chosen(input, files) {
    const made = [];
    for (const file of files) made.push(await one(file));
    const now = [...input.files];
    if (now.length !== files.length || now.some((file, i) => file !== files[i])) return;
    if (made.some((each) => each.original.sha256)) {
      const smallest = new DataTransfer();
      for (const each of made) smallest.items.add(each.file);
      input.files = smallest.files;
    }
    const promise = input.form?.elements.namedItem(`original.${input.name}`);
    if (promise) promise.value = made.some((each) => each.original.sha256) ? JSON.stringify(made.map((each) => each.original)) : "";
    // What is kept of a form that is being typed should have the smaller picture as well.
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== "file" || !input.dataset.capture || !able()) return;
    const form = input.form, files = [...input.files], before = under_way.get(form) || Promise.resolve();
    const work = before.then(() => chosen(input, files)).finally(() => {
      if (under_way.get(form) === work) under_way.delete(form);
    });
    under_way.set(form, work);
  });

  // Whoever is quicker than the phone waits for it: the form goes when its photos are ready.
  document.addEventListener("submit", (event) => {
    const form = event.target, work = under_way.get(form);
    if (!work) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    work.then(() => (form.requestSubmit ? form.requestSubmit(button) : button?.click()));
  }, true);

  return { able };
})();
