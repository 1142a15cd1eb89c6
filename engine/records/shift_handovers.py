"""Handing over a shift 交接班: what the desk that leaves says to the one that comes, and that it was taken over.

A line is written once and never changed but for who took it over and when, which is written once too. The tickets to
watch stand in it by number; each reader sees those within their own reach.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotAllowedNow, NotFound
from engine.records import registers, reservations
from engine.records.access import Viewer
from engine.records.asking import among, marks, wrong
from engine.records.columns import big_id, instant, link, maybe_instant, maybe_link, text, word
from engine.records.names import names
from engine.records.versions import Versions

#: Characters of what is said, and tickets that can be pointed to.
LONGEST, MOST_TICKETS = 2_000, 50
#: Lines that a page shows.
SHOWN = 30


class ShiftHandover(SQLModel, table=True):
    """One shift handed over in one unit."""

    __tablename__ = "shift_handover"
    __table_args__ = (Index("ix_shift_handover_unit", "unit", "written_at"),)

    id: int | None = big_id()
    #: `a<area id>` or `d<department id>`, as notices name units.
    unit: str = word()
    words: str = text()
    #: Ids of tickets to watch, as JSON.
    tickets: str = text()
    #: What waited then, as JSON: [urgency, light, count].
    waiting: str = text()
    written_by: int = link("person.id")
    written_at: int = instant()
    taken_by: int | None = maybe_link("person.id")
    taken_at: int | None = maybe_instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A shift handed over, as its readers see it."""

    id: int
    unit_name: str
    words: str
    #: Ids of tickets to watch, whether or not this reader reaches them.
    tickets: tuple[int, ...]
    #: Urgency, light, count.
    waiting: tuple[tuple[str, str, int], ...]
    written_by: int
    writer: str
    written_at: Instant
    taker: str
    taken_at: Instant | None


def desks(transaction: Transaction, versions: Versions, viewer: Viewer) -> Mapping[str, str]:
    """The units in which this person keeps shifts, and their names.

    A post keeps shifts where a role of an active workflow is for whoever is on duty (`duty`).
    """
    active = [versions.active(transaction, key) for key in registers.active_keys(transaction)]
    kept = {post for workflow in active for role in workflow.roles.values() if role.duty for post in role.posts}
    held = [one for one in viewer.posts if one.post in kept]
    called = names(
        transaction,
        areas=sorted({one.area_id for one in held if one.area_id is not None}),
        departments=sorted({one.department_id for one in held if one.department_id is not None}),
    )
    areas = {f"a{key}": named.name for key, named in called.areas.items()}
    return {**areas, **{f"d{key}": named.name for key, named in called.departments.items()}}


def hand_over(
    transaction: Transaction,
    viewer: Viewer,
    desk: Mapping[str, str],
    unit: str,
    words: str,
    tickets: Sequence[int],
    waiting: Sequence[tuple[str, str, int]],
    now: Instant,
) -> None:
    """Write a line, and give back what the writer had in hand; `desk` is what `desks` answers.

    Errors: `Malformed` naming the field: a unit where no shift is kept, no words or too many, too many tickets.
    """
    if unit not in desk:
        raise wrong("unit", "您不在该处值班", "you keep no shift there")
    said = words.strip()
    if not said or len(said) > LONGEST:
        raise wrong(
            "words", f"请写明交接内容（{LONGEST} 字以内）", f"say what is handed over, in at most {LONGEST} characters"
        )
    if len(tickets) > MOST_TICKETS:
        raise wrong("ticket", f"最多点明 {MOST_TICKETS} 件案卷", f"point to {MOST_TICKETS} tickets at most")
    listed = ", ".join(marks(transaction, 6))
    transaction.run(
        f"INSERT INTO shift_handover (unit, words, tickets, waiting, written_by, written_at) VALUES ({listed})",  # noqa: S608
        (unit, said, json.dumps(list(tickets)), json.dumps(list(waiting)), viewer.person_id, now),
    )
    for ticket_id in reservations.in_hand(transaction, viewer, now):
        reservations.give_back(transaction, viewer, ticket_id, now)


def take_over(transaction: Transaction, viewer: Viewer, desk: Mapping[str, str], number: int, now: Instant) -> None:
    """Say that one has taken a shift over, once.

    Errors: `NotFound` for a line of a unit where this person keeps no shift, `NotAllowedNow` for one's own and for one
    that somebody else has taken over.
    """
    found = next((one for one in _lines(transaction, desk, number=number)), None)
    if found is None:
        raise NotFound("没有这份交接", "there is no such hand-over")
    if found.written_by == viewer.person_id:
        raise NotAllowedNow("自己的交接由接班人确认", "whoever comes next takes it over, not who wrote it")
    mark, *_ = marks(transaction, 1)
    changed = transaction.run(
        f"UPDATE shift_handover SET taken_by = {mark}, taken_at = {mark} WHERE id = {mark} AND taken_by IS NULL",  # noqa: S608
        (viewer.person_id, now, number),
    )
    if not changed:
        raise NotAllowedNow(f"已由 {found.taker or '他人'} 接班", f"{found.taker or 'somebody else'} has taken it over")


def recent(transaction: Transaction, desk: Mapping[str, str]) -> list[HandedOver]:
    """The newest lines of these units, the newest first."""
    return _lines(transaction, desk)


def untaken(transaction: Transaction, viewer: Viewer, desk: Mapping[str, str]) -> int:
    """How many of the newest lines wait for this person or a colleague to take them over."""
    return sum(1 for one in recent(transaction, desk) if one.taken_at is None and one.written_by != viewer.person_id)


def _lines(transaction: Transaction, desk: Mapping[str, str], number: int | None = None) -> list[HandedOver]:
    if not desk:
        return []
    match, units = among(transaction, sorted(desk))
    mark, *_ = marks(transaction, 1)
    only = f"AND s.id = {mark}" if number is not None else ""
    rows = transaction.rows(
        "SELECT s.id, s.unit, s.words, s.tickets, s.waiting, s.written_by, w.name, s.written_at, t.name, s.taken_at "  # noqa: S608
        "FROM shift_handover s JOIN person w ON w.id = s.written_by LEFT JOIN person t ON t.id = s.taken_by "
        f"WHERE s.unit {match} {only} ORDER BY s.written_at DESC, s.id DESC LIMIT {SHOWN}",
        (*units, *([number] if number is not None else [])),
    )
    return [
        HandedOver(
            id=int(row[0]), unit_name=desk[row[1]], words=row[2], tickets=tuple(json.loads(row[3])),
            waiting=tuple((one[0], one[1], one[2]) for one in json.loads(row[4])), written_by=int(row[5]),
            writer=row[6], written_at=Instant(row[7]), taker=row[8] or "",
            taken_at=Instant(row[9]) if row[9] is not None else None,
        )
        for row in rows
    ]  # fmt: skip
