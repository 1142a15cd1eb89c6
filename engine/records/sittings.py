"""Sittings of bodies: who sat, what was on the agenda, what became of it; and the chained history behind it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant, moment
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.areas import chain
from engine.records.asking import among, marks
from engine.records.columns import (
    ONE_TREE,
    big_id,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_link,
    maybe_number,
    maybe_word,
    number,
    one_of,
    text,
    title,
    where,
    word,
)
from engine.rules.case import AreaLink
from engine.rules.chain import canonical
from engine.rules.sittings import ItemOutcome, Presence, SittingEntry, SittingState


class Sitting(SQLModel, table=True):
    """One coming together of a body for one area."""

    __tablename__ = "sitting"
    __table_args__ = (
        one_of("state", [state.value for state in SittingState]),
        # A regular sitting is called once in its period, and no number is given twice, whoever does it.
        Index(
            "ux_sitting_period", "workflow", "meeting", "area_id", "period", unique=True, **where("period <> ''")
        ),
        Index(
            "ux_sitting_nth", "workflow", "meeting", "area_id", "year", "nth", unique=True, **where("nth IS NOT NULL"),
        ),
        Index("ix_sitting_body", "workflow", "meeting", "area_id", "planned_at"),
    )  # fmt: skip

    id: int | None = big_id()
    #: What people call it by, like a case number.
    code: str = word(unique=True)
    #: Key of the workflow, and the version whose words the sitting goes by.
    workflow: str = word()
    workflow_id: int = link("workflow_version.id")
    meeting: str = word()
    area_id: int = link("area.id")
    #: `2026-W10` of a regular sitting; "" for an extraordinary one.
    period: str = word()
    planned_at: int = instant()
    place: str = title()
    state: str = word()
    #: 第N次 of the year, given when it is opened.
    year: int = number()
    nth: int | None = maybe_number()
    #: Who opened it.
    chair_id: int | None = maybe_link()
    opened_at: int | None = maybe_instant()
    closed_at: int | None = maybe_instant()
    signed_at: int | None = maybe_instant()
    #: The signed text, for ever as it is.
    minutes: str = text()
    last_seq: int = number()
    #: Hash of the newest entry, hex.
    head: str = word()


class SittingSeat(SQLModel, table=True):
    """A member as of the opening, and whether they were there."""

    __tablename__ = "sitting_seat"
    __table_args__ = (one_of("presence", [one.value for one in Presence]), ONE_TREE)

    sitting_id: int = key_part("sitting.id")
    person_id: int = key_part()
    seat: str = word()
    post: str = word()
    area_id: int = link()
    presence: str = word()
    #: Who came in the member's place.
    stand_in_id: int | None = maybe_link()
    at: int | None = maybe_instant()


class SittingItem(SQLModel, table=True):
    """A ticket on an agenda."""

    __tablename__ = "sitting_item"
    __table_args__ = (
        one_of("outcome", [one.value for one in ItemOutcome]),
        # A ticket waits on one agenda at a time.
        Index("ux_sitting_item_open", "ticket_id", unique=True, **where("outcome = 'open'")),
        Index("ix_sitting_item_ticket", "ticket_id", "sitting_id"),
        Index("ix_sitting_item_carry", "carry_at", "ticket_id", **where("carry_at IS NOT NULL")),
        ONE_TREE,
    )

    sitting_id: int = key_part("sitting.id")
    ticket_id: int = key_part()
    position: int = number()
    #: How many times it was carried over before.
    carried: int = number()
    outcome: str = word()
    action: str | None = maybe_word()
    event_seq: int | None = maybe_number()
    at: int | None = maybe_instant()
    #: When the clock is to carry it over; None when that is done, or was never to be.
    carry_at: int | None = maybe_instant()
    attempts: int = number()
    error: str = text()


class SittingLine(SQLModel, table=True):
    """One line of a sitting's history, chained; see `rules.sittings.SittingEntry`."""

    __tablename__ = "sitting_entry"
    __table_args__ = ONE_TREE

    sitting_id: int = key_part("sitting.id")
    seq: int = key_part()
    at: int = instant()
    kind: str = word()
    actor: str = word()
    person_id: int | None = maybe_link()
    post: str = word()
    behalf_of: int | None = maybe_link()
    facts: str = text()
    algorithm: str = word()
    hash: str = word()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who does something to a sitting, and by which post."""

    login: str
    person_id: int | None = None
    post: str = ""
    behalf_of: int | None = None


@dataclass(slots=True, kw_only=True)
class Held:
    """A sitting's row, with its area's way up to the root."""

    id: int
    code: str
    workflow: str
    workflow_id: int
    meeting: str
    area: tuple[AreaLink, ...]
    area_name: str
    period: str
    planned_at: Instant
    place: str
    state: SittingState
    year: int
    nth: int | None
    chair_id: int | None
    opened_at: Instant | None
    closed_at: Instant | None
    signed_at: Instant | None
    minutes: str
    last_seq: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """A member of an opened sitting."""

    person_id: int
    seat: str
    post: str
    area_id: int
    presence: Presence
    stand_in_id: int | None = None
    at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """A ticket on an agenda, as it stands there and by itself."""

    ticket_id: int
    case_no: str
    position: int
    carried: int
    outcome: ItemOutcome
    action: str | None
    event_seq: int | None
    at: Instant | None
    state: str
    workflow_id: int
    description: str = ""
    error: str = ""


_COLUMNS = (
    "s.id, s.code, s.workflow, s.workflow_id, s.meeting, a.lineage, a.name, s.period, s.planned_at, s.place, s.state, "
    "s.year, s.nth, s.chair_id, s.opened_at, s.closed_at, s.signed_at, s.minutes, s.last_seq, s.head"
)


def find(transaction: Transaction, code: str, *, lock: bool = False) -> Held:
    """The sitting of a code, locked if it is to be changed. Errors: `NotFound`."""
    if lock and transaction.postgresql:
        transaction.rows("SELECT id FROM sitting WHERE code = %s FOR UPDATE", (code[:64],))
    found = listed(transaction, "s.code = @", code[:64])
    if not found:
        raise NotFound(f"没有会议场次“{code[:40]}”", f"there is no sitting '{code[:40]}'")
    return found[0]


def listed(transaction: Transaction, condition: str, *parameters: Any, limit: int = 200) -> list[Held]:
    """The sittings `s` in the areas `a` of which a condition (with `@` for parameters) holds, the latest first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM sitting s JOIN area a ON a.id = s.area_id "  # noqa: S608 (constant words)
        f"WHERE {condition.replace('@', mark)} ORDER BY s.planned_at DESC, s.id DESC LIMIT {limit}",
        parameters,
    )
    return [_held(row) for row in rows]


def _held(row: Sequence[Any]) -> Held:
    names = Held.__slots__
    values = dict(zip(names, row, strict=True))
    return Held(**{**values, "area": chain(values["area"]), "state": SittingState(values["state"])})


def create(
    transaction: Transaction, *, workflow: str, workflow_id: int, meeting: str, area_id: int, period: str,
    planned_at: Instant, place: str,
) -> Held:  # fmt: skip
    """A called sitting with its code. Errors: the database's own, when its period has one already."""
    mark, *_ = marks(transaction, 1)
    ((number_,),) = transaction.rows(
        "INSERT INTO sitting (code, workflow, workflow_id, meeting, area_id, period, planned_at, place, state, year, "  # noqa: S608
        f"minutes, last_seq, head) VALUES ({', '.join([mark] * 9)}, 0, '', 0, '') RETURNING id",
        (token_hex(16), workflow, workflow_id, meeting, area_id, period, planned_at, place, SittingState.CALLED.value),
    )
    code = f"S{moment(planned_at):%Y%m%d}-{number_:04d}"
    transaction.run(f"UPDATE sitting SET code = {mark} WHERE id = {mark}", (code, number_))  # noqa: S608
    return find(transaction, code)


def change(transaction: Transaction, sitting: Held, **values: Any) -> None:
    """Change columns of the row, and of the value in hand."""
    mark, *_ = marks(transaction, 1)
    plain = [value.value if isinstance(value, SittingState) else value for value in values.values()]
    transaction.run(
        f"UPDATE sitting SET {', '.join(f'{name} = {mark}' for name in values)} WHERE id = {mark}",  # noqa: S608
        (*plain, sitting.id),
    )
    for name, value in values.items():
        setattr(sitting, name, value)


def append(
    transaction: Transaction, sitting: Held, kind: str, hand: Hand, facts: Mapping[str, Any], now: Instant,
    algorithm: str,
) -> None:  # fmt: skip
    """Chain one line behind the newest; whoever calls this has the sitting locked."""
    entry = SittingEntry(
        sitting_id=sitting.id, seq=sitting.last_seq + 1, at=now, kind=kind, actor=hand.login, person_id=hand.person_id,
        post=hand.post, behalf_of=hand.behalf_of, facts=canonical(dict(facts)), algorithm=algorithm,
    )  # fmt: skip
    hashed = entry.hashed(sitting.head)
    mark, *_ = marks(transaction, 1)
    names = [*SittingEntry.__slots__]
    transaction.run(
        f"INSERT INTO sitting_entry ({', '.join(names)}, hash) VALUES ({', '.join([mark] * (len(names) + 1))})",  # noqa: S608
        (*(getattr(entry, name) for name in names), hashed),
    )
    change(transaction, sitting, last_seq=entry.seq, head=hashed)


def entries(transaction: Transaction, sitting_id: int) -> list[tuple[SittingEntry, str]]:
    """The whole history of a sitting with its hashes, oldest first."""
    mark, *_ = marks(transaction, 1)
    names = [*SittingEntry.__slots__]
    rows = transaction.rows(
        f"SELECT {', '.join(names)}, hash FROM sitting_entry WHERE sitting_id = {mark} ORDER BY seq",  # noqa: S608
        (sitting_id,),
    )
    return [(SittingEntry(**dict(zip(names, row[:-1], strict=True))), row[-1]) for row in rows]


def facts_of(entry: SittingEntry) -> dict[str, Any]:
    """What an entry says."""
    facts: dict[str, Any] = json.loads(entry.facts)
    return facts


def seats(transaction: Transaction, sitting_id: int) -> list[SeatRow]:
    """The members of an opened sitting."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT person_id, seat, post, area_id, presence, stand_in_id, at FROM sitting_seat "  # noqa: S608
        f"WHERE sitting_id = {mark} ORDER BY person_id",
        (sitting_id,),
    )
    return [
        SeatRow(
            person_id=row[0], seat=row[1], post=row[2], area_id=row[3], presence=Presence(row[4]), stand_in_id=row[5],
            at=row[6],
        )
        for row in rows
    ]  # fmt: skip


def keep_seats(transaction: Transaction, sitting_id: int, rows: Iterable[SeatRow]) -> None:
    """Write members, those that are there already anew."""
    mark, *_ = marks(transaction, 1)
    transaction.run_many(
        "INSERT INTO sitting_seat (sitting_id, person_id, seat, post, area_id, presence, stand_in_id, at) "  # noqa: S608
        f"VALUES ({', '.join([mark] * 8)}) ON CONFLICT (sitting_id, person_id) DO UPDATE SET "
        "presence = excluded.presence, stand_in_id = excluded.stand_in_id, at = excluded.at",
        [
            (sitting_id, row.person_id, row.seat, row.post, row.area_id, row.presence.value, row.stand_in_id, row.at)
            for row in rows
        ],
    )


def items(transaction: Transaction, sitting_id: int) -> list[ItemRow]:
    """The agenda: what was carried over most often first, then as it was ordered."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT i.ticket_id, t.case_no, i.position, i.carried, i.outcome, i.action, i.event_seq, i.at, t.state, "  # noqa: S608
        "t.workflow_id, w.description, i.error FROM sitting_item i JOIN ticket t ON t.id = i.ticket_id "
        f"LEFT JOIN particulars w ON w.ticket_id = i.ticket_id WHERE i.sitting_id = {mark} "
        "ORDER BY i.position, i.ticket_id",
        (sitting_id,),
    )
    names = [*ItemRow.__slots__]
    return [
        ItemRow(**{**dict(zip(names, row, strict=True)), "outcome": ItemOutcome(row[4]), "description": row[10] or ""})
        for row in rows
    ]


def put(transaction: Transaction, sitting: Held, ticket_id: int) -> int:
    """Put a ticket on the agenda, behind what was carried over as often; how many times it was.

    Errors: the database's own, when it waits on another agenda.
    """
    mark, *_ = marks(transaction, 1)
    times = carried_before(transaction, sitting, ticket_id)
    ((position,),) = transaction.rows(
        f"SELECT coalesce(max(position), 0) + 1 FROM sitting_item WHERE sitting_id = {mark} "  # noqa: S608
        f"AND carried >= {mark}",
        (sitting.id, times),
    )
    transaction.run(
        f"UPDATE sitting_item SET position = position + 1 WHERE sitting_id = {mark} AND position >= {mark}",  # noqa: S608
        (sitting.id, position),
    )
    transaction.run(
        "INSERT INTO sitting_item (sitting_id, ticket_id, position, carried, outcome, attempts, error) "  # noqa: S608
        f"VALUES ({mark}, {mark}, {mark}, {mark}, 'open', 0, '') ON CONFLICT (sitting_id, ticket_id) DO UPDATE SET "
        "outcome = 'open', action = NULL, event_seq = NULL, at = NULL, carry_at = NULL, "
        "position = excluded.position, carried = excluded.carried",
        (sitting.id, ticket_id, position, times),
    )
    return times


def carried_before(transaction: Transaction, sitting: Held, ticket_id: int) -> int:
    """How many sittings of the body in a row carried a ticket over, up to now."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT i.outcome FROM sitting_item i JOIN sitting s ON s.id = i.sitting_id "  # noqa: S608
        f"WHERE i.ticket_id = {mark} AND s.workflow = {mark} AND s.meeting = {mark} AND s.id <> {mark} "
        "AND i.outcome <> 'open' ORDER BY i.at DESC, s.id DESC",
        (ticket_id, sitting.workflow, sitting.meeting, sitting.id),
    )
    times = 0
    for (outcome,) in rows:
        if outcome != ItemOutcome.CARRIED:
            break
        times += 1
    return times


def settle_item(
    transaction: Transaction, sitting_id: int, ticket_id: int, outcome: ItemOutcome, now: Instant, *,
    action: str | None = None, event_seq: int | None = None, carry_at: Instant | None = None,
) -> None:  # fmt: skip
    """What became of an item."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE sitting_item SET outcome = {mark}, action = {mark}, event_seq = {mark}, at = {mark}, "  # noqa: S608
        f"carry_at = {mark} WHERE sitting_id = {mark} AND ticket_id = {mark}",
        (outcome.value, action, event_seq, now, carry_at, sitting_id, ticket_id),
    )


def waiting_on(transaction: Transaction, ticket_id: int) -> int | None:
    """The sitting on whose agenda a ticket waits."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT sitting_id FROM sitting_item WHERE ticket_id = {mark} AND outcome = 'open'",  # noqa: S608
        (ticket_id,),
    )
    return int(rows[0][0]) if rows else None


def by_ids(transaction: Transaction, ids: Iterable[int], *, lock: bool) -> dict[int, Held]:
    """Sittings by id, locked in the order of ids if they are to be changed."""
    wanted, found = sorted(set(ids)), {}
    for one in wanted:
        if lock and transaction.postgresql:
            transaction.rows("SELECT id FROM sitting WHERE id = %s FOR UPDATE", (one,))
        for held in listed(transaction, "s.id = @", one):
            found[held.id] = held
    return found


def put_first(transaction: Transaction, sitting_id: int, ticket_id: int) -> None:
    """An item before all others."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE sitting_item SET position = (SELECT min(position) - 1 FROM sitting_item WHERE sitting_id = {mark}) "  # noqa: S608
        f"WHERE sitting_id = {mark} AND ticket_id = {mark}",
        (sitting_id, sitting_id, ticket_id),
    )


def next_number(transaction: Transaction, sitting: Held, year: int) -> int:
    """The number that the body's next sitting of a year gets; the index lets nobody else have the same."""
    mark, *_ = marks(transaction, 1)
    ((last,),) = transaction.rows(
        f"SELECT coalesce(max(nth), 0) FROM sitting WHERE workflow = {mark} AND meeting = {mark} "  # noqa: S608
        f"AND area_id = {mark} AND year = {mark}",
        (sitting.workflow, sitting.meeting, sitting.area[0].id, year),
    )
    return int(last) + 1


def business(
    transaction: Transaction, workflow: str, area_id: int, *, states: Iterable[str], limit: int
) -> list[tuple[int, str]]:
    """Id and case number of a workflow's open tickets within an area that wait in these states on no agenda."""
    match, listed_ = among(transaction, states)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT t.id, t.case_no FROM ticket t JOIN workflow_version w ON w.id = t.workflow_id "  # noqa: S608
        f"JOIN reach r ON r.ticket_id = t.id AND r.sort_key = t.opened_at AND r.unit = {mark} "
        f"WHERE w.key = {mark} AND t.settled_at IS NULL AND t.state {match} AND NOT EXISTS "
        "(SELECT 1 FROM sitting_item i WHERE i.ticket_id = t.id AND (i.outcome = 'open' OR i.carry_at IS NOT NULL)) "
        f"ORDER BY t.entered_at, t.id LIMIT {mark}",
        (f"a{area_id}", workflow, *listed_, limit),
    )
    return [(int(number), case_no) for number, case_no in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """A ticket that the clock is to carry over from a closed sitting."""

    sitting_id: int
    ticket_id: int
    attempts: int


def to_carry(transaction: Transaction, now: Instant, limit: int) -> list[Carry]:
    """What is due; a new one is due whatever its time says, for the clock may have stepped back."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT sitting_id, ticket_id, attempts FROM sitting_item WHERE carry_at IS NOT NULL "  # noqa: S608
        f"AND (carry_at <= {mark} OR attempts = 0) ORDER BY carry_at, ticket_id LIMIT {mark}",
        (now, limit),
    )
    return [Carry(sitting_id=row[0], ticket_id=row[1], attempts=row[2]) for row in rows]


def carried(transaction: Transaction, one: Carry, error: str, again: Instant | None) -> None:
    """It was carried over, or refused, or failed and is tried again."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE sitting_item SET carry_at = {mark}, attempts = attempts + 1, error = {mark} "  # noqa: S608
        f"WHERE sitting_id = {mark} AND ticket_id = {mark} AND carry_at IS NOT NULL",
        (again, error[:2000], one.sitting_id, one.ticket_id),
    )
