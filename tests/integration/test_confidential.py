"""Whoever may not know of a ticket gets the very same answers as if there were none: every page, every part of the API.

The routes are asked of the application itself, so that a new page is looked at before anybody thinks of it.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from engine.application import Application
from engine.background.commands import run_commands
from engine.background.deliver import Deliverer
from engine.background.fan_out import fan_out
from engine.background.proposals import keep_up
from engine.background.relay import relay
from engine.background.rhythms import run_rhythms
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR, MINUTE, SetClock
from engine.database import Database
from engine.definitions import thresholds
from engine.exchange.registers import apply_rows
from engine.records import births
from engine.records.access import open_session, person_of_login, viewer_of
from engine.records.frequent import busy, roots
from tests.support.confided import confiding
from tests.support.registers import HEADERS, register, table
from tests.support.town import Town, png, town
from web.sessions import COOKIE, token_of

#: Whoever reaches far and may not know: the city's desk, the district's, its leader and its supervisor, the street's
#: desk, the accused department and its handler, a grid worker of the very place.
FOREIGN = ("jin", "gu", "min", "he", "shen", "chen-lead", "chen", "wang")
SPOT = {"lon": 121.47, "lat": 30.93, "datum": "WGS-84", "area": "xd-m"}
ITEM = "part-01-01/1"
WORDS = "窨井盖破损，队长收钱不修"
PHOTO = png(7)
SHA256 = hashlib.sha256(PHOTO).hexdigest()
#: Parts of addresses; a route with another part fails the test until somebody says here what to ask for.
PARTS = {
    "sha256": [SHA256], "action": ["send", "accept"], "workflow": ["confided"], "start": ["report"],
    "login": ["qu", "liu"], "post": ["petition_officer"], "register": ["person"], "code": ["fx-001", "xd-g"],
    "key": ["confided", "special-care", "cn-mainland"], "unit": ["urban", "water"], "secret": ["x" * 43],
    "sheet": ["department", "street"],
    "name": ["valid_reports", "duplicates"], "seq": ["1", "9"], "task": ["4", "9"], "version": ["1"], "number": ["1"],
    "sample": ["callbacks"], "period": ["2026-03"],
    "form": ["xlsx"], "kind": ["bulletin"],
}  # fmt: skip
#: Routes that ask more when they are asked so.
QUERIES = {
    "/": ("",),
    "/tickets": (
        "",
        "?workflow=confided",
        "?state_type=closed",
        "?mine=1",
        "?q=收钱",
        "?q=窨井 破损",
        "?q={case_no}",
        "?area=xd-m",
    ),
    "/queue": ("", "?urgency=normal", "?light=red", "?on=request"),
    "/bulk": ("", "?ticket={case_no}", "?group={case_no}"),
    "/tasks": ("", "?by=place", "?by=standard", "?by=map", "?part=unsigned", "?part=check"),
    "/map/grids": ("?box=1214000000,309000000,1215000000,310000000",),
    "/bulk/{action}": ("?ticket={case_no}", "?on=task.line&ticket={case_no}"),
    "/api/tickets": (
        "",
        "?workflow=confided",
        "?area=fx",
        "?area=xd-m",
        "?mine=1",
        "?department=water",
        "?item=part-01-01",
        "?text=收钱",
        "?text={case_no}",
    ),
    "/figures": ("", "?area=xd-m"),
    "/figures/{name}": ("", "?by=area", "?by=person", "?by=item&side=rest", "?side=immature", "?side=excluded"),
    "/api/figures/{name}": ("", "?by=area", "?by=channel"),
    "/api/figures/{name}/tickets": ("", "?side=numerator", "?side=immature", "?side=excluded"),
    "/api/feed": ("?limit=200",),
    "/find/{register}": ("?name=person&find.person=",),
    "/activity": ("", "?month=2026-03"),
    "/api/activity": ("?month=2026-03",),
    "/precedents": ("", "?q=confided"),
    "/paths/{key}": ("", "?area=xd-m", "?item=part-01-01"),
    "/paths/{key}/tickets": ("", "?move=(start)&move=report&move=open"),
    "/paths/{key}/file": ("?made=xes", "?made=ocel"),
    "/workflows/{key}": ("", "?ticket={case_no}"),
    "/admin/workflows/loops/{key}/compare": ("", "?before=1&after=1"),
    "/supervision/notice": ("", "?ticket={case_no}"),
    "/exemptions": ("", "?indicator=score", "?department=water"),
    "/api/exemptions": ("", "?ticket={case_no}", "?indicator=score"),
    "/board": ("", "?workflow=confided", "?by=item", "?by=workflow&show=reached_filed"),
    "/board/flow": ("?workflow=confided",),
    "/board/open": ("", "?workflow=confided", "?workflow=confided&state=filed"),
    "/board/overdue": ("", "?workflow=confided"),
    "/board/tomorrow": ("", "?workflow=confided"),
    "/board/cards": ("", "?ended=1"),
    "/api/precedents": ("", "?q=指定"),
    "/uploads/{sha256}/thumb": ("", "?ticket={case_no}"),
    "/api/uploads/{sha256}/thumb": ("", "?ticket={case_no}"),
}


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        rows = (("fx-001", "吴阿婆", "xd-v", "独居老人", ""),)
        assert apply_rows(database, register(), table(tmp_path / "rows.csv", *rows, headers=HEADERS), clock.now()).new
        yield confiding(served)


def _open_ticket(served: Town, login: str = "wang") -> str:
    """An open ticket at the spot, of the same item, in the same words."""
    form = {"description": WORDS[:5], "place": SPOT, "before_photos": [served.photo(login, PHOTO)]}
    body = {"workflow": "block-calls-line-responds", "action": "report", "form": form}
    case_no = str(served.ask(login, "POST", "/api/tickets", json=body).json()["case_no"])
    served.act("shen", case_no, "accept", {"item": ITEM, "urgency": "normal"})
    return case_no


def _confide(served: Town, secret: bool = True, login: str = "liu") -> str:
    form = {
        "description": WORDS, "place": SPOT, "before_photos": [served.photo(login, PHOTO)], "item": ITEM,
        "secret": secret, "accused": ["urban"],
    }  # fmt: skip
    body = {"workflow": "confided", "action": "report", "form": form}
    answer = served.ask(login, "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def _lived(served: Town, case_no: str) -> None:
    """Sent, ruled upon, answered: whatever a ticket may leave behind."""
    served.act("qu", case_no, "send", {"lead": "power"})
    served.act("qu", case_no, "designate", {"lead": "water", "ruling": "指定水务办理"})
    task = next(
        one for one in served.get("qu", f"/api/tickets/{case_no}")["tasks"]
        if one["department"]["code"] == "water"
    )  # fmt: skip
    served.act("lu", case_no, "answer", {"result": "已查实"}, task=task["task"])
    ((ticket_id,),) = _rows(served, "SELECT ticket_id FROM case_number WHERE number = ?", case_no)
    key = ("four-hundred-visits", "care", "x", "special-care/fx-001")
    served.database.acting(lambda transaction: births.remember(transaction, key, ticket_id, served.clock.now()))


def _rows(served: Town, sql: str, *parameters: Any) -> list[Any]:
    with served.database.looking() as transaction:
        return [
            tuple(row)
            for row in transaction.rows(sql.replace("?", "%s") if transaction.postgresql else sql, parameters)
        ]


def _work(served: Town) -> None:
    """Everything that waits in the background is done."""
    house = Application(settings=served.settings, database=served.database, clock=served.clock)
    sweep(house.door, house.database, house.clock)
    run_commands(house.door, house.database, house.clock)
    relay(house.database)
    keep_up(house.door, house.database, house.clock)
    relay(house.database)
    run_rhythms(house.database, house.versions, house.settings.rhythms, house.clock)
    fan_out(house.database, house.clock)
    deliverer = Deliverer.of(house)
    try:
        deliverer.deliver()
    finally:
        deliverer.close()


def _addresses(served: Town, case_no: str, seq: int = 1) -> list[str]:
    """Every GET of the application, filled with what would meet that ticket."""
    parts = {**PARTS, "case_no": [case_no], "ref": [f"{case_no}.{seq}"]}
    found = []
    for route in iter_route_contexts(served.client.app.routes):  # type: ignore[attr-defined]
        if route.path is None or "GET" not in (route.methods or ()):
            continue
        paths = [route.path]
        for name in re.findall(r"{(\w+)}", route.path):
            assert name in parts, f"say in PARTS what {{{name}}} of {route.path} is to be"
            paths = [path.replace(f"{{{name}}}", part) for path in paths for part in parts[name]]
        for query in QUERIES.get(route.path, ("",)):
            found += [path + query.replace("{case_no}", case_no) for path in paths]
    assert len(found) > 60
    return found


class _Eyes:
    """Somebody's browser and programs at once."""

    def __init__(self, served: Town, login: str) -> None:
        # An address of their own: together they would be taken for one who guesses at secrets.
        self.client = TestClient(
            served.client.app, raise_server_exceptions=False, follow_redirects=False, client=(login, 1)
        )
        now = served.clock.now()
        self.client.cookies.set(COOKIE, open_session(served.database, person_of_login(served.database, login), now))
        self.headers = {"Authorization": f"Bearer {served.token(login)}"}

    def look(self, address: str) -> tuple[int, str]:
        """Status and body, without what differs from one request to the next."""
        answer = self.client.get(address, headers=self.headers)
        assert answer.status_code < 500, (address, answer.text)
        body = re.sub(r'name="(csrf|key)" value="[^"]*"', "", answer.text)
        if address.startswith("/api/feed"):
            # Positions are one row for all acts: how far a reader has looked says that something was there.
            body = re.sub(r'"through":\d+', "", body)
        return answer.status_code, body


def _next_number(served: Town) -> str:
    """The case number that the next ticket will have."""
    ((newest,),) = _rows(served, "SELECT max(case_no) FROM ticket")
    day, _, serial = newest.partition("-")
    return f"{day}-{int(serial) + 1:0{len(serial)}}"


def test_every_answer_is_the_same_whether_it_is_there_or_not(xidu: Town) -> None:
    for _ in range(4):
        _open_ticket(xidu)
    _work(xidu)
    begins, number = xidu.clock.now(), _next_number(xidu)
    # Both times are looked at from a minute later, when nothing waits for delivery any more.
    xidu.clock.advance(MINUTE)
    _work(xidu)
    eyes = {login: _Eyes(xidu, login) for login in FOREIGN}
    addresses = _addresses(xidu, number)
    before = {(login, address): eyes[login].look(address) for login in FOREIGN for address in addresses}
    xidu.clock.at = begins
    case_no = _confide(xidu)
    assert case_no == number
    _lived(xidu, case_no)
    _work(xidu)
    xidu.clock.advance(MINUTE)
    _work(xidu)
    for (login, address), seen in before.items():
        assert eyes[login].look(address) == seen, (login, address)
    assert _Eyes(xidu, "qu").look(f"/tickets/{number}")[0] == 200
    assert _Eyes(xidu, "liu").look(f"/tickets/{number}")[0] == 200
    assert WORDS in _Eyes(xidu, "lu").look("/tickets?workflow=confided")[1]


def test_acts_on_it_are_refused_as_on_a_number_that_was_never_given(xidu: Town) -> None:
    _open_ticket(xidu)
    number, nowhere = _confide(xidu), "20260302-999999"
    for login in FOREIGN:
        for method, path, body in (
            ("POST", "/api/tickets/{}/acts", {"action": "hide", "form": {"secret": False}}),
            ("GET", "/api/tickets/{}/actions", None),
            ("GET", "/api/tickets/{}/history", None),
        ):
            told = [xidu.ask(login, method, path.format(one), json=body) for one in (number, nowhere)]
            assert [one.status_code for one in told] == [404, 404]
            assert told[0].text.replace(number, "…") == told[1].text.replace(nowhere, "…")
    mine = xidu.report("wang")
    asked = [xidu.refused("shen", mine, "join", {"ticket": one}) for one in (number, nowhere)]
    assert "没有这个案卷" in str(asked[0])
    assert str(asked[0]).replace(number, "…") == str(asked[1]).replace(nowhere, "…")


def test_whatever_is_sent_about_it_is_answered_as_of_a_number_that_was_never_given(xidu: Town) -> None:
    """Every route that takes something: by the number in its address, and by every field that could name a ticket."""
    for _ in range(2):
        _open_ticket(xidu)
    number, nowhere, asked = _confide(xidu), "20260302-999999", 0
    _lived(xidu, number)
    _work(xidu)
    for login in ("gu", "he", "chen-lead", "shen"):
        eyes = _Eyes(xidu, login)
        token = token_of(eyes.client.cookies[COOKIE])
        for method, path in _sent(xidu):
            told = []
            for one in (number, nowhere):
                values = {"action": "hide", "purpose": "reach", "message": "x", "reason": "x", "on": ""}
                values |= dict.fromkeys(("ticket", "about", "main", "q", "text", "case_no"), one)
                options: dict[str, Any] = (
                    {"json": values} if path.startswith("/api/") else {"data": {**values, "csrf": token}}
                )
                answer = eyes.client.request(method, path.format(one), headers=eyes.headers, **options)
                assert answer.status_code < 500, (method, path)
                body = re.sub(r'name="(csrf|key)" value="[^"]*"', "", answer.text)
                told.append((answer.status_code, body.replace(one, "…")))
            assert told[0] == told[1], (login, method, path)
            asked += 1
    assert asked > 4 * 30


def _sent(served: Town) -> list[tuple[str, str]]:
    """Every route that takes something and has no end of a session in it; `{}` for a ticket's number."""
    found = []
    for route in iter_route_contexts(served.client.app.routes):  # type: ignore[attr-defined]
        for method in sorted({"POST", "PUT", "DELETE"} & set(route.methods or ())):
            path = str(route.path)
            if path.startswith(("/sign", "/password", "/sessions", "/g/", "/t/", "/r/", "/admin", "/next", "/inbox")):
                continue
            for name in re.findall(r"{(\w+)}", path):
                filled = "{}" if name == "case_no" else {**PARTS, "act": ["put"]}[name][0]
                path = path.replace(f"{{{name}}}", filled)
            found.append((method, path))
    return found


def test_time_passes_and_still_nobody_meets_it(xidu: Town) -> None:
    """Reminders, lists of rhythms, a new report at the same spot with the same photo: nothing hints at it."""
    number = _confide(xidu)
    xidu.act("qu", number, "send", {"lead": "power"})
    later = _confide(xidu)
    _lived(xidu, later)
    for _ in range(3):
        xidu.clock.advance(DAY)
        _work(xidu)
    mine = _open_ticket(xidu)
    xidu.clock.advance(HOUR)
    _work(xidu)
    for login in FOREIGN:
        eyes = _Eyes(xidu, login)
        for address in _addresses(xidu, mine):
            body = eyes.look(address)[1]
            assert number not in body, (login, address)
            assert later not in body, (login, address)
            assert WORDS not in body, (login, address)
    history = xidu.get("gu", f"/api/tickets/{mine}/history")["events"]
    assert {event["action"] for event in history} == {"report", "accept", "rung"}
    assert all("same_as" not in one for event in history for one in event["facts"].get("evidence", ()))
    lists = _rows(xidu, "SELECT body FROM message WHERE kind = 'list'")
    assert not any(number in body or later in body for (body,) in lists)
    said = _rows(
        xidu, "SELECT e.facts FROM event e JOIN case_number c ON c.ticket_id = e.ticket_id WHERE c.number = ?", mine
    )
    assert not any(number in facts or later in facts for (facts,) in said), "nor is it kept where it can't be unsaid"
    assert xidu.get("gu", f"/api/tickets/{mine}/duplicates") == {"items": [], "relapse_of": None, "relapses": []}
    told = _rows(
        xidu,
        "SELECT p.login FROM message m JOIN person p ON p.id = m.person_id JOIN ticket t ON t.id = m.ticket_id "
        "WHERE t.confidential",
    )
    assert {login for (login,) in told} <= {"qu", "liu", "lu", "lu-lead", "power-lead"}
    assert "qu" in {login for (login,) in told}


def test_what_was_open_and_named_elsewhere_is_taken_out_once_it_is_kept(xidu: Town) -> None:
    """A ticket that others' histories name already turns confidential."""
    case_no = _confide(xidu, secret=False)
    mine = _open_ticket(xidu)
    joined = _confide(xidu, secret=False, login="wang")
    xidu.act("qu", joined, "join", {"ticket": case_no})
    _work(xidu)
    assert case_no in _Eyes(xidu, "gu").look(f"/api/tickets/{mine}/history")[1], "the same photo"
    assert case_no in _Eyes(xidu, "gu").look(f"/tickets/{joined}")[1]
    xidu.act("qu", case_no, "hide", {"secret": True})
    _work(xidu)
    for login in ("gu", "he", "jin", "shen"):
        eyes = _Eyes(xidu, login)
        for address in (*_addresses(xidu, mine), *_addresses(xidu, joined)):
            assert case_no not in eyes.look(address)[1], (login, address)
        inbox = xidu.get(login, "/api/inbox")
        there = [one for one in inbox["items"] if one["read_at"] is None]
        assert inbox["unread"] == len(there), "the badge counts what is there"
    assert case_no in _Eyes(xidu, "qu").look(f"/tickets/{joined}")[1]
    xidu.act("qu", case_no, "hide", {"secret": False})
    assert case_no in _Eyes(xidu, "gu").look(f"/tickets/{joined}")[1]


def test_whoever_may_know_finds_it_by_area_and_as_their_move(xidu: Town) -> None:
    number = _confide(xidu)
    for query in ({"area": "fx"}, {"area": "xd-m"}, {"mine": "true"}, {"workflow": "confided"}):
        (row,) = xidu.get("qu", "/api/tickets", **query)["items"]
        assert (row["case_no"], row["confidential"]) == (number, True), query
    assert xidu.get("qu", f"/api/tickets/{number}")["confidential"] is True
    assert xidu.get("gu", "/api/tickets", area="fx")["items"] == []


def test_what_is_counted_for_all_does_not_move(xidu: Town) -> None:
    for _ in range(4):
        _open_ticket(xidu)
    _confide(xidu)

    def count(units: list[str]) -> int:
        with xidu.database.looking() as transaction:
            return len(busy(transaction, units, xidu.clock.now(), thresholds.shipped().frequent))

    with xidu.database.looking() as transaction:
        whole = roots(transaction)
        officer = viewer_of(transaction, person_of_login(xidu.database, "qu"), xidu.clock.now())
    assert count(whole) == 0
    assert count(list(officer.units)) == 1
