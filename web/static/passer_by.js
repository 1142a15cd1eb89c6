// One tap says where one stands; the form works without it. A second tap on "send" while the first is under way is none.
"use strict";

(() => {
  const here = document.querySelector("[data-here]");
  const ask = here?.querySelector("[data-here-ask]"), said = here?.querySelector("[data-here-said]");
  const fields = (name) => here.querySelector(`[name="place.${name}"]`);

  function found(position) {
    const { longitude, latitude, accuracy } = position.coords;
    fields("lon").value = longitude.toFixed(7);
    fields("lat").value = latitude.toFixed(7);
    fields("accuracy").value = String(Math.min(Math.ceil(accuracy), 100000));
    said.textContent = `已附上您的位置（误差约 ${Math.ceil(accuracy)} 米） / with your position`;
    ask.disabled = false;
  }

  function lost() {
    said.textContent = "没有取得位置，按所在网格上报 / no position: the grid's own place is used";
    ask.disabled = false;
  }

  if (ask && navigator.geolocation && window.isSecureContext) {
    ask.hidden = false;
    ask.addEventListener("click", () => {
      ask.disabled = true;
      said.textContent = "正在定位… / finding you…";
      navigator.geolocation.getCurrentPosition(found, lost, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
    });
  }

  const form = document.querySelector("form[data-once]");
  let under_way = false;
  form?.addEventListener("submit", (event) => {
    if (under_way) event.preventDefault();
    under_way = true;
  });
  // A page that the browser brings back from its memory may be sent again.
  window.addEventListener("pageshow", () => { under_way = false; });

  const print = document.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
})();
