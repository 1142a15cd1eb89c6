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

  async function draw() {
    const all = await kept.mine();
    list.replaceChildren(...all.map(drawn));
    empty.hidden = all.length > 0;
  }

  document.getElementById("hy-unsent-send").addEventListener("click", async () => { await kept.flush(true); draw(); });
  document.addEventListener("hy:kept", draw);
  draw();
})();
