"""Every route against everybody: who comes through, and what the others are told, is declared in `tests/support/gates`.

A new page without a line there fails; whatever nobody declared is denied. First all that must be denied is tried and
the database compared, then all that must be open.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from engine.clock import SetClock
from engine.database import Database
from tests.support.cases import MONDAY
from tests.support.databases import Files
from tests.support.everybody import NOBODY, PLACES, Everybody, everybody, posts
from tests.support.gates import APART, GATES, Gate, Person, address, knows, people

#: Everything from everywhere takes minutes.
SOAK = bool(os.environ.get("HUYING_SOAK"))
#: Kept of itself by whoever only looks: how long sessions are used, how often somebody came, who looked at what.
_BESIDE = frozenset({"token", "rate_window", "heartbeat", "sqlite_sequence"})
#: People of each route who come through, or don't, unless everything is tried.
_MOST = {True: 2, False: 12}
NEVER_GIVEN = "20260302-999999"


@pytest.fixture(scope="module")
def whole(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    folder = tmp_path_factory.mktemp("everybody")
    with closing(Database(files.fresh(folder))) as database, everybody(database, SetClock(MONDAY), folder) as made:
        yield made


def routes(whole: Everybody) -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for route in iter_route_contexts(whole.town.client.app.routes)  # type: ignore[attr-defined]
        for method in sorted(set(route.methods or ()) - {"HEAD"})
        if route.path is not None
    ]


def rows(whole: Everybody) -> dict[str, list[Any]]:
    """Every row of every table that acts may change."""
    with whole.town.database.looking() as transaction:
        if transaction.postgresql:
            listed = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        else:
            listed = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = [row[0] for row in transaction.rows(listed)]
        found = {name: transaction.rows(f'SELECT * FROM "{name}"') for name in tables if name not in _BESIDE}
        # A server tells rows in any order, once some of them were written again.
        return {
            name: sorted(map(tuple, told), key=repr) if transaction.postgresql else [tuple(row) for row in told]
            for name, told in found.items()
        }


def asked(whole: Everybody, login: str, method: str, path: str, gate: Gate, case_no: str = "") -> Any:
    """What somebody is answered."""
    to = address(whole, path, gate, case_no)
    options: dict[str, Any] = {}
    if path.startswith("/api/") and method in ("POST", "PUT"):
        options["json"] = dict(gate.json or {})
    elif method == "POST":
        options["form"] = dict(gate.form)
    answer = whole.ask(login, method, to, **options)
    if path in ("/signout", "/password", "/sessions/end"):
        whole.forget(login)
    return answer


def seen_as(answer: Any, path: str, gate: Gate) -> str:
    """`in`, or how it was refused."""
    location = answer.headers.get("location", "")
    if answer.status_code == 401 or (location.startswith("/signin") and (path != "/signout" or "next=" in location)):
        return "signin"
    return str(answer.status_code) if answer.status_code in (403, 404, gate.refused) else "in"


def expected(gate: Gate, person: Person) -> str:
    if gate.who(person):
        return "404" if gate.missing else "in"
    if person[1] == NOBODY:
        return "signin"
    return str(gate.refused if gate.knowing(person) else gate.denied)


def wanted(whole: Everybody, *, through: bool) -> Iterator[tuple[str, str, Gate, str, Person]]:
    """Every route with everybody whose answer must be that they come through, or that they don't."""
    for number, (method, path) in enumerate(routes(whole)):
        gate = GATES.get(f"{method} {path}")
        if gate is None:
            continue
        places = PLACES if gate.everywhere or SOAK else PLACES[:1]
        found = [one for one in people(whole, *places) if (expected(gate, one[1]) == "in") == through]
        most = len(found) if SOAK else _MOST[through]
        # Others on every route, so that everybody meets routes of every kind.
        for login, person in (found[number * most % len(found) :] + found)[: min(most, len(found))] if found else ():
            yield method, path, gate, login, person


def test_every_route_is_declared_and_every_declaration_is_a_route(whole: Everybody) -> None:
    there = {f"{method} {path}" for method, path in routes(whole)}
    assert there - GATES.keys() - APART == set()
    assert (GATES.keys() | APART) - there == set()


def test_every_post_is_held_at_the_place_and_elsewhere(whole: Everybody) -> None:
    held = {post for post, *_ in whole.people.values()}
    assert held - {""} == set(posts())


def test_whoever_is_not_let_through_is_told_so_and_nothing_has_changed(whole: Everybody) -> None:
    before = rows(whole)
    wrong = []
    for method, path, gate, login, person in wanted(whole, through=False):
        answer = asked(whole, login, method, path, gate)
        assert answer.status_code < 500, (method, path, login)
        if seen_as(answer, path, gate) != expected(gate, person) and answer.status_code != gate.or_else:
            wrong.append((method, path, login, answer.status_code, expected(gate, person)))
    after = rows(whole)
    assert not wrong, _told(wrong)
    assert [name for name in before if before[name] != after[name]] == []


def test_whoever_may_not_know_is_told_the_same_as_of_a_number_that_was_never_given(whole: Everybody) -> None:
    for method, path, gate, login, person in wanted(whole, through=False):
        if "{case_no}" not in path or expected(gate, person) != "404" or knows(person):
            continue
        told = [asked(whole, login, method, path, gate, number) for number in (whole.case_no, NEVER_GIVEN)]
        assert told[0].status_code == told[1].status_code, (method, path, login)
        assert told[0].text.replace(whole.case_no, "…") == told[1].text.replace(NEVER_GIVEN, "…"), (method, path)


def test_whoever_is_let_through_comes_through(whole: Everybody) -> None:
    wrong = []
    # What changes most comes last: reading before writing.
    for method, path, gate, login, _ in sorted(wanted(whole, through=True), key=lambda one: one[0] != "GET"):
        answer = asked(whole, login, method, path, gate)
        assert answer.status_code < 500, (method, path, login)
        if seen_as(answer, path, gate) != "in":
            wrong.append((method, path, login, answer.status_code, "in"))
    assert not wrong, _told(wrong)


def _told(wrong: list[tuple[str, str, str, int, str]]) -> str:
    """What went otherwise than declared, one line a route."""
    found: dict[str, list[str]] = {}
    for method, path, login, status, meant in wrong:
        found.setdefault(f"{method} {path}: {status} instead of {meant}", []).append(login)
    return "\n" + "\n".join(f"{what}: {', '.join(logins)}" for what, logins in found.items())
