"""Calendars, registers, rhythms, meetings, minutes, the board: axe-core finds nothing grave, nothing is forbidden."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from engine.clock import HOUR, Instant, SetClock, iso
from engine.database import Database
from engine.exchange.calendar_apply import apply_package
from engine.exchange.registers import apply_rows
from tests.support.axe import axe_source, findings, watch
from tests.support.chromium import REQUIRED, chromium, on_a_port, sign_in
from tests.support.registers import HEADERS, register, table
from tests.support.town import Town, town

pytestmark = pytest.mark.browser

#: A phone and a desk.
WIDTHS = (390, 1440)
#: A problem put on the grid's list.
LISTED = {
    "raised_by": "village", "cross": "department", "lead_department": "urban", "leader_in_charge": "shen",
    "measures": "先清障后硬化", "due": "2026-06-30", "reason": "权属不清",
}  # fmt: skip
#: Who calls a sitting and leads it; who keeps a register.
BOOKS = {
    "liu": ("/meetings/{called}", "/meetings/{open}", "/meetings/{signed}", "/meetings/{signed}/minutes", "/rhythms"),
    "he": (
        "/board", "/board?by=department&area=xd", "/board/overdue", "/board/tomorrow", "/board/cards", "/board/open",
        "/board/flow?workflow=multi-grid-in-one", "/workflows/multi-grid-in-one",
    ),
    "shen": (
        "/calendars", "/calendars/cn-mainland", "/calendars/duty-desk", "/registers", "/registers/special-care",
        "/registers/special-care/rows/fx-001", "/registers/monitoring-points",
        "/registers/monitoring-points/rows/jd-001", "/registers/monitoring-points/rows/jd-001/change",
        "/registers/monitoring-points/new", "/points", "/rhythms", "/meetings", "/meetings/{signed}",
    ),
}  # fmt: skip


@pytest.fixture
def office(
    sqlite_database: Database, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    if os.environ.get("CI") == "true":
        monkeypatch.setenv(REQUIRED, "required")
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


def _met(office: Town, upto: int) -> str:
    """A sitting with a ticket on its agenda, gone through the first `upto` of its acts; its code."""
    at = iso(Instant(office.clock.now() + HOUR))
    body = {"workflow": "multi-grid-in-one", "meeting": "joint", "area": "xd-g", "at": at, "place": "党群服务站"}
    code = str(office.ask("liu", "POST", "/api/meetings", json=body).json()["code"])
    case_no = office.report(workflow="multi-grid-in-one")
    office.act("liu", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    office.act("liu", case_no, "list", LISTED)
    office.act("liu", case_no, "table", {"meeting": code})
    for act in ("open", "close", "sign")[:upto]:
        answer = office.ask("liu", "POST", f"/api/meetings/{code}/acts", json={"act": act})
        assert answer.status_code == 200, answer.text
        if act == "open" and upto > 1:
            office.act("liu", case_no, "take_care", {"lead": "urban", "due": "2026-06-30", "ruling": "先行托底"})
    return code


def _kept(office: Town, folder: Path) -> dict[str, str]:
    """Calendars, rows of two registers, a sitting in each of its states."""
    apply_package(office.database, office.clock.now())
    rows = (("fx-001", "吴阿婆", "xd-v", "独居老人", "13800000001"),)
    file = table(folder / "rows.csv", *rows, headers=HEADERS)
    assert apply_rows(office.database, register(), file, office.clock.now()).refused == ()
    form = {"name": "浦江居委台账点", "area": "xd-v", "kind": "ledger", "interval": 30}
    put = office.ask("shen", "PUT", "/api/registers/monitoring-points/rows/jd-001", json={"form": form, "expected": 0})
    assert put.status_code == 200, put.text
    return {"signed": _met(office, 3), "open": _met(office, 1), "called": _met(office, 0)}


@pytest.mark.parametrize("login", BOOKS)
def test_calendars_registers_rhythms_and_meetings_are_accessible(office: Town, tmp_path: Path, login: str) -> None:
    _walk(office, login, BOOKS[login], _kept(office, tmp_path))


def _walk(office: Town, login: str, paths: Sequence[str], parts: Mapping[str, str]) -> None:
    source = axe_source()
    found: list[str] = []
    with on_a_port(office) as address, chromium() as browser:
        context = browser.new_context()
        sign_in(context, office, address, login)
        page = context.new_page()
        said = watch(page)
        for path in (path.format(**parts) for path in paths):
            answer = page.goto(address + path, wait_until="networkidle")
            assert answer.status == 200, path
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found += [f"{path} at {width} px: {one}" for one in findings(page, source)]
        context.close()
    assert not found, "\n".join(found)
    assert not said, "\n".join(said)
