"""Somebody at a real browser who does what people do: looks, clicks, types, waits for what comes."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.clock import CIVIL_ZONE, Instant, SetClock, instant
from engine.database import Database, Transaction
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.chromium import chromium, on_a_port, sign_in
from tests.support.databases import Files
from tests.support.pictures import jpeg, scene
from tests.support.town import Town, town

#: Milliseconds that anything may take.
WAIT = 8_000
#: Beside the town's people: a second desk, the head of the village, the street's chief.
_MORE = (
    ("yu", "于晴", "coordinator", "xd"),
    ("tang", "汤芳", "village_head", "xd-m"),
    ("min", "闵镇长", "chief", "xd"),
)


class Street:
    """A served town and a browser, shared by the tests of a file."""

    def __init__(self, office: Town, address: str, browser: Any) -> None:
        self.office, self.address, self.browser = office, address, browser

    @contextmanager
    def people(self, *logins: str, javascript: bool = True, width: int = 1440) -> Iterator[list["Somebody"]]:
        """People of these logins, each at a browser of their own."""
        contexts = []
        try:
            for login in logins:
                context = self.browser.new_context(
                    viewport={"width": width, "height": 900}, base_url=self.address, java_script_enabled=javascript
                )
                contexts.append(context)
                sign_in(context, self.office, self.address, login)
            yield [Somebody(context, javascript) for context in contexts]
        finally:
            for context in contexts:
                context.close()


@contextmanager
def street(files: Files, folder: Path) -> Iterator[Street]:
    """A town of its own in a folder, at nine on a Monday, with everybody that the stories need."""
    clock = SetClock(instant(datetime(2026, 3, 2, 9, 0, tzinfo=CIVIL_ZONE)))
    database = Database(files.fresh(folder))
    try:
        with town(database, clock, folder / "data") as office:
            database.acting(_hire)
            with on_a_port(office) as address, chromium() as browser:
                yield Street(office, address, browser)
    finally:
        database.close()


def _hire(transaction: Transaction) -> None:
    create_people(transaction, [NewPerson(login=login, name=name) for login, name, *_ in _MORE])
    appoint(
        transaction,
        [Appointment(login=login, post=post, area=area, since=Instant(0)) for login, _, post, area in _MORE],
    )


class Somebody:
    """One person, one browser, one page."""

    def __init__(self, context: Any, javascript: bool = True) -> None:
        self.context, self.javascript = context, javascript
        self.page = context.new_page()
        self.page.set_default_timeout(WAIT)

    def go(self, path: str) -> None:
        """Open an address, as from a bookmark."""
        answer = self.page.goto(path)
        assert answer.status == 200, (path, answer.status)

    def click(self, words: str, within: str = "main") -> None:
        """Press what reads so: a link or a button that begins with the words."""
        self.page.locator(f"{within} :is(a, button, summary)", has_text=_begins(words)).first.click()

    def reads(self, words: str, within: str = "main") -> None:
        """Wait until the words are there."""
        self.page.locator(within, has_text=words).first.wait_for()

    def opens(self, words: str) -> None:
        """From the home page to the ticket of these words."""
        self.go("/")
        self.page.locator("a.hy-row", has_text=words).first.click()
        self.page.locator("#ticket").wait_for()

    def fills(self, within: str, values: Mapping[str, Any]) -> None:
        """Fill a form's fields, each in its own way; bytes are a photo, `find.x` is searched and its first is taken."""
        for name, value in values.items():
            if name.startswith("find."):
                self._finds(within, name, value)
            elif isinstance(value, bytes):
                photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": value}
                self.page.set_input_files(f"{within} input[type=file][name='{name}']", photo)
            else:
                self._fills(within, name, value)

    def _fills(self, within: str, name: str, value: str) -> None:
        # What is asked of each task is named by its number, which nobody reads.
        ends = f"[name$='{name}']" if name.startswith(".") else f"[name='{name}']"
        field = self.page.locator(f"{within} :is(textarea, select, input:not([type=hidden])){ends}").first
        kind = field.evaluate("one => one.type")
        if kind == "select-one":
            field.select_option(value)
        elif kind in ("radio", "checkbox"):
            self.page.locator(f"{within} label:has(input{ends}[value='{value}'])").first.click()
        else:
            field.fill(value)

    def _finds(self, within: str, name: str, value: str) -> None:
        """`words|choice`: search, and take the choice."""
        words, _, choice = value.partition("|")
        self.page.fill(f"{within} input[name='{name}']", words)
        if not self.javascript:
            self.page.click(f"{within} .input-group:has(input[name='{name}']) button")
        self.page.locator(f"{within} label:has(input[value='{choice}'])").click()

    def acts(self, words: str, values: Mapping[str, Any] | None = None) -> None:
        """On a ticket's page: choose an act by its title, fill what it asks, send it, read that it is done."""
        self.asks(words)
        if values is not None:
            self.page.locator("#act form").wait_for()
            self.fills("#act", values)
            self.sends()
        self.page.locator("#ticket .alert-success", has_text=words).wait_for()

    def asks(self, words: str) -> None:
        """Choose what can be done, without filling anything."""
        self.page.locator("#ticket .hy-deeds :is(a, button)", has_text=_begins(words)).first.click()

    def sends(self) -> None:
        """Send the form of an act."""
        self.page.locator("#act .hy-submit button").click()

    def state(self) -> str:
        """Where the ticket stands, as its page says."""
        return str(self.page.locator("#ticket .hy-state").inner_text())

    def whole(self) -> bool:
        """Whether the page is a page and no part of one, and no page within a page."""
        counts = [
            self.page.locator(one).count() for one in ("header.navbar", "main", "nav.hy-nav", "html > head > title")
        ]
        return counts == [1, 1, 1, 1]


def photo(seed: int) -> bytes:
    """A photo of a scene."""
    return jpeg(scene(seed))


def _begins(words: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(words)}")
