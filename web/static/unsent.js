// The list of what waits on this phone.
"use strict";

(() => {
  const list = document.getElementById("hy-unsent-list"), empty = document.getElementById("hy-unsent-empty");
  const row = document.getElementById("hy-unsent-row");

  function drawn(one) {
    const item = row.content.firstElementChild.cloneNode(true);
    const part = (name) => item.querySelector(`[data-part=${name}]`);
    part("title").textContent = one.title;
    part("about").textContent = one.about;
    part("at").textContent = new Date(one.saved_at).toLocaleString("zh-CN");
    part("reason").textContent = one.reason;
    part("reason").hidden = !one.reason;
    for (const [, value] of one.fields) {
      if (!(value instanceof File) || !value.type.startsWith("image/")) continue;
      part("photos").append(Object.assign(document.createElement("img"), { src: URL.createObjectURL(value), alt: "" }));
    }
    part("drop").addEventListener("click", async () => {
      if (!window.confirm(part("drop").dataset.sure)) return;
      for (const sha256 of promised(one)) await kept.drop("originals", sha256);
      await kept.drop("forms", one.key);
      draw();
    });
    part("edit").addEventListener("click", async () => {
      await kept.put("drafts", { id: `${one.person} ${one.url}`, fields: one.fields, at: Date.now() });
      await kept.drop("forms", one.key);
      location.href = one.page;
    });
    return item;
  }

  function promised(one) {
    const said = one.fields.filter(([name, value]) => name.startsWith("original.") && value);
    return said.flatMap(([, value]) => JSON.parse(value)).map((each) => each.sha256).filter(Boolean);
  }

  function following(one) {
    const item = document.getElementById("hy-original-row").content.firstElementChild.cloneNode(true);
    const part = (name) => item.querySelector(`[data-part=${name}]`);
    part("photo").src = URL.createObjectURL(one.file);
    part("name").textContent = one.name;
    part("size").textContent = `${(one.size / 1024 / 1024).toFixed(1)} MB`;
    part("reason").textContent = one.reason;
    part("reason").hidden = !one.reason;
    return item;
  }

  async function draw() {
    const all = await kept.mine(), follow = await originals.mine();
    list.replaceChildren(...all.map(drawn));
    empty.hidden = all.length > 0;
    document.getElementById("hy-originals").hidden = follow.length === 0;
    document.getElementById("hy-originals-list").replaceChildren(...follow.map(following));
  }

  document.getElementById("hy-unsent-send").addEventListener("click", async () => { await kept.flush(true); draw(); });
  document.getElementById("hy-originals-send").addEventListener("click", () => originals.follow(true).then(draw, draw));
  document.addEventListener("hy:kept", draw);
  document.addEventListener("hy:originals", draw);
  draw();
})();
