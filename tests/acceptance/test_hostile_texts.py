"""Texts that attack their readers: whatever somebody writes stays a text on every page, in a real browser too."""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from engine.clock import SetClock
from engine.database import Database
from tests.support.axe import watch
from tests.support.cases import MONDAY
from tests.support.chromium import chromium, on_a_port, sign_in
from tests.support.databases import Files
from tests.support.everybody import LINK, NOBODY, RECEIPT, Everybody, everybody
from tests.support.gates import GATES, address
from tests.support.hostile import ALIVE, ALMIGHTY, PAYLOAD, SHORT, hostile

#: What is a file or a picture, or only leads elsewhere.
_NO_PAGES = re.compile(
    r"/api/|/language|.*/file$|.*/files/|.*\.csv$|/sw\.js|/manifest|/uploads/|.*/photos/|/csrf|/catalogue$|/originals|"
    r"/map/grids|/board/outlines"
)
#: Every ticket's page takes a minute.
SOAK = bool(os.environ.get("HUYING_SOAK"))
_ALIVE = "() => window.__hit || document.querySelector('[data-alive], [onerror], [onload], a[href^=\"javascript:\"]')?.outerHTML"  # noqa: E501


@pytest.fixture(scope="module")
def whole(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    folder = tmp_path_factory.mktemp("hostile")
    with closing(Database(files.fresh(folder))) as database, everybody(database, SetClock(MONDAY), folder) as made:
        hostile(made)
        yield made


def _numbers(whole: Everybody) -> list[str]:
    with whole.town.database.looking() as transaction:
        return [row[0] for row in transaction.rows("SELECT number FROM case_number ORDER BY number")]


def _pages(whole: Everybody) -> Iterator[tuple[str, str]]:
    """Who opens which page."""
    for name, gate in GATES.items():
        method, path = name.split(" ", 1)
        if method == "GET" and not _NO_PAGES.match(path) and "{case_no}" not in path:
            who = LINK if path.startswith("/t/") else RECEIPT if path.startswith("/r/") else ALMIGHTY
            yield who, address(whole, path, gate)
    for number in _numbers(whole)[:: 1 if SOAK else 2]:
        yield ALMIGHTY, f"/tickets/{number}"
    for path in ("/workflows/hostile", "/admin/workflows/loops/hostile/1", "/report/hostile/report", "/paths/hostile"):
        yield ALMIGHTY, path
    yield ALMIGHTY, "/board/flow?workflow=hostile"
    yield ALMIGHTY, "/tickets?q=%3Cimg+src%3Dx+data-alive+onerror%3D1%3E"


def test_the_attacks_are_there(whole: Everybody) -> None:
    """The test would be worth nothing if nobody had let the texts in."""
    assert len(_numbers(whole)) > 12
    shown = [whole.ask(ALMIGHTY, "GET", f"/tickets/{number}").text for number in _numbers(whole)]
    assert sum("&lt;img src=x data-alive" in one for one in shown) > 10
    assert sum("{{7*7}}" in one for one in shown) > 10
    assert "data-alive" in whole.ask(ALMIGHTY, "GET", "/workflows/hostile").text


def test_whatever_is_sent_comes_back_as_text(whole: Everybody) -> None:
    """Every field of every form, and every parameter of every address, whatever the page makes of it."""
    asked = 0
    for route in iter_route_contexts(whole.town.client.app.routes):  # type: ignore[attr-defined]
        path = route.path or ""
        for method in sorted(set(route.methods or ()) & {"GET", "POST"}):
            gate = GATES.get(f"{method} {path}")
            if gate is None or path.startswith(("/api/", "/signout", "/sessions", "/password")):
                continue
            to = address(whole, path, gate).partition("?")[0]
            for who in (ALMIGHTY, NOBODY):
                names = {*_parameters(route), "q", "next", "find.item", *gate.form}
                options: dict[str, Any] = {"params": dict.fromkeys(names, SHORT)}
                if method == "POST":
                    options = {"form": {**dict.fromkeys((*names, *_FIELDS), PAYLOAD), **dict(gate.form)}}
                answer = whole.ask(who, method, to, **options)
                assert answer.status_code < 500, (method, path)
                if answer.headers.get("content-type", "").startswith("text/html"):
                    assert ALIVE not in answer.text, (method, path, who)
                    assert "<img src=x" not in answer.text, (method, path, who)
                asked += 1
    assert asked > 250


#: Names that forms of ours have.
_FIELDS = (
    "description", "reason", "note", "message", "title", "login", "code", "name", "words", "unit", "remarks", "place",
    "at", "deputy", "since", "until", "purpose", "area", "period", "kind", "more", "more_text", "key", "ticket", "on",
    "quiet", "digest", "address", "contact_name", "contact_phone", "by.name", "by.phone", "place.address",
)  # fmt: skip


def _parameters(route: Any) -> set[str]:
    def of(dependant: Any) -> Iterator[str]:
        yield from (one.alias for one in dependant.query_params)
        for below in dependant.dependencies:
            yield from of(below)

    dependant = getattr(route, "dependant", None)
    return set(of(dependant)) if dependant is not None else set()


@pytest.mark.browser
def test_nothing_that_somebody_wrote_comes_alive_in_a_browser(whole: Everybody) -> None:
    town, found = whole.town, []
    with on_a_port(town) as base, chromium() as browser:
        context = browser.new_context()
        sign_in(context, town, base, ALMIGHTY)
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.dismiss())
        said = watch(page)
        for _, path in _pages(whole):
            answer = page.goto(base + path, wait_until="domcontentloaded")
            assert answer.status < 500, path
            alive = page.evaluate(_ALIVE)
            if alive:
                found.append(f"{path}: {alive}")
        # The watch itself: what comes alive is seen.
        page.evaluate("(text) => { document.querySelector('main').innerHTML = text }", PAYLOAD)
        assert page.evaluate(_ALIVE)
        context.close()
    assert not found, "\n".join(found)
    silent = [one for one in said if "CSP" in one and not one.startswith(f"{base}/tickets?q=")]
    assert not silent, "\n".join(silent)
