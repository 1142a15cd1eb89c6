"""Which occurrences of rhythms have come, and which unit has its list: so that nothing is sent twice or forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.columns import ONE_TREE, instant, maybe_instant, number, one_of, word, yes_no
from engine.rules.rhythm import Occurrence


class RunState(StrEnum):
    """What became of an occurrence."""

    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"  #: a newer one was due already, or the job was not there yet


class RhythmRun(SQLModel, table=True):
    """One occurrence of one job."""

    __tablename__ = "rhythm_run"
    __table_args__ = (
        one_of("state", [state.value for state in RunState]),
        Index("ix_rhythm_run_at", "at"),
        ONE_TREE,
    )

    rhythm: str = word(key=True)
    job: str = word(key=True)
    #: The name of its period.
    period: str = word(key=True)
    #: When it was due.
    at: int = instant()
    provisional: bool = yes_no()
    state: str = word()
    begun_at: int = instant()
    ended_at: int | None = maybe_instant()


class RhythmList(SQLModel, table=True):
    """The list that one unit got in one occurrence."""

    __tablename__ = "rhythm_list"
    __table_args__ = ONE_TREE

    rhythm: str = word(key=True)
    job: str = word(key=True)
    period: str = word(key=True)
    #: `a<area id>` or `d<department id>`.
    unit: str = word(key=True, length=24)
    tickets: int = number()
    people: int = number()
    sent_at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey:
    """What names an occurrence."""

    rhythm: str
    job: str
    period: str

    @property
    def parts(self) -> tuple[str, str, str]:
        return self.rhythm, self.job, self.period


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """An occurrence that has come, with what was sent."""

    key: RunKey
    at: Instant
    provisional: bool
    state: RunState
    #: Lists sent, and the people and tickets in them.
    lists: int = 0
    people: int = 0
    tickets: int = 0


def newest(transaction: Transaction, rhythm: str, job: str) -> PastRun | None:
    """The occurrence of a job that was due last, without its counts."""
    one, other = marks(transaction, 2)
    rows = transaction.rows(
        f"SELECT period, at, provisional, state FROM rhythm_run WHERE rhythm = {one} AND job = {other} "  # noqa: S608
        "ORDER BY at DESC, period DESC LIMIT 1",
        (rhythm, job),
    )
    for period, at, provisional, state in rows:
        key = RunKey(rhythm=rhythm, job=job, period=period)
        return PastRun(key=key, at=at, provisional=bool(provisional), state=RunState(state))
    return None


def begin(
    transaction: Transaction, rhythm: str, job: str, due: Occurrence | None, skipped: Iterable[Occurrence], now: Instant
) -> None:
    """Begin an occurrence, and skip those before it; one that is there already stays as it is.

    An older one that was being sent is left where it stands: the newer list holds what it would have said.
    """
    if due is not None:
        ended, first, second, period, at = marks(transaction, 5)
        # Only what is older: somebody whose clock is a moment behind must not end what is newer.
        transaction.run(
            f"UPDATE rhythm_run SET state = 'skipped', ended_at = {ended} WHERE rhythm = {first} AND job = {second} "  # noqa: S608
            f"AND period <> {period} AND at <= {at} AND state = 'sending'",
            (now, rhythm, job, due.period, due.at),
        )
    rows: list[tuple[Occurrence, RunState, Instant | None]] = [(each, RunState.SKIPPED, now) for each in skipped]
    rows += [(due, RunState.SENDING, None)] if due is not None else []
    values = ", ".join(marks(transaction, 8))
    transaction.run_many(
        "INSERT INTO rhythm_run (rhythm, job, period, at, provisional, state, begun_at, ended_at) "  # noqa: S608
        f"VALUES ({values}) ON CONFLICT (rhythm, job, period) DO NOTHING",
        [(rhythm, job, each.period, each.at, each.provisional, state.value, now, ended) for each, state, ended in rows],
    )


def units_served(transaction: Transaction, key: RunKey) -> set[str]:
    """The units that have their list of an occurrence."""
    rows = transaction.rows(f"SELECT unit FROM rhythm_list WHERE {_named(transaction)}", key.parts)  # noqa: S608
    return {unit for (unit,) in rows}


def claim(transaction: Transaction, key: RunKey, unit: str, *, tickets: int, people: int, now: Instant) -> bool:
    """Take it upon this transaction to send a unit its list; False when another has, or when the sending has ended."""
    values = ", ".join(marks(transaction, 7))
    if transaction.postgresql:
        values = "%s::text, %s::text, %s::text, %s::text, %s::int, %s::int, %s::bigint"
    changed = transaction.run(
        "INSERT INTO rhythm_list (rhythm, job, period, unit, tickets, people, sent_at) "  # noqa: S608
        f"SELECT {values} WHERE EXISTS (SELECT 1 FROM rhythm_run WHERE {_named(transaction)} AND state = 'sending') "
        "ON CONFLICT (rhythm, job, period, unit) DO NOTHING",
        (*key.parts, unit, tickets, people, now, *key.parts),
    )
    return changed == 1


def finish(transaction: Transaction, key: RunKey, now: Instant) -> None:
    """Every unit has its list."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE rhythm_run SET state = 'sent', ended_at = {mark} "  # noqa: S608
        f"WHERE {_named(transaction)} AND state = 'sending'",
        (now, *key.parts),
    )


def past(transaction: Transaction, limit: int) -> list[PastRun]:
    """What has come last, the newest first, with the counts of its lists."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT r.rhythm, r.job, r.period, r.at, r.provisional, r.state, count(l.unit), coalesce(sum(l.people), 0), "  # noqa: S608
        f"coalesce(sum(l.tickets), 0) FROM (SELECT * FROM rhythm_run ORDER BY at DESC, rhythm, job LIMIT {mark}) r "
        "LEFT JOIN rhythm_list l ON l.rhythm = r.rhythm AND l.job = r.job AND l.period = r.period "
        "GROUP BY r.rhythm, r.job, r.period, r.at, r.provisional, r.state ORDER BY r.at DESC, r.rhythm, r.job",
        (limit,),
    )
    return [
        PastRun(
            key=RunKey(rhythm=rhythm, job=job, period=period), at=at, provisional=bool(provisional),
            state=RunState(state), lists=int(lists), people=int(people), tickets=int(tickets),
        )
        for rhythm, job, period, at, provisional, state, lists, people, tickets in rows
    ]  # fmt: skip


def _named(transaction: Transaction) -> str:
    rhythm, job, period = marks(transaction, 3)
    return f"rhythm = {rhythm} AND job = {job} AND period = {period}"
