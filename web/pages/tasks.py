"""A handler's day: the tasks of one's posts, by what is due next, by place, by standard, or on a map."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.records import catalogue, map_points, task_list
from engine.records.access import Viewer
from engine.records.registers import item_names
from engine.records.task_list import Part
from engine.records.task_rows import TaskRow, task_rows
from web import maps, task_groups
from web.dependencies import House
from web.rendering import fragment, is_partial, page
from web.sessions import At

router = APIRouter(include_in_schema=False)

#: Tasks of the home page.
_HOME = 3


class By(StrEnum):
    """How the page lays tasks out."""

    DUE = "due"  #: one list, by what is due next
    PLACE = "place"
    STANDARD = "standard"
    MAP = "map"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """An act without a form that some of the tasks allow: done on all that are ticked, from one button."""

    name: str
    #: As bulk acts call what it is on.
    on: str
    title: Title
    #: The kind of task.
    kind: Title


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The head of somebody's tasks, for the home page."""

    rows: tuple[TaskRow, ...]
    total: int
    unsigned: int
    to_check: int


Cursor = Annotated[str, Query(max_length=200)]


@router.get("/tasks")
def tasks(
    request: Request, house: House, here: At, by: By = By.DUE, part: Part = Part.ALL, cursor: Cursor = ""
) -> Response:
    """The tasks that my posts hold. Grouped, and on the map, stand the most pressing `task_list.GROUPED`."""
    now, me, limit = house.clock.now(), here.viewer, task_list.PAGE if by is By.DUE else task_list.GROUPED
    with house.database.looking() as transaction:
        found = task_list.held(transaction, house.versions, me, part, cursor=cursor or None, limit=limit)
        rows = task_rows(transaction, house.versions, found.keys, now)
        context: dict[str, Any] = {
            "here": here,
            "by": by.value,
            "part": part.value,
            "rows": rows,
            "next": found.cursor if by is By.DUE else None,
            "items": item_names(transaction, {row.item for row in rows if row.item}),
        }
        if is_partial(request) and by is By.DUE:
            return fragment(request, "task_rows.html", **context)
        context |= {
            "total": task_list.count(transaction, house.versions, me, part),
            "parts": _parts(house, transaction, me),
            "quick": quick(house, transaction, me, rows),
            "groups": _groups(transaction, by, rows),
            "drawn": _drawn(transaction, rows, house) if by is By.MAP else None,
        }
    return page(request, "tasks.html", cut=found.cursor is not None and by is not By.DUE, **context)


def first(house: Application, transaction: Transaction, me: Viewer, now: Instant) -> First | None:
    """What comes first for whoever holds a post in a department; None for everybody else."""
    if not me.departments:
        return None
    found = task_list.held(transaction, house.versions, me, limit=_HOME)
    counts = {
        part: task_list.count(transaction, house.versions, me, part) for part in (Part.ALL, Part.UNSIGNED, Part.CHECK)
    }
    return First(
        rows=tuple(task_rows(transaction, house.versions, found.keys, now)),
        total=counts[Part.ALL],
        unsigned=counts[Part.UNSIGNED],
        to_check=counts[Part.CHECK],
    )


def quick(house: Application, transaction: Transaction, me: Viewer, rows: Iterable[TaskRow]) -> list[Quick]:
    """Acts without a form that lead on, which some of these tasks allow to a post of the reader."""
    posts = {held.post for held in me.posts if held.department_id is not None}
    found: dict[tuple[str, str], Quick] = {}
    for workflow_id, kind, state in {(row.workflow_id, row.kind, row.state): None for row in rows}:
        definition = house.versions.definition(transaction, workflow_id)
        for action in definition.tasks[kind].states[state].actions.values():
            able = any(definition.roles[role].posts & posts for role in action.by_people())
            if action.to and not action.form and able:
                one = Quick(name=action.name, on=f"task.{kind}", title=action.title, kind=definition.tasks[kind].title)
                found.setdefault((one.name, one.on), one)
    return [_told_apart(one, found.values()) for one in found.values()]


def _told_apart(one: Quick, others: Iterable[Quick]) -> Quick:
    """With the kind of task in its words, where another act is called the same."""
    alike = [other for other in others if other.title == one.title]
    if len(alike) == 1:
        return one
    return replace(one, title=Title(f"{one.title.zh}（{one.kind.zh}）", f"{one.title.en} ({one.kind.en})"))


def _parts(house: Application, transaction: Transaction, me: Viewer) -> Mapping[str, int]:
    """The parts that hold anything, with how much."""
    counts = {part.value: task_list.count(transaction, house.versions, me, part) for part in Part if part != Part.ALL}
    return {name: number for name, number in counts.items() if number}


def _groups(transaction: Transaction, by: By, rows: list[TaskRow]) -> list[task_groups.Group]:
    if by is By.PLACE:
        return task_groups.grouped(rows, task_groups.by_place)
    if by is By.STANDARD:
        items = catalogue.classed(transaction, {row.item for row in rows if row.item})
        return task_groups.grouped(rows, task_groups.by_standard(items))
    return []


def _drawn(transaction: Transaction, rows: list[TaskRow], house: Application) -> maps.Drawn:
    spots = map_points.spots(transaction, {row.ticket_id for row in rows})
    return maps.of_tasks(rows, spots, house.settings)
