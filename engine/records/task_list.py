"""The tasks that somebody's posts hold: reminded ones first, then what is due next, page by page.

One statement walks the open tasks of the reader's departments by `ix_task_department` (and those in the reader's own
name by `ix_task_person`): its work is that of what is open there, however many tickets there are. The cursor names the
last task shown by everything it is ordered by, so that equal due times neither hide a task nor show one twice.
"""

import base64
import binascii
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from engine.database import Transaction
from engine.definitions.model import TaskKind, Workflow
from engine.definitions.windows import windows
from engine.errors import Malformed, Place
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.versions import Versions
from engine.rules.case import Run
from engine.rules.memory import URGED
from engine.vocabulary import SETTLED, StateType

#: Tasks of one page, of all groups together (the most pressing), and the most that are asked for or counted.
PAGE, GROUPED, MOST = 50, 200, 500

#: Behind everything that is due.
NEVER = 2**63 - 1
_OPEN = ", ".join(f"'{kind.value}'" for kind in StateType if kind not in SETTLED)


class Part(StrEnum):
    """Which of the tasks are wanted."""

    ALL = "all"
    MINE = "mine"  #: in the reader's own name
    UNSIGNED = "unsigned"  #: nobody of the unit has signed yet
    CHECK = "check"  #: handed in by a colleague, for the reader to check inside


class Key(NamedTuple):
    """Where a task stands in the order."""

    #: 0 while its owner is reminded and has not answered.
    calm: int
    #: Of its nearest running deadline, else of its ticket's; `NEVER` where none runs.
    due: int
    ticket_id: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A part of the list: keys in order, and the cursor of the next part if there is one."""

    keys: tuple[Key, ...]
    cursor: str | None


def held(
    transaction: Transaction,
    versions: Versions,
    viewer: Viewer,
    part: Part = Part.ALL,
    *,
    cursor: str | None = None,
    limit: int = PAGE,
) -> Held:
    """The next open tasks of the reader's units and of the reader, at most `limit`.

    Errors: `Malformed` for a cursor that did not come from here.
    """
    limit = max(1, min(limit, MOST))
    statement = _Statement(transaction, _definitions(transaction, versions), viewer, part)
    rows = transaction.rows(*statement.page(_opened(cursor) if cursor else None, limit + 1))
    keys = tuple(Key(*(int(each) for each in row)) for row in rows[:limit])
    return Held(keys=keys, cursor=_closed(keys[-1]) if len(rows) > limit else None)


def count(transaction: Transaction, versions: Versions, viewer: Viewer, part: Part = Part.ALL) -> int:
    """How many there are, counted up to `MOST` and one more."""
    statement = _Statement(transaction, _definitions(transaction, versions), viewer, part)
    ((number,),) = transaction.rows(*statement.count())
    return int(number)


def signing(kind: TaskKind) -> bool:
    """Whether a task of this kind begins by being signed: an act without a form leads out of its first state."""
    return any(action.to and not action.form for action in kind.states[kind.first].actions.values())


@lru_cache(maxsize=1024)
def checked(definition: Workflow, name: str) -> dict[str, frozenset[str]]:
    """States of a kind of task in which one post of its unit checks what another handed in → the posts that check."""
    kind = definition.tasks[name]
    found = {}
    for state in kind.states.values():
        posts = _posts(definition, state.turn)
        entering = [
            _posts(definition, action.by_people())
            for other in kind.states.values()
            for action in other.actions.values()
            if action.to == state.name
        ]
        if posts and any(others and not others & posts for others in entering):
            found[state.name] = posts
    return found


def _posts(definition: Workflow, roles: Collection[str]) -> frozenset[str]:
    return frozenset(post for role in roles for post in definition.roles[role].posts)


def _definitions(transaction: Transaction, versions: Versions) -> dict[int, Workflow]:
    rows = transaction.rows("SELECT id FROM workflow_version ORDER BY id")
    return {int(number): versions.definition(transaction, int(number)) for (number,) in rows}


class _Statement:
    """Puts the statement together, with its parameters in the order of their marks."""

    def __init__(self, transaction: Transaction, definitions: dict[int, Workflow], viewer: Viewer, part: Part) -> None:
        self._transaction, self._viewer = transaction, viewer
        self._definitions, self._part = definitions, part
        self._mark = marks(transaction, 1)[0]

    def page(self, after: Key | None, limit: int) -> tuple[str, list[Any]]:
        tasks, parameters = self._tasks(
            f"{self._calm()} AS calm, {self._due()} AS due, k.ticket_id, k.seq", self._late()
        )
        behind = ""
        if after is not None:
            behind = f"WHERE (x.calm, x.due, x.ticket_id, x.seq) > ({', '.join([self._mark] * 4)}) "
            parameters += after
        # ▸ Materialised: PostgreSQL would else ask for the due time of every task once more for each part of the key.
        sql = (
            f"WITH x AS MATERIALIZED ({tasks}) SELECT x.calm, x.due, x.ticket_id, x.seq FROM x {behind}"  # noqa: S608
            f"ORDER BY x.calm, x.due, x.ticket_id, x.seq LIMIT {limit}"
        )
        return sql, parameters

    def count(self) -> tuple[str, list[Any]]:
        tasks, parameters = self._tasks("k.ticket_id", ())
        return f"SELECT count(*) FROM (SELECT x.ticket_id FROM ({tasks}) x LIMIT {MOST + 1}) y", parameters  # noqa: S608

    def _tasks(self, columns: str, before: Sequence[Any]) -> tuple[str, list[Any]]:
        """Every open task once: those of the reader's departments, and those in the reader's name elsewhere."""
        reached, units = among(self._transaction, self._viewer.units)
        wanted, states = self._wanted()
        ends = (
            f"AND k.state_type IN ({_OPEN}){wanted} AND EXISTS (SELECT 1 FROM reach r "  # noqa: S608
            f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {reached})"
        )
        begin = f"SELECT {columns} FROM task k JOIN ticket t ON t.id = k.ticket_id WHERE"  # noqa: S608
        theirs, departments = among(self._transaction, self._viewer.departments)
        own = f"{begin} k.person_id = {self._mark} AND (k.department_id IS NULL OR NOT k.department_id {theirs}) {ends}"
        of_units = f"{begin} k.department_id {theirs} {ends}"
        return (
            f"{of_units} UNION ALL {own}",
            [
                *before, *departments, *states, *units,
                *before, self._viewer.person_id, *departments, *states, *units,
            ],
        )  # fmt: skip

    def _calm(self) -> str:
        position = "strpos" if self._transaction.postgresql else "instr"
        return f"CASE WHEN {position}(t.memory, '\"{URGED}' || k.seq || '\"') > 0 THEN 0 ELSE 1 END"

    def _due(self) -> str:
        named, _ = among(self._transaction, ())
        window = f" AND NOT (t.workflow_id || ':' || d.name) {named}"
        running = f"d.ticket_id = k.ticket_id AND d.request_seq IS NULL AND d.ended_at IS NULL AND d.run = '{_RUNNING}'"
        nearest = f"SELECT min(d.due_at) FROM deadline d WHERE {running}{window}"  # noqa: S608
        return f"coalesce(({nearest} AND d.task_seq = k.seq), ({nearest} AND d.task_seq IS NULL), {NEVER})"

    def _late(self) -> list[Any]:
        """Deadlines that are windows, by version of their workflow: what the two parts of `_due` leave out."""
        named = [f"{number}:{name}" for number, one in self._definitions.items() for name in windows(one)]
        _, parameters = among(self._transaction, named)
        return [*parameters, *parameters]

    def _wanted(self) -> tuple[str, Sequence[Any]]:
        if self._part is Part.MINE:
            return f" AND k.person_id = {self._mark}", [self._viewer.person_id]
        if self._part is Part.ALL:
            return "", []
        states = self._unsigned() if self._part is Part.UNSIGNED else self._to_check()
        match, parameters = among(self._transaction, states)
        return f" AND (t.workflow_id || ':' || k.kind || ':' || k.state) {match}", parameters

    def _unsigned(self) -> Iterator[str]:
        for number, definition in self._definitions.items():
            for kind in definition.tasks.values():
                if signing(kind):
                    yield f"{number}:{kind.name}:{kind.first}"

    def _to_check(self) -> Iterator[str]:
        mine = {held.post for held in self._viewer.posts if held.department_id is not None}
        for number, definition in self._definitions.items():
            for kind in definition.tasks:
                for state, posts in checked(definition, kind).items():
                    if posts & mine:
                        yield f"{number}:{kind}:{state}"


_RUNNING = Run.RUNNING.value


def _closed(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _opened(cursor: str) -> Key:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as failure:
        raise _bad_cursor() from failure
    right = isinstance(parts, list) and len(parts) == len(Key._fields)
    if not right or not all(type(part) is int and abs(part) <= NEVER for part in parts):
        raise _bad_cursor()
    return Key(*parts)


def _bad_cursor() -> Malformed:
    return Malformed("翻页游标无效", "the cursor is not one of ours", place=Place(field="cursor"))
