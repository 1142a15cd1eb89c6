"""The three administrators of a town, one more who is in charge of accounts and files, and how they bring tables."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.clock import Instant
from engine.database import Transaction
from engine.exchange.spreadsheet import open_table, write_table
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.browser import Browser, FormOnPage, Page
from tests.support.town import Town

#: Login, name, post; each for the whole installation.
ADMINISTRATORS = (
    ("qin", "秦建斌", "system_admin"),
    ("xu", "许国强", "system_admin"),
    ("jiang", "江雅静", "security_admin"),
    ("fan", "范明", "audit_admin"),
)


Rows = list[list[str]]


def administered(served: Town) -> Town:
    """The town with its administrators."""

    def work(transaction: Transaction) -> None:
        create_people(transaction, [NewPerson(login=login, name=name) for login, name, _ in ADMINISTRATORS])
        appoint(
            transaction,
            [Appointment(login=login, post=post, since=Instant(0)) for login, _, post in ADMINISTRATORS],
        )

    served.database.acting(work)
    return served


def taken_out(browser: Browser, table: str, kind: str = "xlsx") -> Rows:
    """A table as its file holds it, the header first."""
    answer = browser.client.get(f"/admin/tables/{table}/file?kind={kind}")
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{kind}"
        path.write_bytes(answer.content)
        with open_table(path) as read:
            header = list(read.headers)
            return [header, *([row.cells[name] for name in header] for row in read.rows)]


def as_workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as Excel keeps them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        write_table(path, rows[0], rows[1:])
        return path.read_bytes()


def as_csv(rows: Iterable[Sequence[str]], encoding: str = "utf-8") -> bytes:
    """Rows as comma-separated text."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def bring(browser: Browser, table: str, content: bytes, **values: str) -> Page:
    """Upload a table; the preview, or the page that says why there is none."""
    form = browser.go(f"/admin/tables/{table}").form(f"/admin/tables/{table}")
    return browser.send(form, values, {"file": content})


def apply(browser: Browser, preview: Page) -> Page:
    """Press the button of a preview."""
    return browser.send(preview.form("/drafts/"))


def lines(page: Page) -> list[tuple[str, ...]]:
    """The rows of the tables on a page, cell by cell."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.html, re.DOTALL)
    cells = [re.findall(r"<td.*?>(.*?)</td>", row) for row in rows]
    return [tuple(unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row) for row in cells if row]


def may_apply(page: Page) -> bool:
    """Whether a preview has a button."""
    return any("/drafts/" in form.action for form in page.forms)


def acknowledged(page: Page) -> FormOnPage:
    """The form that puts a file in force, with the box ticked that says what nobody holds was seen, if there is one."""
    form = page.form("/activate")
    return replace(form, values={**form.values, **{name: given[:1] for name, given in form.choices.items()}})
