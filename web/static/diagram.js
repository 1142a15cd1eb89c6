// Draws the diagram that stands on the page as text; without it the text and the table below say the same.
window.addEventListener("DOMContentLoaded", () => {
  if (!window.mermaid) return;
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: "neutral", maxTextSize: 200000, state: { useMaxWidth: true } });
  mermaid.run({ querySelector: "#diagram" });
});
