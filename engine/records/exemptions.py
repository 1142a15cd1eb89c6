"""Exemptions 剔除: what an indicator leaves out, by whose ruling; lines are added and never changed."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.definitions.walk import every_action
from engine.records.asking import among, marks
from engine.records.columns import ONE_TREE, instant, key_part, maybe_link, word, yes_no
from engine.records.versions import Versions

#: Lines on one page.
MOST = 50
CURSOR = r"(\d{1,18})~([\w.-]{1,40})~(\d{1,9})~(\d{1,9})"
#: When, case number, event, part: what a page of lines is ordered by.
Cursor = tuple[Instant, str, int, int]


class Exemption(SQLModel, table=True):
    """One indicator leaves something out from here on, or counts it again. Its key names the event, which says so."""

    __tablename__ = "exemption"
    __table_args__ = (Index("ix_exemption_at", "at"), ONE_TREE)

    ticket_id: int = key_part()
    event_seq: int = key_part()
    #: Which of the event's lines, from 0.
    part: int = key_part()
    #: A choice of the field that the workflow file names.
    indicator: str = word()
    #: None for the ticket as a whole.
    department_id: int | None = maybe_link()
    restored: bool = yes_no()
    #: When the event was recorded.
    at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptionLine:
    """A line as people read it."""

    case_no: str
    event_seq: int
    part: int
    indicator: str
    title: Title
    #: Code and name; both empty for the ticket as a whole.
    department: str
    department_name: str
    restored: bool
    #: No later line counts it again.
    stands: bool
    #: Who ruled, and with which ground; the ground is erased with the words that may name a citizen.
    by: str
    ground: str
    at: Instant

    @property
    def cursor(self) -> str:
        """What asks for the lines before this one."""
        return f"{self.at}~{self.case_no}~{self.event_seq}~{self.part}"


def read_cursor(given: str) -> Cursor | None:
    """What `cursor` wrote; None for nothing, or for what it did not write."""
    found = re.fullmatch(CURSOR, given)
    return (Instant(int(found[1])), found[2], int(found[3]), int(found[4])) if found else None


def of_ticket(transaction: Transaction, versions: Versions, ticket_id: int) -> list[ExemptionLine]:
    """Every line of a ticket, the oldest first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"{_READ} WHERE x.ticket_id = {mark} ORDER BY x.event_seq, x.part", (ticket_id,))
    return _lines(transaction, versions, rows)


def listed(
    transaction: Transaction,
    versions: Versions,
    units: Iterable[str],
    *,
    indicator: str = "",
    department: str = "",
    case_no: str = "",
    before: Cursor | None = None,
) -> list[ExemptionLine]:
    """Lines on tickets that these units reach, the newest first, at most `MOST`.

    `department` is a code; `before` the last line seen.
    """
    mark, *_ = marks(transaction, 1)
    reached, parameters = among(transaction, units)
    conditions, values = [], list[Any](parameters)
    for column, given in (("x.indicator", indicator), ("d.code", department), ("t.case_no", case_no)):
        if given:
            conditions.append(f"{column} = {mark}")
            values.append(given)
    if before is not None:
        conditions.append(f"(x.at, t.case_no, x.event_seq, x.part) < ({mark}, {mark}, {mark}, {mark})")
        values += before
    more = "".join(f" AND {condition}" for condition in conditions)
    rows = transaction.rows(
        f"{_READ} WHERE EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id "  # noqa: S608
        f"AND r.unit {reached}){more} ORDER BY x.at DESC, t.case_no DESC, x.event_seq DESC, x.part DESC LIMIT {MOST}",
        values,
    )
    return _lines(transaction, versions, rows)


def stands(line: str) -> str:
    """SQL for whether a line of the table, by its alias, leaves out what it names: the newest of its kind says so."""
    return (
        f"(NOT {line}.restored AND NOT EXISTS (SELECT 1 FROM exemption later WHERE later.ticket_id = {line}.ticket_id "  # noqa: S608
        f"AND later.indicator = {line}.indicator "
        f"AND coalesce(later.department_id, 0) = coalesce({line}.department_id, 0) "
        f"AND later.event_seq > {line}.event_seq))"
    )


_READ = (
    "SELECT t.case_no, t.workflow_id, x.event_seq, x.part, x.indicator, d.code, d.name, x.restored, "  # noqa: S608
    f"{stands('x')}, "
    "p.name, w.words, x.at "
    "FROM exemption x JOIN ticket t ON t.id = x.ticket_id "
    "JOIN event e ON e.ticket_id = x.ticket_id AND e.seq = x.event_seq "
    "LEFT JOIN personal w ON w.ticket_id = x.ticket_id AND w.seq = x.event_seq "
    "LEFT JOIN department d ON d.id = x.department_id LEFT JOIN person p ON p.id = e.person_id"
)


def _lines(transaction: Transaction, versions: Versions, rows: Sequence[Sequence[Any]]) -> list[ExemptionLine]:
    titles = _titles(transaction, versions, {row[1] for row in rows})
    found = []
    for case_no, workflow, seq, part, indicator, code, name, restored, standing, by, words, at in rows:
        found.append(
            ExemptionLine(
                case_no=case_no,
                event_seq=seq,
                part=part,
                indicator=indicator,
                title=titles.get((workflow, indicator), Title(indicator, indicator)),
                department=code or "",
                department_name=name or "",
                restored=bool(restored),
                stands=bool(standing),
                by=by or "",
                ground=json.loads(words).get("reason", "") if words else "",
                at=Instant(at),
            )
        )
    return found


def _titles(transaction: Transaction, versions: Versions, workflows: Iterable[int]) -> Mapping[tuple[int, str], Title]:
    """Stored workflow and indicator → what its file calls it."""
    found: dict[tuple[int, str], Title] = {}
    for workflow in workflows:
        definition = versions.definition(transaction, workflow)
        for name in {name for action in every_action(definition) for name in (action.exempts, action.restores) if name}:
            found |= {(workflow, word): title for word, title in definition.fields[name].of.items()}
    return found
