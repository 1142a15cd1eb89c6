"""A town in which everything that somebody may write is an attack on whoever reads it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.loader import loads
from engine.definitions.model import FieldType, FormItem, Workflow
from engine.records import registers, versions
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.everybody import Everybody
from tests.support.loops import SMALL
from tests.support.town import Town

#: What breaks out of a text, an attribute, a script and a template; a formula; and marks itself if it comes alive.
ALIVE = "<img src=x data-alive onerror=\"window.__hit='img'\">"
PAYLOAD = (
    f"=1+1\"'>{ALIVE}</textarea></title></script><script>window.__hit='script'</script>"
    '{{7*7}}<a href="javascript:window.__hit=1">点</a>'
)
assert len(PAYLOAD) <= 200, "the shortest of the fields takes it"
SHORT = "'\"><img src=x data-alive onerror=window.__hit=1>"
#: Holds every post at the ticket's own place, so that every page opens.
ALMIGHTY = "almighty"
_PLACES = {
    "village_head": "xd-v", "grid_leader": "xd-g", "grid_worker": "xd-m", "coordinator": "xd", "chief": "xd",
    "supervisor": "fx", "petition_officer": "fx", "caller_back": "xd", "shift_leader": "xd", "volunteer": "xd-g",
}  # fmt: skip


def hostile(whole: Everybody) -> None:
    """Everything that people write is written by attackers: names, registers, phrases, loops, tickets."""
    served = whole.town
    served.database.acting(lambda transaction: _settle(transaction, served.clock.now()))
    whole.people[ALMIGHTY] = ("supervisor", "own", "fx")
    for definition in _definitions(served):
        for start in definition.starts.values():
            if start.by_people():
                _live(served, definition.key, start.name, start.form)


def _settle(transaction: Transaction, now: Instant) -> None:
    create_people(transaction, [NewPerson(login=ALMIGHTY, name=SHORT)])
    holdings = [Appointment(login=ALMIGHTY, post=post, area=area, since=Instant(0)) for post, area in _PLACES.items()]
    holdings += [
        Appointment(login=ALMIGHTY, post=post, department=unit, since=Instant(0))
        for post in ("handler", "lead") for unit in ("urban", "water", "gas")
    ]  # fmt: skip
    holdings.append(Appointment(login=ALMIGHTY, post="system_admin", since=Instant(0)))
    appoint(transaction, holdings)
    # As a table of an old system brings them: there a name is whatever somebody typed.
    for table, column in (
        ("area", "name"), ("department", "name"), ("person", "name"), ("item", "name"), ("item", "class_name"),
        ("standard", "filing_condition"), ("standard", "closing_condition"),
    ):  # fmt: skip
        mark = "%s" if transaction.postgresql else "?"
        transaction.run(f"UPDATE {table} SET {column} = {mark} || {column}", (SHORT,))
    versions.store(transaction, loads(LOOP), now, activate=True)


def _titled(found: re.Match[str]) -> str:
    words = f"{SHORT} {found[1]}".replace("'", "''")
    return f"title: '{words}'"


#: A loop whose every title is an attack: as it is drawn, listed, told and chosen from.
LOOP = re.sub(r"title: ([^,}\n]+)", _titled, SMALL).replace("workflow: small", "workflow: hostile")


def _definitions(served: Town) -> list[Workflow]:
    house = served.client.app.state.house  # type: ignore[attr-defined]
    with served.database.looking() as transaction:
        return [house.versions.active(transaction, key) for key in registers.active_keys(transaction)]


def _live(served: Town, workflow: str, start: str, form: Iterable[FormItem]) -> None:
    """One ticket, as far as it goes by whatever can be done next; each text of each form is an attack."""
    body = {"workflow": workflow, "action": start, "form": dict(_filled(served, form))}
    answer = served.ask(ALMIGHTY, "POST", "/api/tickets", json=body)
    if answer.status_code != 201:
        return
    case_no, done = answer.json()["case_no"], set[str]()
    for _ in range(_MOST_ACTS):
        offers = served.get(ALMIGHTY, f"/api/tickets/{case_no}/actions")["actions"]
        # What stays comes before what goes on, so that as many forms as possible are filled in.
        possible = sorted((one for one in offers if one["possible"]), key=lambda one: one["to"] is not None)
        chosen = next((one for one in possible if one["action"] not in done), None)
        if chosen is None:
            return
        done.add(chosen["action"])
        form_items = dict(_filled_as_told(served, chosen["form"]))
        act = {"action": chosen["action"], "form": form_items, "task": chosen["task"], "request": chosen["request"]}
        served.ask(ALMIGHTY, "POST", f"/api/tickets/{case_no}/acts", json=act)


#: Acts of one ticket; a refused one is one, too.
_MOST_ACTS = 9


def _filled(served: Town, form: Iterable[FormItem]) -> Iterator[tuple[str, Any]]:
    for item in form:
        value = _value(served, item.name, item.field.type.value, list(item.field.of))
        if value is not None:
            yield item.name, [value] if item.many else value


def _filled_as_told(served: Town, form: Iterable[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for item in form:
        value = _value(served, item["name"], item["type"], [choice["code"] for choice in item["choices"]])
        if value is not None:
            yield item["name"], [value] if item["many"] else value


def _value(served: Town, name: str, kind: str, choices: list[str]) -> Any:
    """Something right of that kind; a text is an attack."""
    known = {
        FieldType.TEXT: PAYLOAD, FieldType.NUMBER: 3, FieldType.STARS: 5, FieldType.YES_NO: True,
        FieldType.DATE: "2026-04-20", FieldType.MEETING: "2026-04-20", FieldType.PERSON: "chen",
        FieldType.DEPARTMENT: "water" if name == "co" else "urban", FieldType.AREA: "xd-m",
        FieldType.ITEM: "part-01-01/1",
        FieldType.PLACE: {"lon": 121.47, "lat": 30.93, "datum": "WGS-84", "area": "xd-m"},
    }  # fmt: skip
    if kind == FieldType.CHOICE:
        return choices[0] if choices else None
    if kind == FieldType.PHOTO:
        return served.photo(ALMIGHTY)
    return known.get(FieldType(kind))
