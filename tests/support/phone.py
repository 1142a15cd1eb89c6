"""A grid worker's phone: a real browser that can lose its signal."""

from typing import Any

from tests.support.pictures import jpeg, scene
from tests.support.town import BLOCK_CALLS, Town

REPORT = f"/report/{BLOCK_CALLS}/report"
WAIT = 8_000
_UNTIL_KEPT = """async (path) => {
  for (;;) {
    const pages = await caches.open("huying-pages");
    if (await pages.match(path, { ignoreSearch: true })) return;
    await new Promise((done) => setTimeout(done, 50));
  }
}"""


class Phone:
    """王芳's phone."""

    def __init__(self, office: Town, address: str, context: Any) -> None:
        self.office, self.address, self.context = office, address, context
        self.page = context.new_page()
        self.page.set_default_timeout(WAIT)

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def stocked(self, path: str = REPORT) -> None:
        """At home with signal, until the phone keeps the page."""
        self.go("/")
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        self.page.evaluate(_UNTIL_KEPT, path)

    def fill(self, words: str, photo: bytes | None = None) -> None:
        page = self.page
        page.fill("textarea[name=description]", words)
        page.set_input_files(
            "input[type=file][name=before_photos]",
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo or jpeg(scene(len(words)))},
        )
        page.select_option("select[name=place]", "xd-m")

    def send(self) -> None:
        self.page.click(".hy-submit button")

    def unsent(self) -> int:
        shown = self.page.locator("#hy-unsent")
        return int(shown.locator("b").inner_text()) if shown.is_visible() else 0

    def signal(self, there: bool) -> None:
        self.context.set_offline(not there)

    def arrived(self, words: str) -> list[str]:
        found = self.office.get("shen", "/api/tickets", text=words)["items"]
        return [item["case_no"] for item in found]
