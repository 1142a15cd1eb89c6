"""A small made district in a database of its own, in which ways through a file are walked before they are shown."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from engine.clock import DAY, Instant, SetClock
from engine.database import Database, Transaction
from engine.definitions import words
from engine.definitions.loader import loads
from engine.definitions.model import AreaScope, DepartmentScope, FieldType, FormItem, PersonScope, Role, Workflow
from engine.records import schema, versions
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.calendar_book import CalendarBook
from engine.records.catalogue import Item, Standard
from engine.records.departments import NewDepartment, create_departments
from engine.records.feed import Upload
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.records.versions import Versions
from engine.rules.case import Case, Task
from engine.stages.door import Door

#: Monday, 2 March 2026, 09:00 in Shanghai, and days that lie ahead of it.
BEGIN = Instant(1_772_413_200_000_000)
_AHEAD = "2026-05-01"
#: Units that forms may name; as many as an exploration uses.
_UNITS = 12
ABOVE, CREATOR, PHOTO, PAPER, MATTER = "above", "creator", "photo-1", "file-1", "part-01-01"

#: The ticket that others are joined to: it does nothing but end, in either way.
MAIN = """\
workflow: rehearsed-main
version: 1
title: 主案件 / A main ticket
calendar: cn-mainland
roles: {anybody: {title: 任何人 / Anybody, person: reporter}}
starts: {report: {title: 上报 / Report, by: anybody, to: open, form: [description!]}}
stages:
  report:
    open:
      title: 在办 / Open
      actions:
        close: {title: 办结 / Close, by: anybody, to: closed}
        drop: {title: 作废 / Drop, by: anybody, to: dropped}
ends: {closed: {title: 办结 / Closed, type: closed}, dropped: {title: 作废 / Dropped, type: void}}
"""


class District:
    """Areas of every level, units, and for each act a person of its own who holds the post that it takes."""

    def __init__(self, workflow: Workflow, folder: Path) -> None:
        self.workflow = workflow
        self.database = Database(f"sqlite:///{folder / 'rehearsal.db'}")
        self.clock = SetClock(BEGIN)
        schema.migrate(self.database)
        self.versions = Versions(CalendarBook(self.database))
        self.door = Door(self.database, self.clock, self.versions)
        self.departments: dict[str, int] = {}
        self._people = itertools.count(1)
        self.logins: dict[int, str] = {}
        #: The code of the smallest area, in which every ticket lies.
        self.smallest = [*words.shipped().levels][-1]
        self.database.acting(self._settle)

    def close(self) -> None:
        self.database.close()

    def _settle(self, transaction: Transaction) -> None:
        levels = {**words.shipped().levels, **self.workflow.levels}
        set_levels(transaction, levels)
        chain = [None, *words.shipped().levels]
        areas = [
            NewArea(code=str(one), level=str(one), name=str(one), parent=up) for up, one in itertools.pairwise(chain)
        ]
        create_areas(transaction, areas, BEGIN)
        kinds = {kind for one in self.workflow.fields.values() for kind in one.kinds}
        kind = min(kinds, default="bureau")
        codes = [f"d{n}" for n in range(1, _UNITS)]
        units = [NewDepartment(code=ABOVE, name="上级", kind="bureau")]
        units += [NewDepartment(code=code, name=code, kind=kind, parent=ABOVE) for code in (*codes, CREATOR)]
        self.departments = create_departments(transaction, units)
        people = [NewPerson(login=f"p{n}", name=f"p{n}") for n in range(1, _UNITS)]
        self.logins = {number: login for login, number in create_people(transaction, people).items()}
        rows = [(PHOTO, "image/jpeg"), (PAPER, "application/pdf")]
        uploads = [{"sha256": name, "media_type": kind, "size": 1, "uploaded_at": BEGIN} for name, kind in rows]
        transaction.connection.execute(insert(Upload), uploads)
        _matter(transaction)
        for one in (self.workflow, loads(MAIN)):
            versions.store(transaction, one, BEGIN, activate=True)

    # -- people ------------------------------------------------------------------------------------------------------

    def someone(self, role: Role | None, case: Case | None, task: Task | None) -> int | None:
        """The id of a person who has a role on this ticket; None for a role that nobody here can have."""
        if role is None or role.link:
            return None
        if role.person is PersonScope.REPORTER and case is not None:
            return case.ticket.reporter_id
        if role.person is PersonScope.TASK:
            return task.person_id if task else None
        unit = self._unit(role, case, task)
        if role.department is not None and unit is None:
            return None
        login = f"somebody{next(self._people)}"
        area = self._area(role)

        def work(transaction: Transaction) -> int:
            number = create_people(transaction, [NewPerson(login=login, name=login)])[login]
            self.logins[number] = login
            if role.posts:
                post, since = min(role.posts), Instant(BEGIN - DAY)
                appoint(transaction, [Appointment(login=login, post=post, area=area, department=unit, since=since)])
            return number

        return self.database.acting(work)

    def _area(self, role: Role) -> str | None:
        if role.area is None:
            return None
        return self.smallest if role.area == AreaScope.TICKET else role.area

    def _unit(self, role: Role, case: Case | None, task: Task | None) -> str | None:
        codes = {number: code for code, number in self.departments.items()}
        if role.department is None:
            return None
        if role.department is DepartmentScope.CREATOR:
            return codes.get(case.ticket.creator_department or 0) if case else CREATOR
        if role.department is DepartmentScope.TASK:
            return codes.get(task.department_id or 0) if task else None
        there = [one for one in case.present() if one.lead or role.department is DepartmentScope.CALLED] if case else []
        above = role.department is DepartmentScope.ABOVE_LEAD
        return next((ABOVE if above else codes.get(one.department_id or 0) for one in there), None)

    # -- forms -------------------------------------------------------------------------------------------------------

    def form(self, items: tuple[FormItem, ...], given: Mapping[str, Any], person: str) -> dict[str, Any]:
        """A form with what it requires: what an act is about, and something right for the rest."""
        filled = {name: value for name, value in given.items() if name in {item.name for item in items}}
        for item in items:
            if item.required and item.name not in filled:
                value = _right(item, person)
                filled[item.name] = [value] if item.many else value
        return filled


def _right(item: FormItem, person: str) -> Any:
    return {
        FieldType.TEXT: "情况属实",
        FieldType.CHOICE: next(iter(item.field.of), None),
        FieldType.DATE: _AHEAD,
        FieldType.MEETING: _AHEAD,
        FieldType.NUMBER: 3,
        FieldType.STARS: 5,
        FieldType.YES_NO: True,
        FieldType.PERSON: person,
        FieldType.DEPARTMENT: CREATOR,
        FieldType.AREA: [*words.shipped().levels][-1],
        FieldType.PLACE: {"area": [*words.shipped().levels][-1]},
        FieldType.PHOTO: PHOTO,
        FieldType.FILE: PAPER,
        FieldType.ITEM: MATTER,
        FieldType.TICKET: "",
        FieldType.ROW: "",
    }[item.field.type]


def _matter(transaction: Transaction) -> None:
    """One item of the catalogue."""
    kind, class_code, item_code = MATTER.split("-")
    row = {"code": MATTER, "kind": kind, "class_code": class_code, "item_code": item_code, "name": MATTER}
    table = Item.__table__  # type: ignore[attr-defined]
    made = table.insert().values(**row, class_name="类", initials="", active=True).returning(table.c.id)
    number = transaction.connection.execute(made).scalar_one()
    texts = dict.fromkeys(("filing_condition", "closing_condition", "limit_source", "first_limit", "limit"), "")
    transaction.connection.execute(insert(Standard).values(item_id=number, ordinal=1, active=True, **texts))
