"""From notices to messages: which people hold the posts that a notice names, now.

Asked set by set, of hundreds of notices at a time. A notice belongs to whoever has locked its row; that a person is
told of one event once, whatever roles they have in it, is the key of `message`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from engine.clock import SECOND, Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.messages import MessageKind, NewMessage, post
from engine.records.posts import on_duty
from engine.rules.case import THE_RULE

#: A message waits this long for others that come with it, so that they are one text.
GATHER = 10 * SECOND
#: The urgency of a ticket whose every message is urgent.
EMERGENCY = "emergency"

#: A notice's ticket and seq.
Key = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A person whom a notice means."""

    notice: Key
    event_seq: int
    at: Instant
    person_id: int
    urgent: bool
    #: Whose act it was: a person's, or None.
    actor_id: int | None
    #: In whose place the person is meant; None in their own right.
    behalf_of: int | None = None
    #: Who is meant in this person's place, if they are on leave.
    deputy_id: int | None = None


def waiting(transaction: Transaction, limit: int) -> list[Key]:
    """The oldest notices that nobody has fanned out, locked for this transaction; those another one holds are left."""
    mark, *_ = marks(transaction, 1)
    alone = " FOR UPDATE SKIP LOCKED" if transaction.postgresql else ""
    rows = transaction.rows(
        f"SELECT ticket_id, seq FROM notice WHERE fanned_at IS NULL ORDER BY at LIMIT {mark}{alone}",  # noqa: S608
        (limit,),
    )
    return [(int(ticket), int(seq)) for ticket, seq in rows]


def meant(transaction: Transaction, keys: Sequence[Key], now: Instant) -> list[Meant]:
    """The active people whom these notices mean now, one line per notice and person."""
    sql, wanted = _meant(postgresql=transaction.postgresql)
    known = {"keys": _json(keys), "now": now}
    rows = transaction.rows(sql, [known[name] for name in wanted])
    return [
        Meant(
            notice=(int(ticket), int(seq)),
            event_seq=event_seq,
            at=at,
            person_id=int(person),
            urgent=bool(urgent),
            actor_id=actor,
            behalf_of=behalf,
            deputy_id=deputy,
        )
        for ticket, seq, event_seq, at, person, behalf, deputy, urgent, actor in rows
    ]


def tell(transaction: Transaction, found: Sequence[Meant], now: Instant) -> int:
    """Put a message into the inbox of everybody meant but whoever did the act; how many that were, repeated or not."""
    told: dict[tuple[int, int, int], Meant] = {}
    for one in found:
        key = (one.person_id, one.notice[0], one.event_seq)
        if one.person_id != one.actor_id and (key not in told or _nearer(one, told[key])):
            told[key] = one
    # By their key's order, so that two hands that tell the same people never wait for each other in a ring.
    post(transaction, [_message(told[key], now) for key in sorted(told)])
    return len(told)


def _nearer(one: Meant, other: Meant) -> bool:
    """Whoever is meant in their own right and at their desk is told so, whatever else they are."""
    return (one.behalf_of is not None, one.deputy_id is not None) < (
        other.behalf_of is not None,
        other.deputy_id is not None,
    )


def mark(transaction: Transaction, keys: Sequence[Key], found: Sequence[Meant], now: Instant) -> None:
    """Say of each notice that it is done, and how many people it reached.

    A role may be held at any of several areas, with one notice each: those that met nobody count the others' people.
    """
    people: dict[Key, set[int]] = {key: set() for key in keys}
    for one in found:
        people[one.notice].add(one.person_id)
    empty = [key for key, those in people.items() if not those]
    beside = _beside(transaction, empty) if empty else []
    elsewhere = meant(transaction, sorted({other for _, other in beside}), now) if beside else []
    for key, other in beside:
        people[key] |= {one.person_id for one in elsewhere if one.notice == other}
    fanned, reached, ticket, seq = marks(transaction, 4)
    transaction.run_many(
        f"UPDATE notice SET fanned_at = {fanned}, reached = {reached} WHERE ticket_id = {ticket} AND seq = {seq}",  # noqa: S608
        [(now, len(those), *key) for key, those in people.items()],
    )


def _beside(transaction: Transaction, keys: Sequence[Key]) -> list[tuple[Key, Key]]:
    """Each of these notices with each other one of the same role in the same event."""
    rows = transaction.rows(
        f"SELECT n.ticket_id, n.seq, o.seq FROM {_keys(postgresql=transaction.postgresql)} k "  # noqa: S608
        "JOIN notice n ON n.ticket_id = k.ticket_id AND n.seq = k.seq "
        "JOIN notice o ON o.ticket_id = n.ticket_id AND o.event_seq = n.event_seq AND o.role = n.role "
        "WHERE o.seq <> n.seq",
        (_json(keys),),
    )
    return [((int(ticket), int(seq)), (int(ticket), int(other))) for ticket, seq, other in rows]


def _message(one: Meant, now: Instant) -> NewMessage:
    return NewMessage(
        person_id=one.person_id,
        origin=f"n:{one.notice[0]}:{one.event_seq}",
        kind=MessageKind.NOTICE,
        at=one.at,
        urgent=one.urgent,
        due=Instant(now + GATHER),
        ticket_id=one.notice[0],
        event_seq=one.event_seq,
        behalf_of=one.behalf_of,
        deputy_id=one.deputy_id,
    )


@cache
def _meant(*, postgresql: bool) -> tuple[str, tuple[str, ...]]:
    """The statement of `meant`, and what each of its marks stands for: `keys` as JSON, or `now`."""
    position = "strpos" if postgresql else "instr"
    notices = (
        f"{_keys(postgresql=postgresql, mark='@keys')} k JOIN notice n ON n.ticket_id = k.ticket_id AND n.seq = k.seq"
    )
    #: A unit is a letter, which says of what, and an id.
    letter, unit = "substr(n.unit, 1, 1)", "CAST(substr(n.unit, 2) AS bigint)"
    own = "n.ticket_id, n.seq, n.event_seq, n.at"
    meant = (
        "h.valid_from <= @now AND (h.valid_to IS NULL OR h.valid_to > @now) "
        f"AND {position}(' ' || n.posts || ' ', ' ' || h.post || ' ') > 0 "
        "AND (NOT n.duty OR @duty)"
    )
    away = "y.valid_from <= @now AND y.valid_to > @now"
    deputy = f"(SELECT min(y.deputy_id) FROM deputy y WHERE y.holding_id = h.id AND {away})"  # noqa: S608
    none = "CAST(NULL AS bigint)"
    named = f"{unit} AS person_id, {none} AS behalf_of, {none} AS deputy_id"
    parts = [f"SELECT {own}, {named} FROM {notices} WHERE {letter} = 'p'"]  # noqa: S608 (constant words)
    for of, column in (("a", "area_id"), ("d", "department_id")):
        there = f"FROM {notices} JOIN holding h ON h.{column} = {unit}"
        stand_in = f"JOIN deputy y ON y.holding_id = h.id AND {away}"
        where = f"WHERE {letter} = '{of}' AND {meant}"
        for who, join, people in (
            (f"h.person_id, {none}, {deputy}", "", "h.person_id"),
            (f"y.deputy_id, h.person_id, {none}", stand_in, "h.person_id, y.deputy_id"),
        ):
            duty = on_duty("h", people, "@now")
            parts.append(f"SELECT {own}, {who} {there} {join} {where}".replace("@duty", duty))
    card = "e.facts::json ->> 'card'" if postgresql else "json_extract(e.facts, '$.card')"
    sql = (
        f"SELECT m.ticket_id, m.seq, m.event_seq, m.at, p.id, m.behalf_of, m.deputy_id, "  # noqa: S608 (constant words)
        f"{card} IS NOT NULL OR coalesce(t.urgency, '') = '{EMERGENCY}', {_ACTOR} FROM ({' UNION ALL '.join(parts)}"
        ") m JOIN person p ON p.id = m.person_id AND p.active "
        "JOIN event e ON e.ticket_id = m.ticket_id AND e.seq = m.event_seq JOIN ticket t ON t.id = m.ticket_id"
    )
    wanted = tuple(re.findall(r"@(keys|now)\b", sql))
    return re.sub(r"@(keys|now)\b", "%s" if postgresql else "?", sql), wanted


def _json(keys: Sequence[Key]) -> str:
    return json.dumps([{"ticket_id": ticket, "seq": seq} for ticket, seq in keys])


def _keys(*, postgresql: bool, mark: str | None = None) -> str:
    """Keys given as JSON, as a table."""
    if postgresql:
        return (
            f"(SELECT ticket_id, seq FROM json_to_recordset({mark or '%s'}::json) "  # noqa: S608 (constant words)
            "AS x(ticket_id bigint, seq integer))"
        )
    each = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in ("ticket_id", "seq"))
    return f"(SELECT {each} FROM json_each({mark or '?'}))"  # noqa: S608 (constant words)


#: Whose act an event belongs to; where a rule only followed, that of the event recorded at the same moment before it.
_ACTOR = (
    f"CASE WHEN e.actor <> '{THE_RULE.name}' THEN e.person_id ELSE (SELECT b.person_id FROM event b "  # noqa: S608
    f"WHERE b.ticket_id = e.ticket_id AND b.seq < e.seq AND b.actor <> '{THE_RULE.name}' "
    "AND b.recorded_at = e.recorded_at ORDER BY b.seq DESC LIMIT 1) END"
)
