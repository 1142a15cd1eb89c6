// Charts of the board: each is drawn by ECharts from the table that stands with it, and says nothing that the table does not.
"use strict";

(() => {
  // Told apart by eyes that tell few colours apart.
  const COLOURS = ["#1d4ed8", "#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", "#94a3b8", "#7c3aed", "#475569"];
  const INK = "#334155", QUIET = "#64748b", LINE = "#e2e8f0", BLUE = "#1d4ed8", PALE = "#bfdbfe", GREY = "#cbd5e1";
  const DAY = 86_400_000_000, MOST_BARS = 12, MOST_HOLDERS = 8;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const rows = (name) => [...document.querySelectorAll(`tbody[data-for="${name}"] tr`)].map((row) => row.dataset);
  const number = (text) => text === "" || text === undefined ? null : Number(text);
  const rate = (mean) => (value) => value === null || value === undefined ? "—" : mean ? value.toFixed(2) : `${value.toFixed(1)}%`;
  const axis = { axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false }, axisLabel: { color: QUIET, hideOverlap: true }, splitLine: { lineStyle: { color: "#f1f5f9" } } };

  function common() {
    // Rich text is drawn on the canvas; a box of HTML would need styles that the policy forbids.
    return { animation: !still, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: INK }, color: COLOURS, tooltip: { renderMode: "richText", confine: true } };
  }

  function trend(box) {
    const data = rows("trend"), mean = Boolean(box.dataset.mean), factor = mean ? 1 : 100, said = rate(mean);
    const target = number(box.dataset.target);
    return {
      ...common(),
      grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, right: 0, textStyle: { color: QUIET }, itemHeight: 8 },
      tooltip: { ...common().tooltip, trigger: "axis" },
      xAxis: { type: "category", data: data.map((one) => one.name.slice(2)), ...axis },
      yAxis: [
        { type: "value", min: mean ? 0 : (range) => Math.max(0, Math.floor(range.min / 10) * 10), max: mean ? 5 : (range) => Math.min(100, Math.ceil(range.max / 10) * 10 || 10), ...axis, axisLabel: { color: QUIET, formatter: mean ? "{value}" : "{value}%" } },
        { type: "value", minInterval: 1, max: (range) => Math.max(4, range.max * 3), ...axis, splitLine: { show: false }, axisLabel: { show: false } },
      ],
      series: [
        { name: box.dataset.count, type: "bar", yAxisIndex: 1, data: data.map((one) => Number(one.n)), itemStyle: { color: "#e0e7ff" }, barMaxWidth: 18 },
        {
          name: box.dataset.rate, type: "line", data: data.map((one) => number(one.value) === null ? null : number(one.value) * factor), symbolSize: 7, lineStyle: { width: 2.5, color: BLUE }, itemStyle: { color: BLUE },
          connectNulls: true, tooltip: { valueFormatter: said },
          markLine: target === null ? undefined : { silent: true, symbol: "none", lineStyle: { color: "#94a3b8", type: "dashed" }, label: { formatter: "{c}%", color: QUIET, position: "insideEndTop" }, data: [{ yAxis: target }] },
        },
      ],
    };
  }

  function funnel() {
    const data = rows("funnel"), whole = Math.max(1, ...data.map((one) => Number(one.value)));
    if (data.every((one) => one.value === "0")) return null;
    return {
      ...common(),
      series: [{
        type: "funnel", sort: "none", gap: 3, left: "8%", right: "8%", top: 4, bottom: 4, minSize: "14%", max: whole,
        label: { position: "inside", color: "#0f172a", formatter: (one) => `${one.name}  ${one.value}` }, labelLine: { show: false },
        data: data.map((one, place) => ({ name: one.name, value: Number(one.value), itemStyle: { color: ["#93c5fd", "#a5cdfd", "#b8d7fe", "#cbe2fe", "#dcebfe"][place], borderWidth: 0 } })),
      }],
      tooltip: { ...common().tooltip, formatter: (one) => `${one.name}  ${one.value}  (${Math.round(100 * one.value / whole)}%)` },
    };
  }

  function ranking(box) {
    const mean = Boolean(box.dataset.mean), factor = mean ? 1 : 100, said = rate(mean);
    const data = rows("ranking").filter((one) => one.value !== "").slice(0, MOST_BARS).reverse();
    if (!data.length) return null;
    box.classList.add(`hy-chart-${Math.max(2, data.length)}`);
    return {
      ...common(),
      grid: { left: 4, right: 64, top: 4, bottom: 4, containLabel: true },
      xAxis: { type: "value", max: mean ? 5 : 100, ...axis, axisLabel: { show: false } },
      yAxis: { type: "category", data: data.map((one) => one.name), ...axis, axisLabel: { color: INK, width: 150, overflow: "truncate" } },
      tooltip: { ...common().tooltip, formatter: (one) => `${one.name}  ${said(one.value)}  n = ${data[one.dataIndex].n}` },
      series: [{
        type: "bar", barMaxWidth: 16, label: { show: true, position: "right", color: INK, formatter: (one) => said(one.value) },
        data: data.map((one) => ({ value: Number(one.value) * factor, itemStyle: { color: "few" in one ? GREY : BLUE, borderRadius: 3 } })),
      }],
    };
  }

  function times(box) {
    const data = rows("times"), stages = [...new Set(data.map((one) => one.stage))].reverse();
    const sums = new Map();
    for (const one of data) sums.set(one.name, (sums.get(one.name) ?? 0) + Number(one.value));
    const holders = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
    const own = new Set(holders.slice(0, MOST_HOLDERS)), names = [...own, ...holders.length > own.size ? [box.dataset.other] : []];
    const spent = (stage, name) => data.filter((one) => one.stage === stage && (own.has(one.name) ? one.name : box.dataset.other) === name).reduce((sum, one) => sum + Number(one.value), 0) / DAY;
    const said = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ${box.dataset.unit}`;
    return {
      ...common(),
      grid: { left: 14, right: 36, top: 8, bottom: 44, containLabel: true },
      legend: { type: "scroll", bottom: 0, textStyle: { color: QUIET }, itemHeight: 10, itemWidth: 14 },
      tooltip: { ...common().tooltip, formatter: (one) => `${one.seriesName}  ${said(one.value)}` },
      xAxis: { type: "value", ...axis, axisLabel: { color: QUIET, hideOverlap: true, formatter: `{value} ${box.dataset.unit}` } },
      yAxis: { type: "category", data: stages, ...axis, axisLabel: { color: INK } },
      series: names.map((name) => ({ name, type: "bar", stack: "all", barMaxWidth: 26, data: stages.map((stage) => spent(stage, name)), itemStyle: { borderColor: "#fff", borderWidth: 1 } })),
    };
  }

  const DRAWINGS = { trend, funnel, ranking, times };

  function draw(box) {
    const option = DRAWINGS[box.dataset.chart](box);
    if (option === null) return;
    box.hidden = false;
    const chart = echarts.init(box, null, { renderer: "canvas" });
    chart.setOption(option);
    box.dataset.drawn = "1";
    new ResizeObserver(() => chart.resize({ animation: { duration: 0 } })).observe(box);
    addEventListener("beforeprint", () => chart.resize());
  }

  function begin() {
    if (!window.echarts) return;
    for (const box of document.querySelectorAll("[data-chart]")) draw(box);
    // What is drawn need not be read as a table first; it stays one press away.
    for (const data of document.querySelectorAll("section:has([data-drawn]) details.hy-data[open]")) data.open = false;
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
