"""Deliveries: who is due, what is taken for one delivery, and what came of it.

A delivery is a claim on some messages of one person, with a lease: `next_at` is then the moment at which nobody
believes any more that the claimant lives. So a claim that was never answered is due again by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.clock import MINUTE, Instant
from engine.database import Transaction
from engine.errors import NotSignedIn
from engine.records.access import viewer_of
from engine.records.asking import among, marks
from engine.records.messages import Delivery
from engine.records.wishes import Goal, goals, wishes_of
from engine.rules.mailing import MOST_TRIES, Plan, Waiting, next_try, plan
from engine.rules.wishes import QuietHours

#: A claim holds this long; longer than the slowest delivery may take.
LEASE = 5 * MINUTE
#: Messages of one delivery; what is more comes with the next.
MOST = 5_000
#: Due messages looked at to find the people they are for.
_MOST_DUE = 20_000
#: Characters of an error that are kept.
LONGEST_ERROR = 500
#: Why a message is given up when nobody lived to say so.
_INTERRUPTED = "中断 / interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Messages of one person that one hand delivers now, as one text."""

    person_id: int
    token: str
    #: What is urgent first, then the newest first.
    origins: tuple[str, ...]
    goals: tuple[Goal, ...]
    #: Deliveries begun with the message that was tried most, this one among them.
    attempts: int


def due_people(transaction: Transaction, now: Instant, limit: int) -> list[tuple[int, bool]]:
    """People for whom something is due, and whether only what failed before; those who never failed come first."""
    at, looked, most = marks(transaction, 3)
    # Only what is due is looked at, however much sleeps until the morning.
    rows = transaction.rows(
        "SELECT person_id, min(attempts) FROM (SELECT person_id, attempts, next_at FROM message "  # noqa: S608
        f"WHERE next_at <= {at} ORDER BY next_at LIMIT {looked}) due "
        f"GROUP BY person_id ORDER BY min(attempts), min(next_at), person_id LIMIT {most}",
        (now, _MOST_DUE, limit),
    )
    return [(int(person), bool(attempts)) for person, attempts in rows]


def keep_homeless(transaction: Transaction, now: Instant, *, everybody: bool) -> int:
    """Leave in the inbox what is due and has nowhere to go; with `everybody` all that is due. How many messages."""
    mark, *_ = marks(transaction, 1)
    homeless = "" if everybody else " AND person_id NOT IN (SELECT person_id FROM destination)"
    return transaction.run(
        f"UPDATE message SET delivery = '{Delivery.KEPT}', next_at = NULL, claim = NULL "  # noqa: S608
        f"WHERE next_at <= {mark}{homeless}",
        (now,),
    )


def claim(transaction: Transaction, person_id: int, token: str, installation: QuietHours, now: Instant) -> Claim | None:
    """Take what one person is to be sent now, and put off or keep the rest; None when nothing is to be sent.

    1. One hand at a time: whoever finds the person's row locked has nothing to do here.
    2. Read what waits, only then: what another hand has just committed is seen.
    3. Decide (`rules.mailing.plan`), and write what was decided.
    """
    if not _alone(transaction, person_id):
        return None
    rows = _waiting(transaction, person_id, now)
    decided = plan(rows, wishes_of(transaction, person_id), installation, now)
    found = goals(transaction, person_id)
    _put_off(transaction, person_id, decided, keep=() if found else [one.origin for one in decided.send])
    if not found or not decided.send:
        return None
    sending = sorted(decided.send, key=lambda one: (not one.urgent, -one.posted, one.origin))
    match, origins = among(transaction, [one.origin for one in sending])
    own, until, person = marks(transaction, 3)
    transaction.run(
        f"UPDATE message SET claim = {own}, next_at = {until}, attempts = attempts + 1 "  # noqa: S608
        f"WHERE person_id = {person} AND origin {match}",
        (token, now + LEASE, person_id, *origins),
    )
    return Claim(
        person_id=person_id,
        token=token,
        origins=tuple(one.origin for one in sending),
        goals=tuple(found),
        attempts=1 + max(one.attempts for one in sending),
    )


def sent(transaction: Transaction, claimed: Claim, now: Instant) -> int:
    """The text has gone; how many messages that were. None if the claim was lost meanwhile."""
    at, person, token = marks(transaction, 3)
    return transaction.run(
        f"UPDATE message SET delivery = '{Delivery.SENT}', sent_at = {at}, next_at = NULL, claim = NULL, "  # noqa: S608
        f"error = NULL WHERE person_id = {person} AND claim = {token}",
        (now, claimed.person_id, claimed.token),
    )


def failed(transaction: Transaction, claimed: Claim, why: str, now: Instant, chance: float) -> int:
    """The text has not gone; how many messages that were.

    All wait as long as the one that was tried most, so that they stay one text; each is given up by its own tries.
    """
    again = next_try(min(claimed.attempts, MOST_TRIES - 1), now, chance)
    at, text, person, token = marks(transaction, 4)
    given_up = f"attempts >= {MOST_TRIES}"
    return transaction.run(
        f"UPDATE message SET claim = NULL, error = {text}, "  # noqa: S608 (constant words)
        f"delivery = CASE WHEN {given_up} THEN '{Delivery.DEAD}' ELSE '{Delivery.WAITING}' END, "
        f"next_at = CASE WHEN {given_up} THEN NULL ELSE CAST({at} AS bigint) END "
        f"WHERE person_id = {person} AND claim = {token}",
        (why[:LONGEST_ERROR], again, claimed.person_id, claimed.token),
    )


def retry(transaction: Transaction, now: Instant, person_id: int | None = None) -> int:
    """Let the dead messages (of one person) be delivered after all, with all their tries; how many."""
    at, *own = marks(transaction, 1 if person_id is None else 2)
    return transaction.run(
        f"UPDATE message SET delivery = '{Delivery.WAITING}', attempts = 0, next_at = {at}, error = NULL "  # noqa: S608
        f"WHERE delivery = '{Delivery.DEAD}'" + (f" AND person_id = {own[0]}" if own else ""),
        (now,) if person_id is None else (now, person_id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """The messages of one person that were given up for the same reason."""

    login: str
    name: str
    count: int
    oldest: Instant
    error: str


def dead(transaction: Transaction) -> list[Dead]:
    """What was given up, the oldest first."""
    rows = transaction.rows(
        "SELECT p.login, p.name, count(*), min(m.at), coalesce(m.error, '') FROM message m "  # noqa: S608
        f"JOIN person p ON p.id = m.person_id WHERE m.delivery = '{Delivery.DEAD}' "
        "GROUP BY p.login, p.name, m.error ORDER BY min(m.at), p.login"
    )
    return [
        Dead(login=login, name=name, count=count, oldest=oldest, error=error)
        for login, name, count, oldest, error in rows
    ]


def _alone(transaction: Transaction, person_id: int) -> bool:
    """Hold this person for the rest of the transaction, if nobody else does."""
    mark, *_ = marks(transaction, 1)
    # Foreign keys to the person may still be written meanwhile.
    lock = " FOR NO KEY UPDATE SKIP LOCKED" if transaction.postgresql else ""
    return bool(transaction.rows(f"SELECT id FROM person WHERE id = {mark}{lock}", (person_id,)))  # noqa: S608


def _waiting(transaction: Transaction, person_id: int, now: Instant) -> list[Waiting]:
    """What waits for one person; whoever has no account any more may see nothing of it."""
    try:
        units = viewer_of(transaction, person_id, now).units
    except NotSignedIn:
        units = ()
    match, known = among(transaction, units)
    person, most = marks(transaction, 2)
    rows = transaction.rows(
        "SELECT m.origin, m.at, m.next_at, m.urgent, m.attempts, m.claim IS NOT NULL, m.read_at IS NOT NULL, "  # noqa: S608
        "m.ticket_id IS NULL OR EXISTS (SELECT 1 FROM reach r WHERE r.ticket_id = t.id AND r.sort_key = t.opened_at "
        f"AND r.unit {match}) FROM message m LEFT JOIN ticket t ON t.id = m.ticket_id "
        f"WHERE m.person_id = {person} AND m.next_at IS NOT NULL ORDER BY m.next_at, m.origin LIMIT {most}",
        (*known, person_id, MOST),
    )
    return [
        Waiting(
            origin=origin,
            posted=posted,
            next_at=next_at,
            urgent=bool(urgent),
            attempts=attempts,
            claimed=bool(claimed),
            read=bool(read),
            visible=bool(visible) and bool(units),
        )
        for origin, posted, next_at, urgent, attempts, claimed, read, visible in rows
    ]


def _put_off(transaction: Transaction, person_id: int, decided: Plan, *, keep: Iterable[str]) -> None:
    for at, origins in decided.later.items():
        _settle(transaction, person_id, origins, Delivery.WAITING, at)
    _settle(transaction, person_id, [*decided.keep, *keep], Delivery.KEPT, None)
    _settle(transaction, person_id, decided.dead, Delivery.DEAD, None, _INTERRUPTED)


def _settle(
    transaction: Transaction,
    person_id: int,
    origins: Sequence[str],
    delivery: Delivery,
    next_at: Instant | None,
    error: str | None = None,
) -> None:
    if not origins:
        return
    match, listed = among(transaction, origins)
    state, at, why, person = marks(transaction, 4)
    transaction.run(
        f"UPDATE message SET delivery = {state}, next_at = {at}, claim = NULL, error = coalesce({why}, error) "  # noqa: S608
        f"WHERE person_id = {person} AND origin {match}",
        (delivery.value, next_at, error, person_id, *listed),
    )
