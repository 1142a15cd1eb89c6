"""The history as an object-centric event log, OCEL 2.0 in JSON: tickets, tasks, units, sittings, and what binds them.

Written piece by piece in constant memory; the tickets are read twice, once for the objects and once for the events.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from engine.clock import Instant, iso
from engine.database import Transaction
from engine.records import mined
from engine.records.mined import Line, MinedTask, MinedTicket, Selected

#: When what has no beginning is said to have it: the standard's own moment for what does not change.
ALWAYS = "1970-01-01T00:00:00Z"
#: Kinds of objects, and their attributes with their types.
OBJECT_TYPES: dict[str, dict[str, str]] = {
    "ticket": {
        "workflow": "string", "version": "integer", "channel": "string", "item": "string", "urgency": "string",
        "state": "string", "stage": "string",
    },
    "task": {"kind": "string", "lead": "boolean", "round": "integer", "state": "string"},
    "department": {"name": "string", "kind": "string"},
    "area": {"name": "string", "level": "string"},
    "sitting": {"body": "string", "planned": "time"},
    "agenda item": {"position": "integer", "outcome": "string"},
}  # fmt: skip
EVENT_ATTRIBUTES = {
    "seq": "integer", "post": "string", "unit": "string", "stage": "string", "state_from": "string",
    "state_to": "string", "source": "string",
}  # fmt: skip

Json = dict[str, Any]
Tell = Callable[[int], None]


def pieces(transaction: Transaction, selected: Selected, tell: Tell = lambda done: None) -> Iterator[str]:
    """The log in pieces of text. `tell` hears how many tickets are done, of twice as many as there are.

    Errors: `NotFound` for an area.
    """
    done = 0

    def tickets() -> Iterator[MinedTicket]:
        nonlocal done
        for ticket in mined.tickets(transaction, selected):
            yield ticket
            done += 1
            tell(done)

    activities: set[str] = set()
    types = [{"name": name, "attributes": _typed(own)} for name, own in OBJECT_TYPES.items()]
    yield f'{{"objectTypes":{_text(types)},\n"objects":['
    yield from _joined(_objects(transaction, selected, tickets()))
    yield '\n],"events":['
    yield from _joined(event for ticket in tickets() for event in _events(ticket, activities))
    kinds = [{"name": name, "attributes": _typed(EVENT_ATTRIBUTES)} for name in sorted(activities)]
    yield f'\n],"eventTypes":{_text(kinds)}}}\n'


def _objects(transaction: Transaction, selected: Selected, tickets: Iterator[MinedTicket]) -> Iterator[Json]:
    for code, name, kind, above in mined.departments(transaction):
        own = {"name": name, "kind": kind}
        yield _object(_department(code), "department", own, [(_department(above), "part of")] if above else [])
    for code, name, level, above in mined.areas(transaction):
        yield _object(_area(code), "area", {"name": name, "level": level}, [(_area(above), "in")] if above else [])
    for code, body, area, at in mined.sittings(transaction, selected):
        yield _object(_sitting(code), "sitting", {"body": body, "planned": iso(at)}, [(_area(area), "of")])
    while some := list(islice(tickets, mined.PAGE)):
        listed = mined.agenda(transaction, [ticket.id for ticket in some])
        for ticket in some:
            yield _ticket(ticket)
            yield from (_task(ticket, task) for task in ticket.tasks)
            for code, position, outcome in listed.get(ticket.id, ()):
                item: Json = {"position": position, "outcome": outcome}
                leads = [(_sitting(code), "on"), (ticket.case_no, "about")]
                yield _object(_item(ticket, code), "agenda item", item, leads)


def _ticket(ticket: MinedTicket) -> Json:
    """A ticket; what it is called by, its item, urgency, state and stage stand with the moments since when."""
    own: Json = {"workflow": ticket.workflow, "version": ticket.version, "channel": ticket.channel}
    leads = [(_area(ticket.area), "in")]
    leads += [(ticket.main, "joined to")] if ticket.main else []
    leads += [(ticket.parent, "opened by")] if ticket.parent else []
    made = _object(ticket.case_no, "ticket", own, leads, at=ticket.opened_at)
    known = dict.fromkeys(("state", "stage", "item", "urgency"), "")
    for line in ticket.lines:
        now = dict(line.chosen)
        if not line.scope:
            now |= {"state": line.state_to, "stage": line.stage}
        made["attributes"] += _changes(known, now, line.at)
    # What an old system brought may stand in no line of the history.
    last = {"item": ticket.item, "urgency": ticket.urgency}
    made["attributes"] += _changes(
        known, {name: value for name, value in last.items() if not known[name]}, ticket.opened_at
    )
    return made


def _task(ticket: MinedTicket, task: MinedTask) -> Json:
    leads = [(ticket.case_no, "part of")]
    leads += [(_department(task.department), "of")] if task.department else []
    leads += [(_task_id(ticket, task.previous), "again for")] if task.previous is not None else []
    own = {"kind": task.kind, "lead": task.lead, "round": task.round}
    made = _object(_task_id(ticket, task.seq), "task", own, leads, at=task.opened_at)
    known = {"state": ""}
    for line in ticket.lines:
        if line.task == task.seq and line.scope:
            made["attributes"] += _changes(known, {"state": line.state_to}, line.at)
    return made


def _changes(known: dict[str, str], now: dict[str, str], at: Instant) -> list[Json]:
    found = [
        {"name": name, "time": iso(at), "value": value} for name, value in now.items() if value and known[name] != value
    ]
    known.update({name: value for name, value in now.items() if value})
    return found


def _events(ticket: MinedTicket, activities: set[str]) -> Iterator[Json]:
    tasks = {task.seq for task in ticket.tasks}
    for line in ticket.lines:
        activities.add(line.activity)
        yield {
            "id": f"{ticket.case_no}#{line.seq}",
            "type": line.activity,
            "time": iso(line.at),
            "attributes": [{"name": name, "value": value} for name, value in _said(line) if value != ""],
            "relationships": [
                {"objectId": one, "qualifier": how} for one, how in _leads(ticket, line, tasks)
            ],
        }  # fmt: skip


def _said(line: Line) -> Iterable[tuple[str, Any]]:
    unit = line.department or line.area
    values = (line.seq, line.post, unit, line.stage, line.state_from, line.state_to, line.source)
    return zip(EVENT_ATTRIBUTES, values, strict=True)


def _leads(ticket: MinedTicket, line: Line, tasks: set[int]) -> Iterator[tuple[str, str]]:
    yield ticket.case_no, "of"
    if line.task in tasks:
        yield _task_id(ticket, line.task or 0), "on"
    if line.department:
        yield _department(line.department), "by"
    elif line.area:
        yield _area(line.area), "by"
    if line.sitting:
        yield _sitting(line.sitting), "in"
        yield _item(ticket, line.sitting), "decides"


def _object(
    name: str, kind: str, own: dict[str, Any], leads: Iterable[tuple[str, str]], at: Instant | None = None
) -> Json:
    since = ALWAYS if at is None else iso(at)
    return {
        "id": name,
        "type": kind,
        "attributes": [{"name": key, "time": since, "value": value} for key, value in own.items() if value != ""],
        "relationships": [{"objectId": one, "qualifier": how} for one, how in leads],
    }


def _department(code: str) -> str:
    return f"department:{code}"


def _area(code: str) -> str:
    return f"area:{code}"


def _sitting(code: str) -> str:
    return f"sitting:{code}"


def _item(ticket: MinedTicket, sitting: str) -> str:
    return f"{sitting}/{ticket.case_no}"


def _task_id(ticket: MinedTicket, seq: int) -> str:
    return f"{ticket.case_no}/{seq}"


def _typed(attributes: dict[str, str]) -> list[Json]:
    return [{"name": name, "type": kind} for name, kind in attributes.items()]


def _joined(objects: Iterable[Json]) -> Iterator[str]:
    for number, one in enumerate(objects):
        yield f"{',' if number else ''}\n{_text(one)}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
