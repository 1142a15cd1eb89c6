"""Stored workflow versions: immutable, compiled once per process, kept as long as a running ticket may need them."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import insert
from sqlmodel import col, select

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import checks, register_file
from engine.definitions.loader import loads
from engine.definitions.model import FieldType, Workflow
from engine.errors import DefinitionError, Malformed, NotFound, Place
from engine.records import calendars
from engine.records.asking import Question, ask_one, marks
from engine.records.calendar_book import CalendarBook
from engine.records.workflows import FORMAT, Via, WorkflowActivation, WorkflowVersion
from engine.rules.almanac import Almanac
from engine.rules.worktime import WorkCalendar


class Versions:
    """Definitions by stored id. A version never changes, so keeping one in a process can never be wrong."""

    def __init__(self, book: CalendarBook) -> None:
        self.book = book
        self._by_id: dict[int, Workflow] = {}
        self._ids: dict[tuple[str, int], int] = {}
        self._types: Mapping[str, FieldType] = {}
        self._lock = threading.Lock()

    def definition(self, transaction: Transaction, version_id: int) -> Workflow:
        """The compiled definition of a stored version."""
        known = self._by_id.get(version_id)
        if known is not None:
            return known
        mark = "%s" if transaction.postgresql else "?"
        rows = transaction.rows(
            f"SELECT key, version, source FROM workflow_version WHERE id = {mark}",  # noqa: S608 (constant words)
            (version_id,),
        )
        if not rows:
            raise NotFound("没有这个流程版本", "no such workflow version")
        key, number, source = rows[0]
        return self.know(version_id, loads(source, file=f"{key} v{number}"))

    def know(self, version_id: int, definition: Workflow) -> Workflow:
        """Keep the compiled definition of a stored version; the one that was kept first stays."""
        with self._lock:
            self._ids[(definition.key, definition.version)] = version_id
            kept = self._by_id.setdefault(version_id, definition)
            self._types = _types(self._by_id.values())
            return kept

    def active(self, transaction: Transaction, key: str) -> Workflow:
        """The version that new tickets start on.

        Errors: `NotFound` when none of that key is active.
        """
        return self.found(transaction, key, ask_one(transaction, asked_active(transaction, key)))

    def found(self, transaction: Transaction, key: str, version_id: int | None) -> Workflow:
        """The definition of an id that `asked_active` brought.

        Errors: `NotFound` for none.
        """
        if version_id is None:
            raise NotFound(f"没有启用的流程“{key[:60]}”", f"no active workflow '{key[:60]}'")
        return self.definition(transaction, version_id)

    def field_types(self) -> Mapping[str, FieldType]:
        """What fields of a name hold in every definition known here; a name with two meanings is left out."""
        return self._types

    def id_of(self, definition: Workflow) -> int:
        """The stored id of a definition that came from here."""
        return self._ids[(definition.key, definition.version)]

    def almanac(self) -> Almanac:
        """The working calendars as they are now (see `CalendarBook`)."""
        return self.book.almanac()

    def calendar_version(self, name: str) -> WorkCalendar:
        """A stored version of a calendar, by the name that deadlines and events keep. Errors: `NotFound`."""
        return self.book.version(name)

    def calendar(self, key: str) -> WorkCalendar:
        """The newest version of that working calendar, wherever the ticket is.

        Errors: `NotFound`.
        """
        return self.almanac().of(key)


def asked_active(transaction: Transaction, key: str) -> Question[int | None]:
    """The id of the version of that key that was activated last."""
    mark = "%s" if transaction.postgresql else "?"
    sql = (
        f"SELECT id FROM workflow_version WHERE key = {mark} AND activated_at IS NOT NULL "  # noqa: S608
        "ORDER BY activated_at DESC, version DESC LIMIT 1"
    )
    rows = yield sql, (key,)
    return int(rows[0][0]) if rows else None


def _types(definitions: Iterable[Workflow]) -> Mapping[str, FieldType]:
    known: dict[str, set[FieldType]] = {}
    for definition in definitions:
        for name, declared in definition.fields.items():
            known.setdefault(name, set()).add(declared.type)
    return {name: types.pop() for name, types in known.items() if len(types) == 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who puts a version in force."""

    person_id: int | None
    via: Via


#: Whoever runs the machine.
COMMAND = By(person_id=None, via=Via.COMMAND)


def store(transaction: Transaction, definition: Workflow, now: Instant, *, activate: bool, by: By = COMMAND) -> int:
    """Store a version, once; activate it for new tickets if asked, and see to it that there are calendars and
    registers for them. The version in force stays in force, without a further line.

    Errors: `Malformed` when that version is stored already with another text: a version never changes.
    """
    connection = transaction.connection
    table = WorkflowVersion.__table__  # type: ignore[attr-defined]
    version_id = never_changes(transaction, definition)
    if version_id is None:
        row = table.insert().values(
            key=definition.key,
            version=definition.version,
            format=FORMAT,
            sha256=definition.sha256,
            title=str(definition.title),
            source=definition.source,
            stored_at=now,
        )
        version_id = int(connection.execute(row.returning(table.c.id)).scalar_one())
    if activate:
        calendars.ensure(transaction, now)
        calendars_exist(transaction, definition)
        checks.registers_exist(definition, register_file.discover())
        _put_in_force(transaction, definition.key, version_id, now, by)
    return version_id


def never_changes(transaction: Transaction, definition: Workflow) -> int | None:
    """The id of a version that is stored already; None for a new one.

    Errors: `Malformed` when it is stored with another text.
    """
    there = transaction.connection.execute(
        select(col(WorkflowVersion.id), col(WorkflowVersion.sha256)).where(
            col(WorkflowVersion.key) == definition.key, col(WorkflowVersion.version) == definition.version
        )
    ).first()
    if there is not None and there[1] != definition.sha256:
        raise Malformed(
            f"流程“{definition.key}”第 {definition.version} 版已存在且内容不同，请提高版本号",
            f"version {definition.version} of '{definition.key}' is stored with another text; raise its number",
            place=Place(file=definition.key, line=_line_of(definition.source, str(definition.version))),
        )
    return None if there is None else int(there[0] or 0)


def _put_in_force(transaction: Transaction, key: str, version_id: int, now: Instant, by: By) -> None:
    if ask_one(transaction, asked_active(transaction, key)) == version_id:
        return
    mark, *_ = marks(transaction, 1)
    ((last,),) = transaction.rows(
        f"SELECT max(activated_at) FROM workflow_version WHERE key = {mark}",  # noqa: S608 (constant words)
        (key,),
    )
    # Whichever was activated last is in force, also where a clock stands still or was set back.
    at = max(now, (last or 0) + 1)
    table = WorkflowVersion.__table__  # type: ignore[attr-defined]
    transaction.connection.execute(table.update().where(table.c.id == version_id).values(activated_at=at))
    line = {"version_id": version_id, "person_id": by.person_id, "via": by.via.value, "at": now}
    transaction.connection.execute(insert(WorkflowActivation).values(line))


def calendars_exist(transaction: Transaction, definition: Workflow) -> None:
    """Errors: `DefinitionError` with the line, when the file names a calendar that is not stored."""
    stored = {key for (key,) in transaction.rows("SELECT DISTINCT key FROM calendar_version")}
    named = [(definition.calendar, _line_of(definition.source, definition.calendar))]
    named += [(one.calendar, one.line) for one in definition.deadlines.values() if one.calendar]
    for key, line in named:
        if key not in stored:
            raise DefinitionError(
                f"没有日历“{key}”，请先用 huying calendar apply 建立",
                f"there is no calendar '{key}'; store it with huying calendar apply first",
                place=Place(file=definition.key, line=line),
            )


def _line_of(source: str, key: str) -> int:
    """The line at the top of a file that names its calendar."""
    lines = source.splitlines()
    return next((n for n, line in enumerate(lines, 1) if line[:1].strip() and line.rstrip().endswith(key)), 1)
