"""What axe-core, the browser's policy and its console say of a page."""

from typing import Any

from tests.support.chromium import VENDOR, without
from web import assets

#: What keeps somebody from using a page; lesser findings are advice.
GRAVE = ("serious", "critical")
_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
#: Style sheets are read as the browser has them: fetching them again would break the very policy that is tested.
_RUN = """async () => (await axe.run(document, { preload: false, resultTypes: ["violations"] })).violations
  .map((one) => [one.impact, one.id, one.nodes.map((node) => [node.target.join(" "), node.failureSummary])])"""


def axe_source() -> str:
    """The program; where it isn't on the disk the test is skipped with a reason, or fails if it is required."""
    file = VENDOR / assets.AXE.file
    if not file.exists():
        without("no axe-core on the disk: make assets ASSETS_ARGS=--testing")
    return file.read_text(encoding="utf-8")


def watch(page: Any) -> list[str]:
    """Whatever this page will complain of: errors, and what its policy forbade."""
    said: list[str] = []
    page.add_init_script(_WATCH)
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    return said


def findings(page: Any, source: str) -> list[str]:
    """Grave findings on a page as it stands, one line each."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(source)
    return [
        f"{impact} {rule} at {target}: {' '.join(summary.split())}"
        for impact, rule, nodes in page.evaluate(_RUN)
        if impact in GRAVE
        for target, summary in nodes
    ]
