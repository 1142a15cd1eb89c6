"""Are the rows what the history makes them? Every ticket is told again from its events and held against its rows.

The chain proves that nobody edited the history; this proves that nobody edited what the history brought about: states,
tasks, requests, deadlines with their due times and rungs, cards.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from engine.analysis.replay import Seed, Untellable, replay, steps
from engine.database import Database, Transaction
from engine.definitions.model import Workflow
from engine.records.areas import chain
from engine.records.asking import among
from engine.records.versions import Versions
from engine.rules.acts import Event
from engine.rules.case import CardEnd, Case, DepartmentRef, PersonRef, RequestState, Run, TicketRef
from engine.vocabulary import StateType

#: Columns of a ticket's row that its history decides.
_TICKET = "state item urgency level main_id reporter_id visit entered_at settled_at".split()
_TASK = "state round lead department_id person_id previous opened_at entered_at settled_at".split()
_REQUEST = "name task_seq state answer asked_at settled_at".split()
_DEADLINE = (
    "name task_seq request_seq run limit started_at due_at next_at consumed generation extensions provisional "
    "paused_at resumes_at ended_at handled"
).split()
_CARD = "card task_seq department_id rank given_at ended_at ended_by".split()
_EXEMPTION = "indicator department_id restored at".split()
_POINTS = "person_id points reason at".split()
_LETTER = "unit prefix year serial at".split()
_ADMISSION = "prefix year serial ticket_id matter items until since units ended".split()
#: What an event says of exemptions, in the order of its lines; whether it counts again.
_WAYS = (("exempts", False), ("restores", True))
#: Tickets listed in one go.
_PAGE = 1_000
_EVENT = [one.name for one in fields(Event) if one.name not in ("personal", "salt")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that is not what the history makes it."""

    case_no: str
    #: Which row, e.g. `deadline 12`; "" for the ticket's own.
    row: str
    column: str
    stored: Any
    told: Any

    def __str__(self) -> str:
        return f"{self.case_no} {self.row} {self.column}: {self.stored!r} ≠ {self.told!r}"


class Retelling:
    """Tells tickets again, knowing who and what is behind the codes that histories name."""

    def __init__(self, transaction: Transaction, versions: Versions) -> None:
        self._transaction, self._versions = transaction, versions
        rows = transaction.rows("SELECT id, code, parent_id, name FROM department")
        self._departments = {code: DepartmentRef(number, code, above, name) for number, code, above, name in rows}
        self._people = {
            login: PersonRef(number, login) for number, login in transaction.rows("SELECT id, login FROM person")
        }

    def differences(self, ticket_id: int) -> list[Difference]:
        """What in a ticket's rows is not what its history makes it; empty when all of it is."""
        ((case_no, workflow_id, lineage, parent, channel, *stored),) = self._rows(
            f"SELECT t.case_no, t.workflow_id, a.lineage, t.parent_id, t.channel, {_columns('t', _TICKET)} "  # noqa: S608
            "FROM ticket t JOIN area a ON a.id = t.area_id WHERE t.id = @",
            ticket_id,
        )
        events = list(self._events(ticket_id))
        definition, seed = self._begin(ticket_id, workflow_id, (case_no, lineage, parent, channel), events)
        try:
            case = replay(definition, seed, events)
        except Untellable as failure:
            return [Difference(case_no=case_no, row=f"event {failure.seq}", column="", stored="", told=failure.why)]
        return [
            *_own(case_no, stored, case),
            *self._belongings(case_no, ticket_id, case),
            *self._points(case_no, ticket_id, events),
            *self._exemptions(case_no, ticket_id, events),
            *self._admissions(case_no, ticket_id, events),
            *self._letters(case_no, ticket_id, events),
        ]

    def steps(self, ticket_id: int) -> tuple[Workflow, Iterator[tuple[Event, Case]]]:
        """The ticket's workflow, and each of its events with the ticket as it left it. Errors: `Untellable` later."""
        return next(iter(self.several([ticket_id])))

    def several(self, ticket_ids: Sequence[int]) -> Iterator[tuple[Workflow, Iterator[tuple[Event, Case]]]]:
        """As `steps` for each of these tickets, read by two statements. Errors: as `steps`."""
        match, parameters = among(self._transaction, ticket_ids)
        seeds = {
            ticket_id: (workflow_id, row)
            for ticket_id, workflow_id, *row in self._transaction.rows(
                "SELECT t.id, t.workflow_id, t.case_no, a.lineage, t.parent_id, t.channel FROM ticket t "  # noqa: S608
                f"JOIN area a ON a.id = t.area_id WHERE t.id {match}",
                parameters,
            )
        }
        told: dict[int, list[Event]] = {ticket_id: [] for ticket_id in ticket_ids}
        for row in self._transaction.rows(
            f"SELECT {', '.join(_EVENT)}, ticket_id FROM event WHERE ticket_id {match} ORDER BY ticket_id, seq",  # noqa: S608
            parameters,
        ):
            told[row[-1]].append(Event(personal="", salt=b"", **dict(zip(_EVENT, row[:-1], strict=True))))
        for ticket_id, events in told.items():
            workflow_id, seeded = seeds[ticket_id]
            definition, seed = self._begin(ticket_id, workflow_id, seeded, events)
            yield definition, steps(definition, seed, events)

    def _begin(
        self, ticket_id: int, workflow_id: int, row: Sequence[Any], events: Sequence[Event]
    ) -> tuple[Workflow, Seed]:
        """What a ticket is told from; `row` is its case number, its area's lineage, its parent and its channel."""
        case_no, lineage, parent, channel = row
        seed = Seed(
            id=ticket_id, case_no=case_no, area=chain(lineage), parent_id=parent, channel=channel,
            departments=self._departments, people=self._people, tickets=self._mains(events),
            calendar=self._versions.calendar_version,
        )  # fmt: skip
        return self._versions.definition(self._transaction, workflow_id), seed

    def _belongings(self, case_no: str, ticket_id: int, case: Case) -> Iterator[Difference]:
        told: tuple[tuple[str, list[str], Mapping[int, Any]], ...] = (
            ("task", _TASK, case.tasks),
            ("request", _REQUEST, case.asks),
            ("deadline", _DEADLINE, case.timers),
            ("card", _CARD, case.cards),
        )
        for table, columns, ours in told:
            theirs = {
                row[0]: row[1:]
                for row in self._rows(
                    f"SELECT x.seq, {_columns('x', columns)} FROM {table} x WHERE x.ticket_id = @",  # noqa: S608
                    ticket_id,
                )
            }
            for seq in sorted(ours.keys() | theirs.keys()):
                stored = [_plain(value) for value in theirs[seq]] if seq in theirs else None
                wanted = [_plain(getattr(ours[seq], name)) for name in columns] if seq in ours else None
                yield from _compared(case_no, f"{table} {seq}", columns, stored, wanted)

    def _points(self, case_no: str, ticket_id: int, events: Sequence[Event]) -> Iterator[Difference]:
        """The ledger's lines are those that the events name, each at the time that the event was recorded."""
        told = {
            (event.seq, part): [person, points, reason, event.recorded_at]
            for event in events
            if '"points"' in event.facts
            for part, (person, points, reason) in enumerate(json.loads(event.facts).get("points", ()))
        }
        rows = self._rows(
            "SELECT event_seq, part, person_id, points, reason, at FROM points_line WHERE ticket_id = @", ticket_id
        )
        stored = {(row[0], row[1]): list(row[2:]) for row in rows}
        for key in sorted(told.keys() | stored.keys()):
            name = f"points_line {key[0]}.{key[1]}"
            yield from _compared(case_no, name, _POINTS, stored.get(key), told.get(key))

    def _exemptions(self, case_no: str, ticket_id: int, events: Sequence[Event]) -> Iterator[Difference]:
        """The exemptions are those that the events name, and so is what was counted again."""
        told: dict[tuple[int, int], list[Any]] = {}
        for event in events:
            facts = json.loads(event.facts) if '"exempts"' in event.facts or '"restores"' in event.facts else {}
            lines = [(line, restored) for fact, restored in _WAYS for line in facts.get(fact, ())]
            for part, ((indicator, department), restored) in enumerate(lines):
                told[event.seq, part] = [indicator, department, int(restored), event.recorded_at]
        rows = self._rows(
            "SELECT event_seq, part, indicator, department_id, restored, at FROM exemption WHERE ticket_id = @",
            ticket_id,
        )
        stored = {(row[0], row[1]): [row[2], row[3], int(row[4]), row[5]] for row in rows}
        for key in sorted(told.keys() | stored.keys()):
            name = f"exemption {key[0]}.{key[1]}"
            yield from _compared(case_no, name, _EXEMPTION, stored.get(key), told.get(key))

    def _letters(self, case_no: str, ticket_id: int, events: Sequence[Event]) -> Iterator[Difference]:
        """The letters in the book are those that the events sent, under the same numbers."""
        told: dict[int, list[Any]] = {}
        for event in events:
            said = json.loads(event.facts).get("letter") if '"letter"' in event.facts else None
            if said:
                told[event.seq] = [said["unit"], said["prefix"], said["year"], said["serial"], event.recorded_at]
        rows = self._rows("SELECT event_seq, unit, prefix, year, serial, at FROM letter WHERE ticket_id = @", ticket_id)
        stored = {row[0]: list(row[1:]) for row in rows}
        for seq in sorted(told.keys() | stored.keys()):
            yield from _compared(case_no, f"letter {seq}", _LETTER, stored.get(seq), told.get(seq))

    def _admissions(self, case_no: str, ticket_id: int, events: Sequence[Event]) -> Iterator[Difference]:
        """The admissions are those that the events name, for the same units, ended by the same events."""
        told: dict[str, list[Any]] = {}
        for event in events:
            facts = json.loads(event.facts) if '"admission' in event.facts else {}
            if given := facts.get("admission"):
                ids = sorted(self._departments[code].id for code in given["units"])
                told[given["number"]] = [
                    given["prefix"], given["year"], given["serial"], ticket_id, given["matter"],
                    " ".join(given["items"]), given["until"], event.at, ids, None,
                ]  # fmt: skip
            if facts.get("admission_ended") in told:
                told[facts["admission_ended"]][-1] = event.at
        stored = {
            row[0]: [*row[1:9], [], row[9]]
            for row in self._rows(
                "SELECT a.number, a.prefix, a.year, a.serial, a.ticket_id, a.matter, a.items, a.until, a.since, e.at "
                "FROM admission a LEFT JOIN admission_end e ON e.number = a.number WHERE a.ticket_id = @",
                ticket_id,
            )
        }
        units = "SELECT department_id FROM admission_unit WHERE number = @ ORDER BY department_id"
        for number, row in stored.items():
            row[8] = [unit for (unit,) in self._rows(units, number)]
        for number in sorted(told.keys() | stored.keys()):
            yield from _compared(case_no, f"admission {number}", _ADMISSION, stored.get(number), told.get(number))

    def _events(self, ticket_id: int) -> Iterator[Event]:
        listed = ", ".join(_EVENT)
        rows = self._rows(f"SELECT {listed} FROM event WHERE ticket_id = @ ORDER BY seq", ticket_id)  # noqa: S608
        return (Event(personal="", salt=b"", **dict(zip(_EVENT, row, strict=True))) for row in rows)

    def _mains(self, events: Sequence[Event]) -> dict[str, TicketRef]:
        """The tickets that this one was joined to."""
        named = {json.loads(event.facts).get("main") for event in events if '"main"' in event.facts} - {None}
        found: dict[str, TicketRef] = {}
        for case_no in named:
            for number, state, type_, main in self._rows(
                "SELECT t.id, t.state, t.state_type, t.main_id FROM case_number c JOIN ticket t ON t.id = c.ticket_id "
                "WHERE c.number = @",
                case_no,
            ):
                found[case_no] = TicketRef(number, case_no, state, StateType(type_), main)
        return found

    def _rows(self, sql: str, *parameters: Any) -> list[Any]:
        return self._transaction.rows(sql.replace("@", "%s" if self._transaction.postgresql else "?"), parameters)


def retold(
    database: Database, versions: Versions, *, tell: Callable[[int], None] = lambda done: None
) -> Iterator[list[Difference]]:
    """The differences of every ticket by ids, on one state of the database; `tell` hears how many are done.

    Constant memory.
    """
    with database.looking() as transaction:
        telling = Retelling(transaction, versions)
        mark = "%s" if transaction.postgresql else "?"
        done = after = 0
        while True:
            rows = transaction.rows(
                f"SELECT id FROM ticket WHERE id > {mark} ORDER BY id LIMIT {_PAGE}",  # noqa: S608 (constant words)
                (after,),
            )
            for (ticket_id,) in rows:
                yield telling.differences(ticket_id)
                done += 1
                tell(done)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]


def _columns(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f'{alias}."{name}"' for name in names)


def _own(case_no: str, stored: Sequence[Any], case: Case) -> Iterator[Difference]:
    told = [_plain(getattr(case.ticket, name)) for name in _TICKET]
    yield from _compared(case_no, "ticket", _TICKET, [_plain(value) for value in stored], told)


def _compared(
    case_no: str, row: str, columns: Sequence[str], stored: Sequence[Any] | None, told: Sequence[Any] | None
) -> Iterator[Difference]:
    if stored is None or told is None:
        yield Difference(case_no=case_no, row=row, column="", stored=stored and "…", told=told and "…")
        return
    for column, one, other in zip(columns, stored, told, strict=True):
        if one != other:
            yield Difference(case_no=case_no, row=row, column=column, stored=one, told=other)


def _plain(value: Any) -> Any:
    """What both databases and our values have in common."""
    if isinstance(value, bool):
        return int(value)
    return value.value if isinstance(value, Run | RequestState | CardEnd | StateType) else value
